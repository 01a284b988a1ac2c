#include "audio/audio_windows.h"

#include <algorithm>
#include <cmath>

namespace vultus::audio {

AudioWindows::AudioWindows(const WindowSizes& sizes) : sizes_(sizes) { restart(); }

void AudioWindows::restart() {
    audio_.assign(static_cast<std::size_t>(sizes_.centred ? sizes_.reach_samples / 2 : 0), 0.0f);
    first_sample_ = num_samples_ = next_row_ = 0;
}

void AudioWindows::push(const float* audio, std::int64_t num_samples) {
    audio_.insert(audio_.end(), audio, audio + num_samples);
    num_samples_ += num_samples;
}

std::int64_t AudioWindows::samples_for(std::int64_t rows) const {
    return (rows - 1) * sizes_.hop_samples + sizes_.reach_samples;
}

std::int64_t AudioWindows::num_rows() const {
    const std::int64_t hop = sizes_.hop_samples;
    if (sizes_.centred) return (num_samples_ + hop - 1) / hop;
    return num_samples_ < sizes_.reach_samples ? 0 : (num_samples_ - sizes_.reach_samples) / hop + 1;
}

std::optional<AudioWindows::Window> AudioWindows::next(bool last) {
    const std::int64_t hop = sizes_.hop_samples;
    const std::int64_t begin = std::max<std::int64_t>(0, next_row_ - sizes_.context_rows);
    std::int64_t keep = sizes_.new_rows, end = next_row_ + keep + sizes_.context_rows;
    if (samples_for(end) > first_sample_ + static_cast<std::int64_t>(audio_.size())) {
        if (!last || next_row_ >= num_rows()) return std::nullopt;
        end = num_rows();
        keep = end - next_row_;
    }
    const auto from = static_cast<std::size_t>(begin * hop - first_sample_);
    auto to = static_cast<std::size_t>(samples_for(end) - first_sample_);
    if (last && end == num_rows() && !sizes_.centred) to = std::max(to, audio_.size());  // statistics of all
    if (audio_.size() < to) audio_.resize(to, 0.0f);
    window_.assign(audio_.begin() + static_cast<std::ptrdiff_t>(from),
                   audio_.begin() + static_cast<std::ptrdiff_t>(to));
    if (sizes_.normalise) normalise_sound(window_);
    const Window window{window_, next_row_ - begin, keep};
    next_row_ += keep;
    const std::int64_t needed = std::max<std::int64_t>(0, next_row_ - sizes_.context_rows) * hop;
    audio_.erase(audio_.begin(),
                 audio_.begin() + std::min<std::ptrdiff_t>(needed - first_sample_, std::ssize(audio_)));
    first_sample_ = needed;
    return window;
}

void normalise_sound(std::span<float> audio) {
    double sum = 0, squares = 0;
    for (const float sample : audio) sum += sample;
    const double count = static_cast<double>(std::max<std::size_t>(1, audio.size())), mean = sum / count;
    for (const float sample : audio) squares += (sample - mean) * (sample - mean);
    const double factor = 1 / std::sqrt(squares / count + 1e-7);
    for (float& sample : audio) sample = static_cast<float>((sample - mean) * factor);
}

}  // namespace vultus::audio
