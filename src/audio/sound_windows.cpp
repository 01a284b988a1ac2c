#include "audio/sound_windows.h"

#include <algorithm>
#include <cmath>

namespace vultus::audio {

SoundWindows::SoundWindows(const WindowSizes& sizes) : sizes_(sizes) { restart(); }

void SoundWindows::restart() {
    sound_.assign(static_cast<std::size_t>(sizes_.centred ? sizes_.reach_samples / 2 : 0), 0.0f);
    first_sample_ = num_samples_ = next_row_ = 0;
}

void SoundWindows::push(const float* audio, std::int64_t num_samples) {
    sound_.insert(sound_.end(), audio, audio + num_samples);
    num_samples_ += num_samples;
}

std::int64_t SoundWindows::samples_for(std::int64_t rows) const {
    return (rows - 1) * sizes_.hop_samples + sizes_.reach_samples;
}

std::int64_t SoundWindows::num_rows() const {
    const std::int64_t hop = sizes_.hop_samples;
    if (sizes_.centred) return (num_samples_ + hop - 1) / hop;
    return num_samples_ < sizes_.reach_samples ? 0 : (num_samples_ - sizes_.reach_samples) / hop + 1;
}

std::optional<SoundWindows::Window> SoundWindows::next(bool last) {
    const std::int64_t hop = sizes_.hop_samples;
    const std::int64_t begin = std::max<std::int64_t>(0, next_row_ - sizes_.context_rows);
    std::int64_t keep = sizes_.new_rows, end = next_row_ + keep + sizes_.context_rows;
    if (samples_for(end) > first_sample_ + static_cast<std::int64_t>(sound_.size())) {
        if (!last || next_row_ >= num_rows()) return std::nullopt;
        end = num_rows();
        keep = end - next_row_;
    }
    const auto from = static_cast<std::size_t>(begin * hop - first_sample_);
    auto to = static_cast<std::size_t>(samples_for(end) - first_sample_);
    if (last && end == num_rows() && !sizes_.centred) to = std::max(to, sound_.size());  // statistics of all
    if (sound_.size() < to) sound_.resize(to, 0.0f);
    window_.assign(sound_.begin() + static_cast<std::ptrdiff_t>(from),
                   sound_.begin() + static_cast<std::ptrdiff_t>(to));
    if (sizes_.normalise) normalise_sound(window_);
    const Window window{window_, next_row_ - begin, keep};
    next_row_ += keep;
    const std::int64_t needed = std::max<std::int64_t>(0, next_row_ - sizes_.context_rows) * hop;
    sound_.erase(sound_.begin(),
                 sound_.begin() + std::min<std::ptrdiff_t>(needed - first_sample_, std::ssize(sound_)));
    first_sample_ = needed;
    return window;
}

void normalise_sound(std::span<float> sound) {
    double sum = 0, squares = 0;
    for (const float sample : sound) sum += sample;
    const double count = static_cast<double>(std::max<std::size_t>(1, sound.size())), mean = sum / count;
    for (const float sample : sound) squares += (sample - mean) * (sample - mean);
    const double factor = 1 / std::sqrt(squares / count + 1e-7);
    for (float& sample : sound) sample = static_cast<float>((sample - mean) * factor);
}

}  // namespace vultus::audio
