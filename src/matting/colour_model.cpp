#include "matting/colour_model.h"

#include <algorithm>
#include <cmath>

namespace vultus::matting {
namespace {

constexpr float kNormal = 0.0634936f;  ///< (2 pi)^-1.5

/// Fills pixels of little weight from coarser and coarser means: pull up, push down (Gortler, Grzeszczuk,
/// Szeliski, Cohen: "The Lumigraph", SIGGRAPH 1996, 3.4.2). weights [height, width], colours [height, width,
/// 3].
void fill_from_around(int width, int height, const std::vector<float>& weights, std::vector<float>& colours) {
    if (width < 2 && height < 2) return;
    const int w = (width + 1) / 2, h = (height + 1) / 2;
    std::vector<float> coarse_weights(static_cast<std::size_t>(w) * h), coarse(3 * coarse_weights.size());
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::size_t i = std::size_t(y) * width + x, j = std::size_t(y / 2) * w + x / 2;
            const float weight = weights[i];
            coarse_weights[j] += weight;
            for (int c = 0; c < 3; ++c) coarse[3 * j + c] += weight * colours[3 * i + c];
        }
    for (std::size_t j = 0; j < coarse_weights.size(); ++j)
        for (int c = 0; c < 3; ++c)
            if (coarse_weights[j] > 0) coarse[3 * j + c] /= coarse_weights[j];
    for (float& weight : coarse_weights) weight = std::min(weight, 1.0f);
    fill_from_around(w, h, coarse_weights, coarse);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::size_t i = std::size_t(y) * width + x;
            const float known = weights[i];
            if (known >= 1) continue;
            // Between the four coarse pixels around.
            const float u = std::clamp(0.5f * x - 0.25f, 0.0f, w - 1.0f),
                        v = std::clamp(0.5f * y - 0.25f, 0.0f, h - 1.0f);
            const int x0 = static_cast<int>(u), y0 = static_cast<int>(v), x1 = std::min(x0 + 1, w - 1),
                      y1 = std::min(y0 + 1, h - 1);
            const float p = u - x0, q = v - y0;
            for (int c = 0; c < 3; ++c) {
                const auto at = [&](int xx, int yy) { return coarse[3 * (std::size_t(yy) * w + xx) + c]; };
                const float around = (1 - q) * ((1 - p) * at(x0, y0) + p * at(x1, y0)) +
                                     q * ((1 - p) * at(x0, y1) + p * at(x1, y1));
                colours[3 * i + c] = known * colours[3 * i + c] + (1 - known) * around;
            }
        }
}

}  // namespace

std::size_t ColourHistogram::index(const float* rgb) {
    std::size_t i = 0;
    for (int c = 0; c < 3; ++c)
        i = i * kBins +
            static_cast<std::size_t>(std::clamp(static_cast<int>(rgb[c] * (kBins / 256.0f)), 0, kBins - 1));
    return i;
}

void ColourHistogram::clear() { std::fill(bins_.begin(), bins_.end(), 0.0f); }

void ColourHistogram::settle() {
    std::vector<float> smooth(bins_.size());
    for (const int step : {1, kBins, kBins * kBins}) {
        for (int i = 0; i < static_cast<int>(bins_.size()); ++i) {
            const int at = i / step % kBins;
            smooth[i] = 0.5f * bins_[i] + 0.25f * bins_[at > 0 ? i - step : i] +
                        0.25f * bins_[at < kBins - 1 ? i + step : i];
        }
        bins_.swap(smooth);
    }
    double sum = 0;
    for (const float bin : bins_) sum += bin;
    constexpr double kBinVolume = 256.0 / kBins * 256.0 / kBins * 256.0 / kBins;
    for (float& bin : bins_) bin = static_cast<float>(bin / std::max(sum, 1e-9) / kBinVolume);
}

ColourLayer::ColourLayer(int width, int height, float least_spread, float unseen_spread)
    : width_(width),
      height_(height),
      least_spread_(least_spread),
      unseen_spread_(unseen_spread),
      weight_(static_cast<std::size_t>(width) * height),
      mean_(3 * weight_.size()),
      square_(weight_.size()),
      spread_(weight_.size()) {}

void ColourLayer::clear() {
    for (std::vector<float>* all : {&weight_, &mean_, &square_}) std::fill(all->begin(), all->end(), 0.0f);
    histogram_.clear();
}

void ColourLayer::add(const float* rgb, const float* weights) {
    for (std::size_t i = 0; i < weight_.size(); ++i) {
        const float w = weights[i];
        weight_[i] += w;
        for (int c = 0; c < 3; ++c) {
            mean_[3 * i + c] += w * rgb[3 * i + c];
            square_[i] += w * rgb[3 * i + c] * rgb[3 * i + c];
        }
        histogram_.add(rgb + 3 * i, w);
    }
}

void ColourLayer::settle(float enough) {
    for (std::size_t i = 0; i < weight_.size(); ++i) {
        const float w = std::max(weight_[i], 1e-6f);
        float variance = square_[i] / w;
        for (int c = 0; c < 3; ++c) {
            mean_[3 * i + c] /= w;
            variance -= mean_[3 * i + c] * mean_[3 * i + c];
        }
        weight_[i] = std::min(weight_[i] / enough, 1.0f);
        const float known = weight_[i];
        const float seen = std::max(variance, 0.0f) / 3 + least_spread_ * least_spread_;
        spread_[i] = std::sqrt(known * seen + (1 - known) * unseen_spread_ * unseen_spread_);
    }
    fill_from_around(width_, height_, weight_, mean_);
    histogram_.settle();
}

float ColourLayer::density(std::size_t i, const float* rgb) const {
    float distance = 0;
    for (int c = 0; c < 3; ++c) distance += (rgb[c] - mean_[3 * i + c]) * (rgb[c] - mean_[3 * i + c]);
    const float spread = spread_[i],
                near = kNormal / (spread * spread * spread) * std::exp(-distance / (2 * spread * spread));
    const float local = 0.3f + 0.4f * weight_[i];
    return local * near + (1 - local) * histogram_.density(rgb);
}

}  // namespace vultus::matting
