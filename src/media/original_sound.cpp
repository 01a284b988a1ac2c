#include "media/original_sound.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::media {
namespace {

constexpr int kMostChannels = 8;  ///< that AAC has places for
constexpr int kLeastRateHz = 8000, kMostRateHz = 192000, kUsualRateHz = 48000;

}  // namespace

OriginalSound::OriginalSound(const AVCodecContext& codec)
    : rate_hz_(codec.sample_rate >= kLeastRateHz && codec.sample_rate <= kMostRateHz ? codec.sample_rate
                                                                                     : kUsualRateHz) {
    av_channel_layout_default(&layout_, std::clamp(codec.ch_layout.nb_channels, 1, kMostChannels));
}

void OriginalSound::open(const AVFrame* frame) {
    format_ = frame->format;
    source_rate_hz_ = frame->sample_rate;
    source_channels_ = frame->ch_layout.nb_channels;
    AVChannelLayout source{};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&source, source_channels_);
    else
        av_channel_layout_copy(&source, &frame->ch_layout);
    // Same number of channels: as they are, whatever they are called.
    AVChannelLayout* from = source.nb_channels == layout_.nb_channels ? &layout_ : &source;
    SwrContext* raw = nullptr;
    int result = swr_alloc_set_opts2(&raw, &layout_, AV_SAMPLE_FMT_FLT, rate_hz_, from,
                                     static_cast<AVSampleFormat>(format_), source_rate_hz_, 0, nullptr);
    converter_.reset(raw);
    if (result >= 0) result = swr_init(raw);
    av_channel_layout_uninit(&source);
    if (result < 0)
        fail(ErrorCode::kUnsupported, "[media] sound of {} channels cannot be kept ({})", source_channels_,
             av_error(result));
}

void OriginalSound::add(const AVFrame* frame, int skip) {
    if (!converter_ || frame->format != format_ || frame->sample_rate != source_rate_hz_ ||
        frame->ch_layout.nb_channels != source_channels_)
        open(frame);
    const int room = swr_get_out_samples(converter_.get(), frame->nb_samples) + 32;
    const auto width = static_cast<std::size_t>(channels());
    const std::size_t before = samples_.size();
    samples_.resize(before + static_cast<std::size_t>(room) * width);
    auto* out = reinterpret_cast<std::uint8_t*>(samples_.data() + before);
    const int got = swr_convert(converter_.get(), &out, room,
                                const_cast<const std::uint8_t**>(frame->extended_data), frame->nb_samples);
    samples_.resize(before + static_cast<std::size_t>(std::max(got, 0)) * width);
    // Where the rate is converted, so is how much of it is skipped.
    const auto drop = static_cast<std::size_t>(av_rescale(skip, rate_hz_, source_rate_hz_)) * width;
    samples_.erase(samples_.begin() + static_cast<std::ptrdiff_t>(before),
                   samples_.begin() + static_cast<std::ptrdiff_t>(std::min(before + drop, samples_.size())));
}

void OriginalSound::add_silence(double seconds) {
    samples_.resize(samples_.size() + static_cast<std::size_t>(std::llround(seconds * rate_hz_)) *
                                          static_cast<std::size_t>(channels()));
}

void OriginalSound::take(std::vector<float>& out) {
    out.insert(out.end(), samples_.begin(), samples_.end());
    samples_.clear();
}

}  // namespace vultus::media
