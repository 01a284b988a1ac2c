#include "audio/frame_features.h"

#include <algorithm>
#include <cmath>

namespace vultus::audio {

FrameFeatureStream::FrameFeatureStream(double fps, int rate_per_frame, std::vector<float> mean,
                                       std::vector<float> std, bool equalized)
    : rows_(kNumMels, 100.0 / (fps * rate_per_frame)), mean_(std::move(mean)), std_(std::move(std)) {
    if (equalized) equalizer_.emplace();
}

void FrameFeatureStream::hear(const float* audio, std::int64_t num_samples) {
    if (!equalizer_) return;
    const std::vector<float> rows = log_mel(audio, num_samples);
    equalizer_->hear(rows.data(), static_cast<std::int64_t>(rows.size()) / kNumMels);
}

void FrameFeatureStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    mel_.push(audio, num_samples, rows_.input());
    append(false, out);
}

void FrameFeatureStream::finish(std::vector<float>& out) {
    mel_.finish(rows_.input());
    append(true, out);
}

void FrameFeatureStream::append(bool last, std::vector<float>& out) {
    const std::size_t before = out.size();
    rows_.advance(last, out);
    if (equalizer_)
        equalizer_->advance(out.data() + before, static_cast<std::int64_t>(out.size() - before) / kNumMels);
    if (mean_.empty()) return;
    for (std::size_t at = before; at < out.size(); ++at) {
        const std::size_t band = (at - before) % kNumMels;
        out[at] = (out[at] - mean_[band]) / std_[band];
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
