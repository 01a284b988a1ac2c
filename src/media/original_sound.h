// The sound as it came, for who wants to hear it: its own rate and channels.
#pragma once

#include <cstdint>
#include <vector>

#include "media/ffmpeg.h"

namespace vultus::media {

class OriginalSound {
  public:
    /// Of a decoder's stream; what changes later is converted to this.
    explicit OriginalSound(const AVCodecContext& codec);

    int rate_hz() const { return rate_hz_; }
    int channels() const { return layout_.nb_channels; }
    /// A decoded frame without its first `skip` samples.
    void add(const AVFrame* frame, int skip);
    void add_silence(double seconds);
    /// Appends what there is since the last call, [n, channels].
    void take(std::vector<float>& out);

  private:
    void open(const AVFrame* frame);

    AVChannelLayout layout_{};
    int rate_hz_ = 0, format_ = -1, source_rate_hz_ = 0, source_channels_ = 0;
    SwrPtr converter_;
    std::vector<float> samples_;
};

}  // namespace vultus::media
