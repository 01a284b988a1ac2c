#include "media/sound_faults.h"

#include <algorithm>
#include <cmath>

#include "media/wav_header.h"

namespace vultus::media {
namespace {

// Below this share of the louder channel's energy, the mix is what two opposite channels leave.
constexpr double kCancelledShare = 0.01;
constexpr double kAudibleEnergy = 1e-7;  ///< mean square: -70 dB
// No recording in -1..1 comes near it; integers stored as floats are far beyond.
constexpr float kLoudestSample = 8;
constexpr double kWavToleranceS = 0.05;
// Containers round, and count what codecs put in front and behind.
constexpr double kToleranceS = 0.25, kToleranceShare = 0.02;
constexpr double kMostDamagedShare = 0.01;

/// What the container says of the stream's length, where that is no guess; else 0.
double claimed_s(AVFormatContext* format, const AVStream* stream) {
    if (format->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;
    if (stream->duration > 0) return static_cast<double>(stream->duration) * av_q2d(stream->time_base);
    return format->nb_streams == 1 && format->duration > 0
               ? static_cast<double>(format->duration) / AV_TIME_BASE
               : 0;
}

}  // namespace

void SoundFaults::open_meter(const AVFrame* frame) {
    format_ = frame->format;
    rate_hz_ = frame->sample_rate;
    channels_ = frame->ch_layout.nb_channels;
    to_float_.reset();
    if (channels_ != 2) return;
    SwrContext* raw = nullptr;
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    swr_alloc_set_opts2(&raw, &stereo, AV_SAMPLE_FMT_FLT, rate_hz_, &stereo,
                        static_cast<AVSampleFormat>(format_), rate_hz_, 0, nullptr);
    to_float_.reset(raw);
    if (raw && swr_init(raw) < 0) to_float_.reset();
}

void SoundFaults::add(const AVFrame* frame) {
    decoded_s_ += static_cast<double>(frame->nb_samples) / frame->sample_rate;
    if (frame->format != format_ || frame->sample_rate != rate_hz_ ||
        frame->ch_layout.nb_channels != channels_)
        open_meter(frame);
    if (!to_float_) return;
    stereo_.resize(2 * static_cast<std::size_t>(frame->nb_samples));
    auto* out = reinterpret_cast<std::uint8_t*>(stereo_.data());
    const int got = swr_convert(to_float_.get(), &out, frame->nb_samples,
                                const_cast<const std::uint8_t**>(frame->extended_data), frame->nb_samples);
    for (int i = 0; i < got; ++i) {
        const double left = stereo_[2 * static_cast<std::size_t>(i)],
                     right = stereo_[2 * static_cast<std::size_t>(i) + 1];
        energy_[0] += left * left;
        energy_[1] += right * right;
        mix_energy_ += (left + right) * (left + right) / 4;
    }
}

void SoundFaults::add(const float* samples, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) peak_ = std::max(peak_, std::abs(samples[i]));
}

std::string SoundFaults::cut_short(const StreamDecoder& decoder) const {
    const Input* input = decoder.input();
    if (!input) return "";
    if (const auto header = read_wav_header(input->head()); header && header->data_bytes) {
        const std::uint64_t wanted = header->data_offset + *header->data_bytes, got = input->num_bytes();
        const double rate = header->bytes_per_second;
        if (rate <= 0 || got >= wanted || static_cast<double>(wanted - got) < kWavToleranceS * rate)
            return "";
        return fmt::format("cut short: its header promises {:.2f} s of sound, {:.2f} s are there",
                           static_cast<double>(*header->data_bytes) / rate, decoded_s_);
    }
    if (!decoder.stream()) return "";
    const double claimed = claimed_s(input->format(), decoder.stream());
    if (decoded_s_ >= claimed - std::max(kToleranceS, kToleranceShare * claimed)) return "";
    return fmt::format("cut short or damaged: it promises {:.2f} s of sound, {:.2f} s can be read", claimed,
                       decoded_s_);
}

std::vector<std::string> SoundFaults::lines(const StreamDecoder& decoder, bool mixed) const {
    std::vector<std::string> lines;
    if (const std::string cut = cut_short(decoder); !cut.empty())
        lines.push_back(cut);
    else if (const double damaged = static_cast<double>(decoder.num_damaged());
             av_get_exact_bits_per_sample(decoder.codec()->codec_id) == 0 &&  // a last one may be short
             damaged > std::max(1.0, kMostDamagedShare * static_cast<double>(decoder.num_packets())))
        lines.push_back(fmt::format("damaged: {} of {} pieces of sound do not decode and were left out",
                                    decoder.num_damaged(), decoder.num_packets()));
    const double louder = std::max(energy_[0], energy_[1]);
    if (mixed && louder > kAudibleEnergy * decoded_s_ * rate_hz_ && mix_energy_ < kCancelledShare * louder)
        lines.push_back(
            "its two channels cancel each other (one is the other upside down): hardly anything is left of "
            "their mix; --channel left takes one of them");
    if (peak_ > kLoudestSample)
        lines.push_back(fmt::format(
            "samples of up to {:.0f}, expected -1..1: probably integers stored as floats; divide them "
            "(ffmpeg -i IN -af volume=1/32768 OUT.wav)",
            peak_));
    return lines;
}

std::string SoundFaults::why_empty(const StreamDecoder& decoder) const {
    if (decoder.num_packets() == 0)
        return decoder.input() ? "expected sound, it has a header and no samples"
                               : "expected samples, it is empty (0 bytes)";
    return fmt::format("none of its {} pieces of sound could be decoded ({})", decoder.num_packets(),
                       avcodec_get_name(decoder.codec()->codec_id));
}

}  // namespace vultus::media
