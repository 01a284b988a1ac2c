#include "media/audio_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>

#include "base/error.h"
#include "media/original_sound.h"
#include "media/sound_faults.h"
#include "media/stream_decoder.h"

namespace vultus::media {
namespace {

constexpr double kMaxGapSeconds = 120;
constexpr double kGapToleranceSeconds = 0.06;  // container times are rounded; less than this is no gap
constexpr double kMaxOffsetSeconds = 3600;

/// "s16le:16000:1"; none when `text` is empty.
std::optional<RawFormat> parse_raw(const std::string& text) {
    if (text.empty()) return std::nullopt;
    RawFormat raw;
    char format[16] = {}, rest = 0;
    const int got = std::sscanf(text.c_str(), "%15[^:]:%d:%d%c", format, &raw.rate_hz, &raw.channels, &rest);
    if (got != 3 || raw.rate_hz < 1000 || raw.rate_hz > 768000 || raw.channels < 1 || raw.channels > 64)
        fail(
            ErrorCode::kInvalidArgument,
            "[media] samples without a header: expected FORMAT:RATE_HZ:CHANNELS like s16le:16000:1, got '{}'",
            text);
    raw.format = format;
    return raw;
}

}  // namespace

struct AudioReader::Impl {
    Impl(const std::filesystem::path& path, const AudioOptions& options)
        : path(input_name(path)),
          options(options),
          rate(options.sample_rate_hz),
          raw(parse_raw(options.raw)),
          decoder(path, AVMEDIA_TYPE_AUDIO, 1, raw ? &*raw : nullptr, options.track, options.microphone),
          frame(make_frame()) {
        if (options.keep_original) original.emplace(*decoder.codec());
        if (!decoder.stream()) return;
        const int video = find_stream(decoder.input()->format(), AVMEDIA_TYPE_VIDEO);
        if (video >= 0) {
            const AVStream* stream = decoder.input()->format()->streams[video];
            has_video = true;
            if (stream->start_time != AV_NOPTS_VALUE)
                video_start = stream->start_time * av_q2d(stream->time_base);
        }
    }

    std::size_t take(float* out, std::size_t n) {
        const std::size_t ready = std::min(n, buffer.size() - position);
        std::copy_n(buffer.data() + position, ready, out);
        position += ready;
        return ready;
    }

    std::size_t read(float* out, std::size_t n) {
        std::size_t done = take(out, n);
        while (done < n && refill()) done += take(out + done, n - done);
        return done;
    }

    std::size_t read_some(float* out, std::size_t n) {
        const std::size_t done = take(out, n);
        return done > 0 || !refill() ? done : take(out, n);
    }

    /// Replaces the used-up buffer by the next decoded piece; false at the end.
    bool refill() {
        buffer.clear();
        position = 0;
        while (buffer.empty()) {
            if (finished) return false;
            if (decoder.next(frame.get())) {
                take_frame();
            } else {
                close_segment();
                finished = true;
                if (const auto found = faults(); options.strict && !found.empty())
                    fail(ErrorCode::kCorruptData, "{}", found[0]);
            }
        }
        return true;
    }

    std::vector<std::string> faults() const {
        std::vector<std::string> lines = heard.lines(decoder, options.channel == Channel::kMix);
        for (std::string& line : lines) line = fmt::format("[media] {}: {}", path, line);
        return lines;
    }

    void take_frame() {
        if (!resampler || frame->format != format || frame->sample_rate != source_rate ||
            frame->ch_layout.nb_channels != channels) {
            close_segment();
            open_segment();
        }
        heard.add(frame.get());
        align();
        int skip = 0;
        if (samples_to_cut > 0) {
            skip = static_cast<int>(std::min<std::int64_t>(samples_to_cut, frame->nb_samples));
            samples_to_cut -= skip;
        }
        convert(skip);
        if (original) original->add(frame.get(), skip);
        seconds_taken += static_cast<double>(frame->nb_samples) / source_rate;
    }

    void open_segment() {
        source_rate = frame->sample_rate;
        format = frame->format;
        channels = frame->ch_layout.nb_channels;
        if (source_rate < 1000 || source_rate > 10'000'000 || channels < 1) {
            fail(ErrorCode::kCorruptData, "[media] {}: sound of {} Hz, {} channels is out of range", path,
                 source_rate, channels);
        }
        AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO, layout;
        if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
            av_channel_layout_default(&layout, channels);
        } else {
            av_channel_layout_copy(&layout, &frame->ch_layout);
        }
        SwrContext* raw = nullptr;
        int result = swr_alloc_set_opts2(&raw, &mono, AV_SAMPLE_FMT_FLT, rate, &layout,
                                         static_cast<AVSampleFormat>(format), source_rate, 0, nullptr);
        av_channel_layout_uninit(&layout);
        resampler.reset(raw);
        if (result >= 0) {
            av_opt_set_double(raw, "rematrix_maxval", 1.0,
                              0);  // a mix of channels never gets louder than they are
            av_opt_set_int(raw, "filter_size", 64, 0);
            choose_channel(raw);
            result = swr_init(raw);
        }
        if (result < 0)
            fail(ErrorCode::kUnsupported, "[media] {}: sound cannot be resampled ({})", path,
                 av_error(result));
        segment_in = segment_out = 0;
    }

    void choose_channel(SwrContext* mixer) {
        if (options.channel == Channel::kMix || (channels == 1 && options.channel == Channel::kLeft)) return;
        if (channels < 2)
            fail(ErrorCode::kInvalidArgument, "[media] {}: the right channel was asked for, it has only one",
                 path);
        std::vector<double> shares(static_cast<std::size_t>(channels), 0.0);
        shares[options.channel == Channel::kLeft ? 0 : 1] = 1;
        swr_set_matrix(mixer, shares.data(), channels);
    }

    /// Cuts or pads in front so that sample 0 is the image's start, and fills gaps in the container's
    /// times.
    void align() {
        if (!has_video || frame->best_effort_timestamp == AV_NOPTS_VALUE) return;
        const double stamp = frame->best_effort_timestamp * av_q2d(decoder.stream()->time_base) - video_start;
        if (!aligned) {
            aligned = true;
            if (std::abs(stamp) > kMaxOffsetSeconds) {
                fail(ErrorCode::kCorruptData, "[media] {}: sound starts {:.0f} s from the picture", path,
                     stamp);
            }
            seconds_taken = stamp;
            if (stamp < 0) samples_to_cut = std::llround(-stamp * source_rate);
            if (stamp > 0) insert_silence(stamp);
            return;
        }
        const double gap = stamp - seconds_taken;
        if (gap > kMaxGapSeconds) {
            fail(ErrorCode::kCorruptData, "[media] {}: times of the sound jump by {:.0f} s", path, gap);
        }
        if (gap > kGapToleranceSeconds) {
            insert_silence(gap);
            seconds_taken += gap;
        }
    }

    void insert_silence(double seconds) {
        const int count = static_cast<int>(std::llround(seconds * source_rate));
        segment_in += count;
        if (original) original->add_silence(seconds);
        // In pieces: swr_inject_silence keeps all it is given in memory.
        for (int done = 0; done < count; done += 65536) {
            swr_inject_silence(resampler.get(), std::min(65536, count - done));
            pull(nullptr, 0);
        }
    }

    void convert(int skip) {
        const int count = frame->nb_samples - skip;
        if (count <= 0) return;
        const int bytes = av_get_bytes_per_sample(static_cast<AVSampleFormat>(format));
        const bool planar = av_sample_fmt_is_planar(static_cast<AVSampleFormat>(format));
        std::vector<const std::uint8_t*> planes(planar ? channels : 1);
        for (std::size_t i = 0; i < planes.size(); ++i) {
            planes[i] =
                frame->extended_data[i] + static_cast<std::size_t>(skip) * bytes * (planar ? 1 : channels);
        }
        segment_in += count;
        pull(planes.data(), count);
    }

    /// Feeds `count` input samples and appends what comes out.
    void pull(const std::uint8_t** planes, int count) {
        const int room = swr_get_out_samples(resampler.get(), count) + 32;
        const std::size_t before = buffer.size();
        buffer.resize(before + room);
        std::uint8_t* out = reinterpret_cast<std::uint8_t*>(buffer.data() + before);
        const int got = swr_convert(resampler.get(), &out, room, planes, count);
        if (got < 0)
            fail(ErrorCode::kCorruptData, "[media] {}: sound cannot be resampled ({})", path, av_error(got));
        buffer.resize(before + got);
        heard.add(buffer.data() + before, static_cast<std::size_t>(got));
        segment_out += got;
        for (std::size_t i = before; i < buffer.size(); ++i) {
            if (!std::isfinite(buffer[i])) {
                fail(ErrorCode::kCorruptData, "[media] {}: the sound holds NaN or infinite samples", path);
            }
        }
    }

    /// Drains the resampler's delay and brings the segment to exactly in * rate / source_rate samples.
    void close_segment() {
        if (!resampler) return;
        pull(nullptr, 0);
        const std::int64_t wanted = av_rescale_rnd(segment_in, rate, source_rate, AV_ROUND_NEAR_INF);
        const std::int64_t excess = std::clamp<std::int64_t>(segment_out - wanted, -rate, buffer.size());
        buffer.resize(buffer.size() - excess, 0.0f);
        resampler.reset();
    }

    std::string path;
    AudioOptions options;
    int rate;
    std::optional<RawFormat> raw;
    StreamDecoder decoder;
    FramePtr frame;
    SoundFaults heard;
    std::optional<OriginalSound> original;
    SwrPtr resampler;
    int source_rate = 0, format = -1, channels = 0;
    std::int64_t segment_in = 0, segment_out = 0, samples_to_cut = 0;
    bool has_video = false, aligned = false, finished = false;
    double video_start = 0, seconds_taken = 0;
    std::vector<float> buffer;
    std::size_t position = 0;
};

AudioReader::AudioReader(const std::filesystem::path& path, const AudioOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}
AudioReader::AudioReader(const std::filesystem::path& path, int sample_rate_hz)
    : AudioReader(path, AudioOptions{.sample_rate_hz = sample_rate_hz}) {}
AudioReader::~AudioReader() = default;

std::size_t AudioReader::read(float* out, std::size_t n) { return impl_->read(out, n); }
std::size_t AudioReader::read_some(float* out, std::size_t n) { return impl_->read_some(out, n); }
int AudioReader::sample_rate_hz() const { return impl_->rate; }
void AudioReader::take_original(std::vector<float>& out) { impl_->original->take(out); }
int AudioReader::original_rate_hz() const { return impl_->original->rate_hz(); }
int AudioReader::original_channels() const { return impl_->original->channels(); }
std::int64_t AudioReader::num_damaged() const { return impl_->decoder.num_damaged(); }
std::vector<std::string> AudioReader::faults() const { return impl_->faults(); }
std::string AudioReader::why_empty() const {
    return fmt::format("[media] {}: {}", impl_->path, impl_->heard.why_empty(impl_->decoder));
}

namespace {

std::vector<float> read_whole(AudioReader& reader, const std::filesystem::path& path,
                              std::size_t max_samples) {
    std::vector<float> samples;
    std::vector<float> block(65536);
    while (const std::size_t got = reader.read(block.data(), block.size())) {
        if (samples.size() + got > max_samples) {
            fail(ErrorCode::kInvalidArgument, "[media] {}: expected at most {:.0f} s of sound, got more",
                 input_name(path), static_cast<double>(max_samples) / reader.sample_rate_hz());
        }
        samples.insert(samples.end(), block.begin(), block.begin() + got);
    }
    return samples;
}

}  // namespace

std::vector<float> read_audio(const std::filesystem::path& path, std::size_t max_samples,
                              int sample_rate_hz) {
    AudioReader reader(path, sample_rate_hz);
    return read_whole(reader, path, max_samples);
}

std::vector<float> read_speech(const std::filesystem::path& path, std::size_t max_samples,
                               const AudioOptions& options, std::vector<std::string>& faults) {
    AudioReader reader(path, options);
    std::vector<float> samples = read_whole(reader, path, max_samples);
    if (samples.empty()) fail(ErrorCode::kInvalidArgument, "{}", reader.why_empty());
    faults = reader.faults();
    return samples;
}

}  // namespace vultus::media
