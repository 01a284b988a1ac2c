#include "metrics/track_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "corpus/corpus.h"

namespace vultus::metrics {
namespace {

constexpr std::size_t kFace = 2 * corpus::kNumLandmarks;
constexpr int kMouthFirst = 48, kMouthLast = 67;

double pearson_range(const float* a, const float* b, std::size_t count) {
    double mean_a = 0, mean_b = 0;
    for (std::size_t i = 0; i < count; ++i) {
        mean_a += a[i];
        mean_b += b[i];
    }
    mean_a /= static_cast<double>(count);
    mean_b /= static_cast<double>(count);
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double u = a[i] - mean_a, v = b[i] - mean_b;
        aa += u * u;
        bb += v * v;
        ab += u * v;
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0.0;
}

Series standardised(const Series& values) {
    const double centre = mean(values), spread = standard_deviation(values);
    Series result(values.size(), 0.0f);
    if (spread > 0)
        for (std::size_t i = 0; i < values.size(); ++i)
            result[i] = static_cast<float>((values[i] - centre) / spread);
    return result;
}

// The part of two series that overlaps when b comes `lag` frames later.
struct Overlap {
    std::size_t a, b, count;
};
Overlap overlap(std::size_t size_a, std::size_t size_b, int lag) {
    const std::size_t a = lag < 0 ? static_cast<std::size_t>(-lag) : 0;
    const std::size_t b = lag > 0 ? static_cast<std::size_t>(lag) : 0;
    const std::size_t count = std::min(size_a > a ? size_a - a : 0, size_b > b ? size_b - b : 0);
    return {a, b, count};
}

}  // namespace

double pearson(const Series& a, const Series& b) {
    require(a.size() == b.size(), "[eval] correlation: expected series of one length, got {} and {}",
            a.size(), b.size());
    return a.empty() ? 0.0 : pearson_range(a.data(), b.data(), a.size());
}

LaggedCorrelation best_lag(const Series& a, const Series& b, int max_lag) {
    LaggedCorrelation best{0, -2};
    for (int step = 0; step <= 2 * max_lag; ++step) {
        const int lag = step % 2 ? (step + 1) / 2 : -step / 2;  // 0, 1, -1, 2, -2, ...
        const Overlap part = overlap(a.size(), b.size(), lag);
        if (part.count < 2) continue;
        const double r = pearson_range(a.data() + part.a, b.data() + part.b, part.count);
        if (r > best.r) best = {lag, r};
    }
    return best.r < -1.5 ? LaggedCorrelation{} : best;
}

double mean(const Series& values) {
    double sum = 0;
    for (const float value : values) sum += value;
    return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

double standard_deviation(const Series& values) {
    if (values.empty()) return 0;
    const double centre = mean(values);
    double sum = 0;
    for (const float value : values) sum += (value - centre) * (value - centre);
    return std::sqrt(sum / static_cast<double>(values.size()));
}

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double position = part * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::size_t>(position);
    const std::size_t high = std::min(low + 1, values.size() - 1);
    return values[low] + (position - static_cast<double>(low)) * (values[high] - values[low]);
}

double median(std::vector<double> values) { return percentile(std::move(values), 0.5); }

LipMotion lip_motion(const std::vector<float>& landmarks_px) {
    return {corpus::lip_opening(landmarks_px), lip_width(landmarks_px)};
}

Series lip_width(const std::vector<float>& landmarks_px) {
    const std::vector<double> unit_px = corpus::steady_inter_ocular_px(landmarks_px);
    Series result(unit_px.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
        const double width_px = corpus::landmark_distance(landmarks_px.data() + i * kFace, 48, 54);
        result[i] = unit_px[i] > 0 ? static_cast<float>(width_px / unit_px[i]) : 0.0f;
    }
    return result;
}

double mouth_distance(const std::vector<float>& generated_px, const std::vector<float>& recorded_px) {
    constexpr int kPoints = kMouthLast - kMouthFirst + 1;
    const std::size_t frames = std::min(generated_px.size(), recorded_px.size()) / kFace;
    double sum = 0, scale = 0;
    for (std::size_t i = 0; i < frames; ++i) {
        const float* a = generated_px.data() + i * kFace;
        const float* b = recorded_px.data() + i * kFace;
        double offset[2] = {};
        for (int point = kMouthFirst; point <= kMouthLast; ++point)
            for (int axis = 0; axis < 2; ++axis)
                offset[axis] += (double(a[2 * point + axis]) - b[2 * point + axis]) / kPoints;
        for (int point = kMouthFirst; point <= kMouthLast; ++point)
            sum += std::hypot(double(a[2 * point]) - b[2 * point] - offset[0],
                              double(a[2 * point + 1]) - b[2 * point + 1] - offset[1]) /
                   kPoints;
        scale += corpus::inter_ocular_distance(b);
    }
    return scale > 0 ? sum / scale : 0.0;
}

double motion_distance(const LipMotion& a, const LipMotion& b, int max_lag) {
    const Series tracks_a[2] = {standardised(a.opening), standardised(a.width)};
    const Series tracks_b[2] = {standardised(b.opening), standardised(b.width)};
    double best = -1;
    for (int lag = -max_lag; lag <= max_lag; ++lag) {
        const Overlap part = overlap(a.opening.size(), b.opening.size(), lag);
        if (part.count == 0) continue;
        double sum = 0;
        for (int track = 0; track < 2; ++track)
            for (std::size_t i = 0; i < part.count; ++i) {
                const double difference = tracks_a[track][part.a + i] - tracks_b[track][part.b + i];
                sum += difference * difference;
            }
        const double distance = sum / static_cast<double>(part.count);
        if (best < 0 || distance < best) best = distance;
    }
    return std::max(best, 0.0);
}

Series eye_openness(const std::vector<float>& landmarks_px) {
    Series result(landmarks_px.size() / kFace);
    for (std::size_t i = 0; i < result.size(); ++i) {
        const float* face = landmarks_px.data() + i * kFace;
        double sum = 0;
        for (const int eye : {36, 42}) {
            const double height = corpus::landmark_distance(face, eye + 1, eye + 5) +
                                  corpus::landmark_distance(face, eye + 2, eye + 4);
            const double width = corpus::landmark_distance(face, eye, eye + 3);
            if (width > 0) sum += 0.25 * height / width;
        }
        result[i] = static_cast<float>(sum);
    }
    return result;
}

int count_blinks(const Series& openness, double fps) {
    const double threshold = 0.75 * median({openness.begin(), openness.end()});
    const auto longest = static_cast<std::ptrdiff_t>(std::ceil(0.5 * fps));
    const auto apart = static_cast<std::ptrdiff_t>(std::ceil(0.12 * fps));
    int blinks = 0;
    std::ptrdiff_t last_end = -apart - 1;
    const auto size = static_cast<std::ptrdiff_t>(openness.size());
    for (std::ptrdiff_t start = 0; start < size;) {
        if (openness[start] >= threshold) {
            ++start;
            continue;
        }
        std::ptrdiff_t end = start;
        while (end < size && openness[end] < threshold) ++end;
        if (end - start <= longest && start - last_end >= apart) ++blinks;
        last_end = start = end;
    }
    return blinks;
}

double motion_where(const Series& values, const std::vector<std::uint8_t>& marked) {
    double sum = 0;
    std::int64_t count = 0;
    for (std::size_t i = 0; i + 1 < std::min(values.size(), marked.size()); ++i) {
        if (!marked[i] || !marked[i + 1]) continue;
        sum += std::abs(double(values[i + 1]) - values[i]);
        ++count;
    }
    return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

}  // namespace vultus::metrics
