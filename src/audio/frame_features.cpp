#include "audio/frame_features.h"

#include <algorithm>
#include <cmath>

namespace vultus::audio {

FrameFeatureStream::FrameFeatureStream(double fps, int rate_per_frame, std::vector<float> mean,
                                       std::vector<float> std)
    : step_(100.0 / (fps * rate_per_frame)), mean_(std::move(mean)), std_(std::move(std)) {}

void FrameFeatureStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    mel_.push(audio, num_samples, rows_);
    interpolate(out, false);
}

void FrameFeatureStream::finish(std::vector<float>& out) {
    mel_.finish(rows_);
    interpolate(out, true);
}

void FrameFeatureStream::interpolate(std::vector<float>& out, bool last) {
    const std::int64_t end = first_row_ + static_cast<std::int64_t>(rows_.size()) / kNumMels;
    for (;; ++next_) {
        const double position = static_cast<double>(next_) * step_;
        const auto low = static_cast<std::int64_t>(position);
        const double part = position - static_cast<double>(low);
        const std::int64_t high = part > 0 ? low + 1 : low;
        if (low >= end || (high >= end && !last)) break;
        const float* a = &rows_[static_cast<std::size_t>((low - first_row_) * kNumMels)];
        const float* b = &rows_[static_cast<std::size_t>((std::min(high, end - 1) - first_row_) * kNumMels)];
        for (int k = 0; k < kNumMels; ++k) {
            const auto value = static_cast<float>(a[k] + part * (b[k] - a[k]));
            out.push_back(mean_.empty() ? value
                                        : (value - mean_[static_cast<std::size_t>(k)]) /
                                              std_[static_cast<std::size_t>(k)]);
        }
    }
    const std::int64_t keep_from =
        std::min(end, static_cast<std::int64_t>(static_cast<double>(next_) * step_));
    if (keep_from > first_row_) {
        rows_.erase(rows_.begin(),
                    rows_.begin() + static_cast<std::ptrdiff_t>((keep_from - first_row_) * kNumMels));
        first_row_ = keep_from;
    }
}

std::vector<float> frame_features(const std::vector<float>& audio, std::int64_t num_frames, double fps,
                                  int rate_per_frame, const std::vector<float>& mean,
                                  const std::vector<float>& std) {
    const auto wanted =
        static_cast<std::size_t>(std::ceil(static_cast<double>(num_frames) * 16000.0 / fps)) + 320;
    std::vector<float> padded(audio.begin(),
                              audio.begin() + static_cast<std::ptrdiff_t>(std::min(audio.size(), wanted)));
    padded.resize(wanted, 0.0f);
    FrameFeatureStream stream(fps, rate_per_frame, mean, std);
    std::vector<float> out;
    stream.push(padded.data(), static_cast<std::int64_t>(padded.size()), out);
    stream.finish(out);
    out.resize(static_cast<std::size_t>(num_frames * rate_per_frame * FrameFeatureStream::kNumMels));
    return out;
}

}  // namespace vultus::audio
