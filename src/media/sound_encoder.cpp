#include "media/sound_encoder.h"

#include <algorithm>

#include "base/error.h"

namespace vultus::media {
namespace {

constexpr int kMonoBitRate = 96000, kChannelBitRate = 80000;  ///< of each of several channels
// AAC packs 1024 samples: at 48 kHz that is 21 ms, less than a frame, at 16 kHz it would be 64 ms.
constexpr int kUsualRateHz = 48000;
constexpr std::size_t kBlock = 16384;

/// What AAC has, where its packets are short enough.
int aac_rate_hz(int rate_hz) {
    for (const int known : {96000, 88200, 64000, 48000, 44100, 32000})
        if (rate_hz == known) return rate_hz;
    return kUsualRateHz;
}

void check(int result, const char* what) {
    if (result < 0) fail(ErrorCode::kIo, "[media] sound: {} ({})", what, av_error(result));
}

}  // namespace

SoundEncoder::SoundEncoder(const char* name, int sample_rate_hz, int channels, int codec_flags)
    : channels_(channels), frame_(make_frame()) {
    const AVCodec* encoder = avcodec_find_encoder_by_name(name);
    if (!encoder) fail(ErrorCode::kUnsupported, "[media] this machine's FFmpeg has no encoder '{}'", name);
    const bool aac = encoder->id == AV_CODEC_ID_AAC;
    codec_.reset(avcodec_alloc_context3(encoder));
    if (!codec_) throw std::bad_alloc();
    codec_->flags |= codec_flags;
    rate_hz_ = aac ? aac_rate_hz(sample_rate_hz) : kUsualRateHz;
    AVChannelLayout layout;
    av_channel_layout_default(&layout, channels);
    codec_->sample_rate = rate_hz_;
    codec_->sample_fmt = aac ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_FLT;
    av_channel_layout_copy(&codec_->ch_layout, &layout);
    codec_->bit_rate = channels == 1 ? kMonoBitRate : kChannelBitRate * channels;
    codec_->time_base = {1, rate_hz_};
    check(avcodec_open2(codec_.get(), encoder, nullptr), "the encoder does not start");
    SwrContext* raw = nullptr;
    int result = swr_alloc_set_opts2(&raw, &layout, AV_SAMPLE_FMT_FLT, rate_hz_, &layout, AV_SAMPLE_FMT_FLT,
                                     sample_rate_hz, 0, nullptr);
    resampler_.reset(raw);
    if (result >= 0) result = swr_init(raw);
    check(result, "the resampler does not start");
}

void SoundEncoder::add(const float* samples, std::size_t n) {
    while (n > 0) {
        const std::size_t block = std::min(n, kBlock);
        resample(samples, static_cast<int>(block));
        samples += block * width();
        n -= block;
    }
}

void SoundEncoder::drain(std::int64_t num_frames, int fps_num, int fps_den, const Send& send) {
    drain(samples_at(num_frames, fps_num, fps_den), false, send);
}

void SoundEncoder::finish(std::int64_t num_frames, int fps_num, int fps_den, const Send& send) {
    const std::int64_t wanted = samples_at(num_frames, fps_num, fps_den);
    resample(nullptr, 0);
    pending_.resize(static_cast<std::size_t>(std::max<std::int64_t>(wanted - num_sent_, 0)) * width(), 0.0f);
    drain(wanted, true, send);
    send(nullptr);
}

void SoundEncoder::resample(const float* samples, int n) {
    const int room = swr_get_out_samples(resampler_.get(), n) + 32;
    const std::size_t before = pending_.size();
    pending_.resize(before + static_cast<std::size_t>(room) * width());
    std::uint8_t* out = reinterpret_cast<std::uint8_t*>(pending_.data() + before);
    const std::uint8_t* in = reinterpret_cast<const std::uint8_t*>(samples);
    const int got = swr_convert(resampler_.get(), &out, room, samples ? &in : nullptr, n);
    check(got, "cannot be resampled");
    pending_.resize(before + static_cast<std::size_t>(got) * width());
}

std::int64_t SoundEncoder::samples_at(std::int64_t num_frames, int fps_num, int fps_den) const {
    return av_rescale_rnd(num_frames, std::int64_t{rate_hz_} * fps_den, fps_num, AV_ROUND_NEAR_INF);
}

/// `last`: also the last, shorter piece.
void SoundEncoder::drain(std::int64_t wanted, bool last, const Send& send) {
    std::size_t used = 0;
    while (num_sent_ < wanted) {
        const int count = static_cast<int>(std::min<std::int64_t>(wanted - num_sent_, codec_->frame_size));
        if (!last && (count < codec_->frame_size ||
                      pending_.size() / width() - used < static_cast<std::size_t>(count)))
            break;
        encode(pending_.data() + used * width(), count, send);
        used += static_cast<std::size_t>(count);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used * width()));
}

void SoundEncoder::encode(const float* samples, int count, const Send& send) {
    av_frame_unref(frame_.get());
    frame_->format = codec_->sample_fmt;
    frame_->sample_rate = rate_hz_;
    av_channel_layout_copy(&frame_->ch_layout, &codec_->ch_layout);
    frame_->nb_samples = count;
    check(av_frame_get_buffer(frame_.get(), 0), "out of memory");
    const bool planar = av_sample_fmt_is_planar(codec_->sample_fmt);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) * width(); ++i) {
        auto** planes = reinterpret_cast<float**>(frame_->extended_data);
        (planar ? planes[i % width()][i / width()] : planes[0][i]) = std::clamp(samples[i], -1.0f, 1.0f);
    }
    frame_->pts = num_sent_;
    num_sent_ += count;
    send(frame_.get());
}

}  // namespace vultus::media
