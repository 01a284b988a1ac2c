#include "media/ffmpeg.h"

#include <dlfcn.h>

#include <algorithm>
#include <utility>

#include "base/cancel.h"
#include "base/error.h"
#include "media/ffmpeg_version.h"

namespace vultus::media {
namespace {

using Clock = std::chrono::steady_clock;

Clock::duration duration_of(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

void say_nothing(const char*, int, const char*, int, const char*, ...) {}

template <typename T>
T* checked_alloc(T* pointer) {
    if (!pointer) throw std::bad_alloc();
    return pointer;
}

}  // namespace

void Patience::begin(double limit_s, double grace_s) {
    grace_ = duration_of(grace_s);
    end_ = Clock::now() + duration_of(limit_s);
    cancelled_ = false;
}

int Patience::is_over(void* self) {
    auto& me = *static_cast<Patience*>(self);
    const auto now = Clock::now();
    if (cancel_requested() && !std::exchange(me.cancelled_, true))
        me.end_ = std::min(me.end_, now + me.grace_);
    return now >= me.end_;
}

FramePtr make_frame() { return FramePtr(checked_alloc(av_frame_alloc())); }
PacketPtr make_packet() { return PacketPtr(checked_alloc(av_packet_alloc())); }

void register_devices() {
    // Not linked: with it come some seventy libraries (X11, SDL, JACK), and every start would be 0.1 s later.
    // FFmpeg counts the versions of both libraries in step.
    static const bool ready = [] {
        const std::string name = fmt::format("libavdevice.so.{}", avformat_version() >> 16);
        void* library = ::dlopen(name.c_str(), RTLD_NOW);
        void* function = library ? ::dlsym(library, "avdevice_register_all") : nullptr;
        if (!function)
            fail(ErrorCode::kUnsupported, "[media] devices: expected FFmpeg's {} (Debian: libavdevice{})",
                 name, avformat_version() >> 16);
        reinterpret_cast<void (*)()>(function)();
        // ALSA would tell its troubles to standard error.
        if (void* set = ::dlsym(library, "snd_lib_error_set_handler"))
            reinterpret_cast<int (*)(decltype(&say_nothing))>(set)(&say_nothing);
        return true;
    }();
    (void)ready;
}

std::string av_error(int code) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(code, text, sizeof text);
    return text;
}

int find_stream(AVFormatContext* format, AVMediaType type) {
    const int best = av_find_best_stream(format, type, -1, -1, nullptr, 0);
    if (best < 0) return -1;
    if (type == AVMEDIA_TYPE_VIDEO && (format->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC))
        return -1;
    return best;
}

int find_track(const AVFormatContext* format, AVMediaType type, int track, int& num_tracks) {
    num_tracks = 0;
    int found = -1;
    for (unsigned i = 0; i < format->nb_streams; ++i)
        if (format->streams[i]->codecpar->codec_type == type && ++num_tracks == track)
            found = static_cast<int>(i);
    return found;
}

CodecPtr open_decoder(const AVCodecParameters* parameters, AVRational time_base, int threads,
                      const std::string& path) {
    const AVCodec* decoder = avcodec_find_decoder(parameters->codec_id);
    if (!decoder && parameters->codec_id == AV_CODEC_ID_NONE)
        fail(ErrorCode::kUnsupported,
             "[media] {}: coded in a way (tag 0x{:04x}) that this FFmpeg does not know", path,
             parameters->codec_tag);
    if (!decoder)
        fail(ErrorCode::kUnsupported, "[media] {}: coded as {}, for which this FFmpeg has no decoder", path,
             avcodec_get_name(parameters->codec_id));
    CodecPtr codec(checked_alloc(avcodec_alloc_context3(decoder)));
    int result = avcodec_parameters_to_context(codec.get(), parameters);
    codec->pkt_timebase = time_base;
    codec->thread_count = threads;
    if (result >= 0) result = avcodec_open2(codec.get(), decoder, nullptr);
    if (result < 0) {
        fail(ErrorCode::kCorruptData, "[media] {}: the {} decoder refuses it ({})", path, decoder->name,
             av_error(result));
    }
    return codec;
}

std::string ffmpeg_version() { return av_version_info(); }

}  // namespace vultus::media
