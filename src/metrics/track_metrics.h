// Measures of motion over time: series of one number per frame, and landmarks [T, 68, 2].
#pragma once

#include <cstdint>
#include <vector>

namespace vultus::metrics {

using Series = std::vector<float>;

/// Pearson's r of two series of the same length; 0 when one of them does not vary.
double pearson(const Series& a, const Series& b);

struct LaggedCorrelation {
    int lag = 0;  ///< frames by which `b` comes after `a`; on equal r the lag nearest to 0
    double r = 0;
};
/// Pearson's r of a[i] and b[i + lag] over the frames both have, at the best lag within +-max_lag.
LaggedCorrelation best_lag(const Series& a, const Series& b, int max_lag);

double mean(const Series& values);
double standard_deviation(const Series& values);
/// 0 for an empty series; the mean of the two middle ones for an even count.
double median(std::vector<double> values);
/// part 0..1, linear between neighbours.
double percentile(std::vector<double> values, double part);

/// Distance between the mouth corners (48, 54) in steady inter-ocular distances: [T, 68, 2] to [T].
Series lip_width(const std::vector<float>& landmarks_px);

/// Mean distance of the 20 mouth landmarks (48..67) over all frames, in the recording's mean inter-ocular
/// distance, after each mouth was moved to its own centre. Both [T, 68, 2]; the shorter length counts.
double mouth_distance(const std::vector<float>& generated_px, const std::vector<float>& recorded_px);

/// What the lips do: two series of the same length.
struct LipMotion {
    Series opening, width;
};
/// Of a recording's or a drawn face's landmarks [T, 68, 2].
LipMotion lip_motion(const std::vector<float>& landmarks_px);
/// Mean squared difference of the standardised series (opening and width together) at the best lag within
/// +-max_lag frames.
double motion_distance(const LipMotion& a, const LipMotion& b, int max_lag);

/// Eye aspect ratio (height over width, mean of both eyes): [T, 68, 2] to [T].
Series eye_openness(const std::vector<float>& landmarks_px);
/// Blinks: dips of the eye openness below 75 % of its median that last at most 0.5 s, 0.12 s or more apart.
int count_blinks(const Series& openness, double fps);

/// Mean |change| between frames i and i + 1 where both are marked; 0 when there are none.
double motion_where(const Series& values, const std::vector<std::uint8_t>& marked);

}  // namespace vultus::metrics
