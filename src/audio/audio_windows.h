// Audio cut into overlapping windows, for encoders that look at everything they are given.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vultus::audio {

struct WindowSizes {
    int hop_samples = 320;    ///< from one row of features to the next
    int reach_samples = 400;  ///< that a row's convolutions see, at least
    /// New rows a window, and rows seen before and after them whose features are thrown away: 12 s and 1.5 s.
    std::int64_t new_rows = 600, context_rows = 75;
    /// Row k is centred on sample k * hop, and there are as many rows as the audio is long (rounded up). Else
    /// row 0 begins with the audio and only rows whose reach is full count.
    bool centred = true;
    bool normalise = true;  ///< each window to mean 0 and variance 1
};

/// Any chunking gives the same windows; memory is constant. Audio that is no longer than one window comes as
/// a whole.
class AudioWindows {
  public:
    struct Window {
        std::span<const float> audio;  ///< until the next call
        std::int64_t skip_rows = 0;    ///< rows of the context before
        std::int64_t keep_rows = 0;    ///< new rows after them
    };

    explicit AudioWindows(const WindowSizes& sizes);

    /// Call next() until it gives nothing after every push.
    void push(const float* audio, std::int64_t num_samples);
    /// The next window that is full; last: no audio comes any more, the rest counts as one.
    std::optional<Window> next(bool last);
    void restart();

  private:
    std::int64_t samples_for(std::int64_t rows) const;
    std::int64_t num_rows() const;

    WindowSizes sizes_;
    std::vector<float> audio_;       ///< from first_sample_ on, after the silence in front
    std::int64_t first_sample_ = 0;  ///< of audio_
    std::int64_t num_samples_ = 0;   ///< pushed so far
    std::int64_t next_row_ = 0;      ///< that no window had yet
    std::vector<float> window_;
};

/// To mean 0 and variance 1 (plus 1e-7), in place.
void normalise_sound(std::span<float> audio);

}  // namespace vultus::audio
