#include "media/ffmpeg.h"

#include "base/error.h"

namespace vultus::media {
namespace {

template <typename T>
T* checked_alloc(T* pointer) {
    if (!pointer) throw std::bad_alloc();
    return pointer;
}

}  // namespace

FramePtr make_frame() { return FramePtr(checked_alloc(av_frame_alloc())); }
PacketPtr make_packet() { return PacketPtr(checked_alloc(av_packet_alloc())); }

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

}  // namespace vultus::media
