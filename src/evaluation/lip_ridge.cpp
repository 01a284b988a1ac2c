#include "evaluation/lip_ridge.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>

#include "base/error.h"

namespace vultus::evaluation {
namespace {

constexpr std::int64_t kFewestFrames = 25;

double mean_where(const metrics::Series& values, std::span<const std::uint8_t> valid) {
    double sum = 0, count = 0;
    for (std::size_t t = 0; t < values.size(); ++t)
        if (valid[t]) sum += values[t], ++count;
    return count > 0 ? sum / count : 0;
}

}  // namespace

LipRidge::LipRidge(int width)
    : width_(static_cast<std::size_t>(width)),
      sum_(inputs()),
      squares_(inputs() * inputs()),
      lip_products_(2 * inputs()) {}

void LipRidge::window(std::span<const float> features, std::int64_t t, double* row) const {
    const auto frames = static_cast<std::int64_t>(features.size() / width_);
    for (std::int64_t d = -kReach; d <= kReach; ++d) {
        const auto at = static_cast<std::size_t>(std::clamp<std::int64_t>(t + d, 0, frames - 1));
        row = std::copy_n(features.begin() + static_cast<std::ptrdiff_t>(at * width_), width_, row);
    }
}

void LipRidge::add(std::span<const float> features, const metrics::LipMotion& lips,
                   std::span<const std::uint8_t> valid) {
    require(features.size() == valid.size() * width_ && lips.opening.size() == valid.size(),
            "[eval] {} features for {} frames", features.size(), valid.size());
    // Each clip about its own mean: how far it was filmed from is not what speech decides.
    const double opening = mean_where(lips.opening, valid), width = mean_where(lips.width, valid);
    const std::size_t n = inputs();
    std::vector<double> row(n);
    for (std::size_t t = 0; t < valid.size(); ++t) {
        if (!valid[t]) continue;
        window(features, static_cast<std::int64_t>(t), row.data());
        for (std::size_t i = 0; i < n; ++i) {
            sum_[i] += row[i];
            lip_products_[2 * i] += row[i] * (lips.opening[t] - opening);
            lip_products_[2 * i + 1] += row[i] * (lips.width[t] - width);
            for (std::size_t k = i; k < n; ++k) squares_[i * n + k] += row[i] * row[k];
        }
        ++num_frames_;
    }
}

bool LipRidge::fit() {
    if (num_frames_ < kFewestFrames) return false;
    const std::size_t n = inputs();
    const auto count = static_cast<double>(num_frames_);
    mean_ = sum_;
    for (double& value : mean_) value /= count;
    std::vector<double> scale(n);
    for (std::size_t i = 0; i < n; ++i)
        scale[i] = 1 / std::sqrt(std::max(1e-12, squares_[i * n + i] / count - mean_[i] * mean_[i]));
    cv::Mat gram(static_cast<int>(n), static_cast<int>(n), CV_64F), lips(static_cast<int>(n), 2, CV_64F);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = i; k < n; ++k) {
            const double value = (squares_[i * n + k] - count * mean_[i] * mean_[k]) * scale[i] * scale[k];
            gram.at<double>(static_cast<int>(i), static_cast<int>(k)) = value + (i == k ? kLambda : 0);
            gram.at<double>(static_cast<int>(k), static_cast<int>(i)) = value + (i == k ? kLambda : 0);
        }
        // The lips have no mean, so the windows' needs no taking out.
        for (int c = 0; c < 2; ++c)
            lips.at<double>(static_cast<int>(i), c) =
                lip_products_[2 * i + static_cast<std::size_t>(c)] * scale[i];
    }
    cv::Mat solved;
    cv::solve(gram, lips, solved, cv::DECOMP_CHOLESKY);
    weights_.resize(2 * n);
    for (std::size_t i = 0; i < n; ++i)
        for (int c = 0; c < 2; ++c)
            weights_[2 * i + static_cast<std::size_t>(c)] =
                solved.at<double>(static_cast<int>(i), c) * scale[i];
    return true;
}

metrics::LipMotion LipRidge::predict(std::span<const float> features) const {
    require(!weights_.empty(), "[eval] LipRidge: predict() before fit()");
    const std::size_t n = inputs(), frames = features.size() / width_;
    metrics::LipMotion lips{metrics::Series(frames), metrics::Series(frames)};
    std::vector<double> row(n);
    for (std::size_t t = 0; t < frames; ++t) {
        window(features, static_cast<std::int64_t>(t), row.data());
        double opening = 0, width = 0;
        for (std::size_t i = 0; i < n; ++i) {
            opening += (row[i] - mean_[i]) * weights_[2 * i];
            width += (row[i] - mean_[i]) * weights_[2 * i + 1];
        }
        lips.opening[t] = static_cast<float>(opening);
        lips.width[t] = static_cast<float>(width);
    }
    return lips;
}

}  // namespace vultus::evaluation
