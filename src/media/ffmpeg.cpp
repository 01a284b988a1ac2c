#include "media/ffmpeg.h"

#include "base/error.h"

namespace vultus::media {
namespace {

template <typename T>
T* checked_alloc(T* pointer) {
    if (!pointer) throw std::bad_alloc();
    return pointer;
}

const char* type_words(AVMediaType type) { return type == AVMEDIA_TYPE_VIDEO ? "picture" : "sound"; }

}  // namespace

FramePtr make_frame() { return FramePtr(checked_alloc(av_frame_alloc())); }
PacketPtr make_packet() { return PacketPtr(checked_alloc(av_packet_alloc())); }

std::string av_error(int code) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(code, text, sizeof text);
    return text;
}

FormatPtr open_input(const std::filesystem::path& path) {
    av_log_set_level(AV_LOG_QUIET);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        fail(ErrorCode::kIo, "[media] {}: no such file", path.string());
    }
    if (std::filesystem::is_directory(path, ignored)) {
        fail(ErrorCode::kIo, "[media] {}: expected a media file, got a folder", path.string());
    }
    // "file:" keeps names like "concat:x" from being taken for one of FFmpeg's protocols.
    AVFormatContext* raw = nullptr;
    const int opened = avformat_open_input(&raw, ("file:" + path.string()).c_str(), nullptr, nullptr);
    FormatPtr format(raw);
    if (opened < 0) {
        const bool io = opened == AVERROR(EACCES) || opened == AVERROR(EIO);
        if (io) fail(ErrorCode::kIo, "[media] {}: {}", path.string(), av_error(opened));
        fail(ErrorCode::kCorruptData, "[media] {}: not a media file, or cut short ({})", path.string(),
             av_error(opened));
    }
    const int probed = avformat_find_stream_info(format.get(), nullptr);
    if (probed < 0)
        fail(ErrorCode::kCorruptData, "[media] {}: damaged ({})", path.string(), av_error(probed));
    return format;
}

int find_stream(AVFormatContext* format, AVMediaType type) {
    const int best = av_find_best_stream(format, type, -1, -1, nullptr, 0);
    if (best < 0) return -1;
    if (type == AVMEDIA_TYPE_VIDEO && (format->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC))
        return -1;
    return best;
}

CodecPtr open_decoder(AVStream* stream, int threads, const std::string& path) {
    const AVCodec* decoder = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!decoder) {
        fail(ErrorCode::kUnsupported, "[media] {}: no decoder for {}", path,
             avcodec_get_name(stream->codecpar->codec_id));
    }
    CodecPtr codec(checked_alloc(avcodec_alloc_context3(decoder)));
    int result = avcodec_parameters_to_context(codec.get(), stream->codecpar);
    codec->pkt_timebase = stream->time_base;
    codec->thread_count = threads;
    if (result >= 0) result = avcodec_open2(codec.get(), decoder, nullptr);
    if (result < 0) {
        fail(ErrorCode::kCorruptData, "[media] {}: the {} decoder refuses it ({})", path, decoder->name,
             av_error(result));
    }
    return codec;
}

StreamDecoder::StreamDecoder(const std::filesystem::path& path, AVMediaType type, int threads)
    : path_(path.string()), format_(open_input(path)), packet_(make_packet()) {
    const int index = find_stream(format_.get(), type);
    if (index < 0) fail(ErrorCode::kCorruptData, "[media] {}: no {} in it", path_, type_words(type));
    for (unsigned i = 0; i < format_->nb_streams; ++i) {
        if (static_cast<int>(i) != index) format_->streams[i]->discard = AVDISCARD_ALL;
    }
    stream_ = format_->streams[index];
    codec_ = open_decoder(stream_, threads, path_);
}

bool StreamDecoder::feed() {
    while (!at_end_) {
        const int got = av_read_frame(format_.get(), packet_.get());
        if (got < 0) {
            if (got != AVERROR_EOF) ++num_damaged_;
            at_end_ = true;
            avcodec_send_packet(codec_.get(), nullptr);
            return true;
        }
        const bool ours = packet_->stream_index == stream_->index;
        int sent = 0;
        if (ours) {
            if (packet_->flags & AV_PKT_FLAG_CORRUPT) ++num_damaged_;
            sent = avcodec_send_packet(codec_.get(), packet_.get());
        }
        av_packet_unref(packet_.get());
        if (!ours) continue;
        if (sent == AVERROR(ENOMEM)) throw std::bad_alloc();
        if (sent >= 0) return true;
        ++num_damaged_;
    }
    return false;
}

bool StreamDecoder::next(AVFrame* frame) {
    for (;;) {
        const int got = avcodec_receive_frame(codec_.get(), frame);
        if (got == 0) {
            if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT)) ++num_damaged_;
            return true;
        }
        if (got == AVERROR_EOF) return false;
        if (got != AVERROR(EAGAIN)) {
            ++num_damaged_;
            if (at_end_) return false;
        }
        if (!feed()) return false;
    }
}

}  // namespace vultus::media
