// Looks for the pattern of the mark at every scale and place.
#pragma once

#include <vector>

#include "marking/mark_pattern.h"

namespace vultus::marking {

/// Where, and how clearly, a pattern fits best.
///
/// `score` is the sum over both tones of |sum_k w_k u_k|^2 / sum_k w_k^2, where u_k is the phase of wave k of
/// the picture against the pattern's, a unit number (phase-only matched filter). Whatever the picture, over
/// all keys each tone's part is distributed as Exp(1) at any scale and place, so that
/// P(score > x) = (1 + x) exp(-x); the search as a whole exceeds x with at most num_tried times that.
struct MarkFit {
    double score = 0;
    double side_px = 0;  ///< the picture's longer side in pixels as they were drawn
    int shift_x = 0, shift_y = 0;
    double num_tried = 0;  ///< scales times places
};

/// ln of P(score > x) at one scale and place without a mark.
double log_chance(double score);

/// A search over pictures of one size. Threads: one caller at a time; works on OpenMP's threads.
class MarkSearch {
  public:
    MarkSearch(int width_px, int height_px);

    /// tones: as evened_tones() gives them.
    MarkFit best(const std::vector<float>& tones, const MarkPattern& pattern) const;
    /// The score at one scale and place.
    double score_at(const std::vector<float>& tones, const MarkPattern& pattern, const MarkFit& where) const;

  private:
    /// Unit phases of the picture's waves where the picture is side_px wide: [kNumTones, kSide, kSide].
    std::vector<std::complex<float>> phases(const std::vector<float>& tones, double side_px) const;
    /// Scores at all shifts, [kTilePx, kTilePx].
    std::vector<float> scores(const std::vector<std::complex<float>>& phases,
                              const MarkPattern& pattern) const;

    int width_px_, height_px_;
    std::vector<double> sides_px_;
};

}  // namespace vultus::marking
