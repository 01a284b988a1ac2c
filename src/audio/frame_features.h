// Log-mel features in step with the video: a fixed number of feature frames for every video frame.
#pragma once

#include <optional>

#include "audio/channel_equalizer.h"
#include "audio/log_mel.h"
#include "audio/row_interpolator.h"

namespace vultus::audio {

/// Log-mel at 100 Hz, linearly interpolated to `rate_per_frame` frames per video frame and normalised per
/// band. Feature frame j stands for time j / (rate_per_frame * fps). Any chunking gives the same bits; memory
/// is constant.
class FrameFeatureStream {
  public:
    /// mean, std [num_mels]; empty: not normalised. equalized: through a ChannelEqualizer before that (fps *
    /// rate_per_frame = 100).
    FrameFeatureStream(double fps, int rate_per_frame, std::vector<float> mean, std::vector<float> std,
                       bool equalized = false);

    /// Audio from the same microphone, heard before: the equalizer starts with what it tells. Nothing without
    /// one.
    void hear(const float* audio, std::int64_t num_samples);
    /// Appends rows of num_mels values to `out` as far as the audio reaches.
    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    /// The rest of the audio's features.
    void finish(std::vector<float>& out);

    static constexpr int kNumMels = 80;

  private:
    void append(bool last, std::vector<float>& out);

    LogMelStream mel_;
    RowInterpolator rows_;
    std::optional<ChannelEqualizer> equalizer_;
    std::vector<float> mean_, std_;
};

/// Whole: exactly rate_per_frame * num_frames rows; audio beyond is cut, missing audio is silence.
std::vector<float> frame_features(const std::vector<float>& audio, std::int64_t num_frames, double fps,
                                  int rate_per_frame, const std::vector<float>& mean,
                                  const std::vector<float>& std);

}  // namespace vultus::audio
