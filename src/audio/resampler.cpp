#include "audio/resampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace vultus::audio {
namespace {

constexpr int kZeroCrossings = 16;
constexpr double kKaiserBeta = 8.0;  ///< side lobes at -80 dB
constexpr double kPassband = 0.94;   ///< of the lower Nyquist rate; above it the filter falls
constexpr double kPi = 3.14159265358979323846;

double bessel_i0(double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < 40; ++k) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

double windowed_sinc(double x, double cutoff, double reach) {
    if (std::abs(x) >= reach) return 0;
    const double at = kPi * cutoff * x, inside = 1 - (x / reach) * (x / reach);
    return (x == 0 ? 1 : std::sin(at) / at) * bessel_i0(kKaiserBeta * std::sqrt(inside)) /
           bessel_i0(kKaiserBeta);
}

}  // namespace

Resampler::Resampler(int from_hz, int to_hz) {
    for (const int rate : {from_hz, to_hz})
        if (rate < 8000 || rate > 192000)
            fail(ErrorCode::kInvalidArgument, "[audio] sample rate: expected 8000 to 192000 Hz, got {}",
                 rate);
    const int common = std::gcd(from_hz, to_hz);
    up_ = to_hz / common;
    down_ = from_hz / common;
    if (up_ == down_) return;
    const double cutoff = kPassband * std::min(1.0, static_cast<double>(to_hz) / from_hz);
    reach_ = static_cast<std::int64_t>(std::ceil(kZeroCrossings / cutoff));
    for (std::int64_t phase = 0; phase < up_; ++phase) {
        const std::size_t begin = filters_.size();
        const double part = static_cast<double>(phase) / static_cast<double>(up_);
        for (std::int64_t k = 0; k < 2 * reach_; ++k)
            filters_.push_back(static_cast<float>(windowed_sinc(static_cast<double>(k - reach_ + 1) - part,
                                                                cutoff, static_cast<double>(reach_))));
        // A constant stays that constant in every phase.
        const double sum =
            std::accumulate(filters_.begin() + static_cast<std::ptrdiff_t>(begin), filters_.end(), 0.0);
        for (std::size_t k = begin; k < filters_.size(); ++k)
            filters_[k] = static_cast<float>(filters_[k] / sum);
    }
    held_.assign(static_cast<std::size_t>(reach_), 0.0f);
    first_ = -reach_;
}

/// Samples made_..until.
void Resampler::produce(std::int64_t until, std::vector<float>& out) {
    for (; made_ < until; ++made_) {
        const std::int64_t at = made_ * down_ / up_, phase = made_ * down_ % up_;
        const float* filter = &filters_[static_cast<std::size_t>(phase * 2 * reach_)];
        const float* from = &held_[static_cast<std::size_t>(at - reach_ + 1 - first_)];
        float sum = 0;
        for (std::int64_t k = 0; k < 2 * reach_; ++k) sum += filter[k] * from[k];
        out.push_back(sum);
    }
    const std::int64_t keep = made_ * down_ / up_ - reach_ + 1;
    if (keep > first_) {
        const std::int64_t gone =
            std::min<std::int64_t>(keep - first_, static_cast<std::int64_t>(held_.size()));
        held_.erase(held_.begin(), held_.begin() + gone);
        first_ += gone;
    }
}

void Resampler::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    if (up_ == down_) {
        out.insert(out.end(), audio, audio + num_samples);
        return;
    }
    held_.insert(held_.end(), audio, audio + num_samples);
    pushed_ += num_samples;
    // Sample n reads the input up to n * down / up + reach.
    const std::int64_t certain = pushed_ - reach_;
    if (certain > 0) produce((certain * up_ + down_ - 1) / down_, out);
}

void Resampler::finish(std::vector<float>& out) {
    if (up_ == down_) return;
    const std::int64_t wanted = (pushed_ * up_ + down_ - 1) / down_;
    held_.insert(held_.end(), static_cast<std::size_t>(2 * reach_), 0.0f);
    produce(wanted, out);
    held_.assign(static_cast<std::size_t>(reach_), 0.0f);
    first_ = -reach_;
    pushed_ = made_ = 0;
}

}  // namespace vultus::audio
