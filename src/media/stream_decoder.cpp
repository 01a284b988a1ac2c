#include "media/stream_decoder.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"

namespace vultus::media {
namespace {

constexpr std::size_t kPieceBytes = 4096;
constexpr auto kBetweenLooks = std::chrono::milliseconds(5);

const char* type_words(AVMediaType type) { return type == AVMEDIA_TYPE_VIDEO ? "picture" : "sound"; }

struct ParametersFree {
    void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
};

}  // namespace

StreamDecoder::StreamDecoder(const std::filesystem::path& path, AVMediaType type, int threads,
                             const RawFormat* raw, int track, bool microphone)
    : name_(input_name(path)), packet_(make_packet()) {
    const auto require_first = [&] {
        if (track > 1)
            fail(ErrorCode::kInvalidArgument, "[media] {}: expected a track from 1 to 1, got {}", name_,
                 track);
    };
    if (raw) {
        require_first();
        open_raw(*raw, threads);
        bytes_ = std::make_unique<InputStream>(path);
        return;
    }
    input_ = std::make_unique<Input>(path, microphone);
    if (const auto& wav = input_->live_wav()) {
        if (type != AVMEDIA_TYPE_AUDIO)
            fail(ErrorCode::kCorruptData, "[media] {}: no {} in it", name_, type_words(type));
        require_first();
        open_raw({sample_format(*wav), static_cast<int>(wav->rate_hz), wav->channels}, threads);
        if (wav->data_bytes) bytes_left_ = *wav->data_bytes;
        return;
    }
    choose_stream(type, track);
    codec_ = open_decoder(stream_->codecpar, stream_->time_base, threads, name_);
}

void StreamDecoder::open_raw(const RawFormat& raw, int threads) {
    const AVCodec* decoder = avcodec_find_decoder_by_name(("pcm_" + raw.format).c_str());
    const int bits = decoder ? av_get_exact_bits_per_sample(decoder->id) : 0;
    if (bits == 0 || bits % 8 != 0)
        fail(ErrorCode::kInvalidArgument,
             "[media] samples without a header: expected a format like s16le, f32le, u8 or mulaw, got '{}'",
             raw.format);
    const std::unique_ptr<AVCodecParameters, ParametersFree> parameters(avcodec_parameters_alloc());
    if (!parameters) throw std::bad_alloc();
    parameters->codec_type = AVMEDIA_TYPE_AUDIO;
    parameters->codec_id = decoder->id;
    parameters->sample_rate = raw.rate_hz;
    av_channel_layout_default(&parameters->ch_layout, raw.channels);
    block_bytes_ = bits / 8 * raw.channels;
    codec_ = open_decoder(parameters.get(), {1, raw.rate_hz}, threads, name_);
}

/// The track-th stream of its kind.
int StreamDecoder::find_track(AVMediaType type, int track) const {
    int count = 0;
    const int found = media::find_track(input_->format(), type, track, count);
    if (found >= 0) return found;
    fail(ErrorCode::kInvalidArgument, "[media] {}: expected a track from 1 to {}, got {}", name_, count,
         track);
}

void StreamDecoder::choose_stream(AVMediaType type, int track) {
    AVFormatContext* format = input_->format();
    const int index = track > 0 ? find_track(type, track) : find_stream(format, type);
    for (unsigned i = 0; i < format->nb_streams; ++i) {
        AVStream* stream = format->streams[i];
        if (static_cast<int>(i) != index) stream->discard = AVDISCARD_ALL;
        // Where nothing decodes it, FFmpeg may not even learn its rate and leaves it out of its choice.
        if (index < 0 && type == AVMEDIA_TYPE_AUDIO && stream->codecpar->codec_type == type)
            open_decoder(stream->codecpar, stream->time_base, 1, name_);
    }
    if (index < 0) fail(ErrorCode::kCorruptData, "[media] {}: no {} in it", name_, type_words(type));
    stream_ = format->streams[index];
}

int StreamDecoder::next_samples() {
    std::string bytes = std::move(rest_);
    const std::size_t before = bytes.size();
    const auto wanted = static_cast<std::size_t>(
        std::min<std::uint64_t>(bytes_left_, std::max<std::size_t>(kPieceBytes, block_bytes_)));
    bytes.resize(before + wanted);
    const std::size_t got = wanted == 0 ? 0
                            : bytes_    ? bytes_->read(bytes.data() + before, wanted)
                                        : input_->read_partial(bytes.data() + before, wanted);
    if (got == 0) return AVERROR_EOF;
    if (bytes_left_ != UINT64_MAX) bytes_left_ -= got;
    bytes.resize(before + got);
    const std::size_t whole = bytes.size() - bytes.size() % static_cast<std::size_t>(block_bytes_);
    rest_ = bytes.substr(whole);
    if (whole == 0) return next_samples();
    if (av_new_packet(packet_.get(), static_cast<int>(whole)) < 0) throw std::bad_alloc();
    std::memcpy(packet_->data, bytes.data(), whole);
    packet_->stream_index = stream_ ? stream_->index : 0;
    return 0;
}

int StreamDecoder::next_packet() {
    if (block_bytes_ > 0) return next_samples();
    int got = av_read_frame(input_->format(), packet_.get());
    while (got == AVERROR(EAGAIN)) {  // of a microphone
        throw_if_cancelled();
        std::this_thread::sleep_for(kBetweenLooks);
        got = av_read_frame(input_->format(), packet_.get());
    }
    if (got < 0) input_->rethrow();
    return got;
}

bool StreamDecoder::feed() {
    while (!at_end_) {
        const int got = next_packet();
        if (got < 0) {
            if (got != AVERROR_EOF) ++num_damaged_;
            at_end_ = true;
            avcodec_send_packet(codec_.get(), nullptr);
            return true;
        }
        const bool ours = !stream_ || packet_->stream_index == stream_->index;
        int sent = 0;
        if (ours) {
            ++num_packets_;
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
