// The sound of a video that is being written: resampled, encoded, no longer than the images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace vultus::media {

class SoundEncoder {
  public:
    /// Takes a frame to the codec and the packets that come out to the file.
    using Send = std::function<void(const AVFrame*)>;

    /// encoder: FFmpeg's name of one for AAC or Opus. sample_rate_hz: of what comes; AAC keeps it from 32 kHz
    /// on, else it becomes 48 kHz. codec_flags: AV_CODEC_FLAG_*. Errors: kUnsupported, kIo.
    SoundEncoder(const char* encoder, int sample_rate_hz, int channels, int codec_flags);

    AVCodecContext* codec() const { return codec_.get(); }
    /// [n, channels], -1..1.
    void add(const float* samples, std::size_t n);
    /// Encodes what reaches no further than num_frames images do.
    void drain(std::int64_t num_frames, int fps_num, int fps_den, const Send& send);
    /// The same to the end: cuts or pads, and flushes.
    void finish(std::int64_t num_frames, int fps_num, int fps_den, const Send& send);

  private:
    void resample(const float* samples, int n);
    std::int64_t samples_at(std::int64_t num_frames, int fps_num, int fps_den) const;
    void drain(std::int64_t wanted, bool last, const Send& send);
    void encode(const float* samples, int count, const Send& send);
    std::size_t width() const { return static_cast<std::size_t>(channels_); }

    int channels_, rate_hz_;
    CodecPtr codec_;
    SwrPtr resampler_;
    FramePtr frame_;
    std::vector<float> pending_;  ///< [n, channels] at rate_hz_, not yet encoded
    std::int64_t num_sent_ = 0;
};

}  // namespace vultus::media
