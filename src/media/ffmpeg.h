// FFmpeg's C objects as owners, and its error codes as one line. Only src/media includes this.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <chrono>
#include <memory>
#include <string>

namespace vultus::media {

struct FormatCloser {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
struct CodecFree {
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct FrameFree {
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct PacketFree {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct SwsFree {
    void operator()(SwsContext* context) const { sws_freeContext(context); }
};
struct SwrFree {
    void operator()(SwrContext* context) const { swr_free(&context); }
};

using FormatPtr = std::unique_ptr<AVFormatContext, FormatCloser>;
using CodecPtr = std::unique_ptr<AVCodecContext, CodecFree>;
using FramePtr = std::unique_ptr<AVFrame, FrameFree>;
using PacketPtr = std::unique_ptr<AVPacket, PacketFree>;
using SwsPtr = std::unique_ptr<SwsContext, SwsFree>;
using SwrPtr = std::unique_ptr<SwrContext, SwrFree>;

/// How long FFmpeg may wait for whoever is at an address: for AVFormatContext::interrupt_callback.
class Patience {
  public:
    /// From now on. grace_s: what is left of it once the user asks to stop.
    void begin(double limit_s, double grace_s);
    AVIOInterruptCB callback() { return {&is_over, this}; }

  private:
    static int is_over(void* self);
    std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::time_point::max();
    std::chrono::steady_clock::duration grace_{};
    bool cancelled_ = false;
};

FramePtr make_frame();
PacketPtr make_packet();

/// Microphones and video devices become formats. Errors: kUnsupported where there is no libavdevice.
void register_devices();

/// FFmpeg's words for an error code.
std::string av_error(int code);

/// Index of the stream to read, -1 if there is none; cover images do not count as video.
int find_stream(AVFormatContext* format, AVMediaType type);
/// The track-th of its kind, from 1 on; -1 where there are fewer. num_tracks: how many there are.
int find_track(const AVFormatContext* format, AVMediaType type, int track, int& num_tracks);

/// An opened decoder of a stream. Errors: kUnsupported, kCorruptData.
CodecPtr open_decoder(const AVCodecParameters* parameters, AVRational time_base, int threads,
                      const std::string& path);

}  // namespace vultus::media
