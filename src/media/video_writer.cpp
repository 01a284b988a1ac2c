#include "media/video_writer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/error.h"
#include "media/container.h"
#include "media/ffmpeg.h"
#include "media/sound_copy.h"
#include "media/sound_encoder.h"

namespace vultus::media {
namespace {

constexpr int kMostChannels = 8;
constexpr double kForEver = 1e9, kSecondsAfterCancel = 1;
constexpr auto kSrtDelay = std::chrono::milliseconds(300);
constexpr std::size_t kMostServiceBytes = 240;  ///< of a name in MPEG-TS: 255

/// Output contexts own their AVIOContext too.
struct OutputCloser {
    void operator()(AVFormatContext* context) const {
        if (context->pb && (context->flags & AVFMT_FLAG_CUSTOM_IO)) {
            av_freep(&context->pb->buffer);
            avio_context_free(&context->pb);
        } else if (context->pb) {
            avio_closep(&context->pb);
        }
        avformat_free_context(context);
    }
};
using OutputPtr = std::unique_ptr<AVFormatContext, OutputCloser>;

const Container& choose_container(const std::filesystem::path& path, const std::string& address) {
    if (address.empty()) return container_of(path);
    const Container* container = container_of_address(address);
    if (!container)
        fail(ErrorCode::kInvalidArgument,
             "[media] {}: expected rtmp://, rtmps://, srt://, udp://, tcp:// or v4l2:",
             shown_address(address));
    return *container;
}

/// Bits per second at which the other encoders look like x264 at this constant rate factor: x264 needs about
/// 0.1 bits per pixel at 23 and twice as much six steps lower.
std::int64_t comparable_bit_rate(const VideoWriterOptions& o) {
    const double pixels_per_second = static_cast<double>(o.width) * o.height * o.fps_num / o.fps_den;
    return std::llround(pixels_per_second * 0.13 * std::pow(2.0, (23.0 - o.crf) / 6.0));
}

}  // namespace

struct VideoWriter::Impl {
    Impl(const std::filesystem::path& path, const VideoWriterOptions& options)
        : path(options.address.empty() ? path.string() : shown_address(options.address)),
          container(choose_container(path, options.address)),
          options(options),
          frame(make_frame()),
          packet(make_packet()) {
        check_options();
        av_log_set_level(AV_LOG_QUIET);
        // The muxer opens the file by this name once more to move the index to the front.
        const std::string url = options.address.empty() ? "file:" + this->path : options.address;
        if (is_device()) register_devices();
        AVFormatContext* raw = nullptr;
        const int made = avformat_alloc_output_context2(&raw, nullptr, container.muxer, url.c_str());
        output.reset(raw);
        check(made, "this machine's FFmpeg cannot make such a file");
        output->flags |= AVFMT_FLAG_BITEXACT;
        open_video();
        if (options.with_audio && container.audio) open_audio();
        open_output(url);
        begin();
    }

    bool is_device() const { return container.muxer == std::string_view("v4l2"); }

    void open_output(const std::string& url) {
        if (options.sink) {
            open_sink();
        } else if (options.address.empty()) {
            check(avio_open(&output->pb, url.c_str(), AVIO_FLAG_WRITE), "cannot write");
        } else if (is_device()) {
            av_freep(&output->url);  // which is the device's path for its muxer
            output->url = av_strdup(url.c_str() + std::strlen("v4l2:"));
        } else {
            output->flags |= AVFMT_FLAG_FLUSH_PACKETS;
            output->interrupt_callback = patience.callback();
            patience.begin(url.find("listen") == std::string::npos ? options.patience_s : kForEver, 0);
            AVDictionary* settings = nullptr;
            av_dict_set(&settings, "pkt_size", "1316", 0);  // of UDP: seven whole packets of MPEG-TS
            av_dict_set(&settings, "tcp_nodelay", "1", 0);
            const int opened =
                avio_open2(&output->pb, url.c_str(), AVIO_FLAG_WRITE, &output->interrupt_callback, &settings);
            av_dict_free(&settings);
            check(opened, "cannot connect");
        }
    }

    void begin() {
        AVDictionary* settings = nullptr;
        const std::string_view muxer = container.muxer;
        // The index waits for the first packets of both streams, so that it tells of the sound's priming.
        // What is live has no list of all its fragments in the end, which would grow for as long as it lasts.
        if (muxer == "mp4" && options.sink)
            av_dict_set(&settings, "movflags",
                        options.live ? "+empty_moov+default_base_moof+frag_custom+delay_moov+skip_trailer"
                                     : "+empty_moov+default_base_moof+frag_custom+delay_moov",
                        0);
        else if (muxer == "mp4" || muxer == "mov")
            av_dict_set(&settings, "movflags", "+faststart", 0);
        if (muxer == "mpegts" && options.live) av_dict_set(&settings, "pes_payload_size", "0", 0);
        if (muxer == "flv") av_dict_set(&settings, "flvflags", "no_duration_filesize", 0);
        if (muxer == "mpegts") {  // which has no comments
            av_dict_set(&output->metadata, "service_provider", "Vultus", 0);
            av_dict_set(&output->metadata, "service_name",
                        options.comment.substr(0, kMostServiceBytes).c_str(), 0);
        } else if (!options.comment.empty()) {
            av_dict_set(&output->metadata, "comment", options.comment.c_str(), 0);
        }
        if (!container.audio) av_dict_set(&settings, "loop", "0", 0);  // for ever
        wait();
        const int begun = avformat_write_header(output.get(), &settings);
        av_dict_free(&settings);
        check(begun,
              is_device() ? "expected a video output device, as v4l2loopback makes them" : "cannot write");
    }

    void wait() { patience.begin(options.patience_s, kSecondsAfterCancel); }

    void check_options() const {
        const VideoWriterOptions& o = options;
        if (o.width < 2 || o.height < 2 || o.width % 2 || o.height % 2) {
            fail(ErrorCode::kInvalidArgument, "[media] video size: expected even sides, got {}x{}", o.width,
                 o.height);
        }
        if (o.alpha && !container.alpha_video)
            fail(ErrorCode::kInvalidArgument,
                 "[media] {}: {} has no transparency: expected .webm, .webp or .mov", path,
                 container.extension);
        if (o.fps_num <= 0 || o.fps_den <= 0) {
            fail(ErrorCode::kInvalidArgument, "[media] frame rate: expected a positive one, got {}/{}",
                 o.fps_num, o.fps_den);
        }
        if (o.with_audio && (o.sample_rate_hz < 8000 || o.sample_rate_hz > 192000)) {
            fail(ErrorCode::kInvalidArgument, "[media] sample rate: expected 8000..192000 Hz, got {}",
                 o.sample_rate_hz);
        }
        if (o.with_audio && (o.channels < 1 || o.channels > kMostChannels))
            fail(ErrorCode::kInvalidArgument, "[media] channels: expected 1..{}, got {}", kMostChannels,
                 o.channels);
    }

    void check(int result, const char* what) const {
        if (result < 0 && thrown) std::rethrow_exception(thrown);
        if (result == AVERROR_EXIT && cancel_requested()) fail(ErrorCode::kCancelled, "cancelled");
        if (result == AVERROR_EXIT)
            fail(ErrorCode::kIo, "[media] {}: {} (no answer for {:.0f} s)", path, what, options.patience_s);
        if (result < 0) fail(ErrorCode::kIo, "[media] {}: {} ({})", path, what, av_error(result));
    }

    CodecPtr make_codec(const AVCodec* encoder) {
        CodecPtr codec(avcodec_alloc_context3(encoder));
        if (!codec) throw std::bad_alloc();
        codec->flags |= codec_flags();
        return codec;
    }

    int codec_flags() const {
        const bool global = output->oformat->flags & AVFMT_GLOBALHEADER;
        return AV_CODEC_FLAG_BITEXACT | (global ? AV_CODEC_FLAG_GLOBAL_HEADER : 0);
    }

    AVStream* add_stream(AVCodecContext* codec) {
        AVStream* stream = avformat_new_stream(output.get(), nullptr);
        if (!stream) throw std::bad_alloc();
        stream->time_base = codec->time_base;
        check(avcodec_parameters_from_context(stream->codecpar, codec), "cannot describe a stream");
        return stream;
    }

    void open_video() {
        const AVCodec* encoder =
            choose_encoder(container, options.alpha ? container.alpha_video : options.encoder);
        encoder_name = encoder->name;
        video = make_codec(encoder);
        video->width = options.width;
        video->height = options.height;
        video->pix_fmt = pixels();
        video->time_base = {options.fps_den, options.fps_num};
        video->framerate = {options.fps_num, options.fps_den};
        video->thread_count = options.threads;
        video->color_range = AVCOL_RANGE_MPEG;
        video->colorspace = AVCOL_SPC_BT709;
        video->color_primaries = AVCOL_PRI_BT709;
        video->color_trc = AVCOL_TRC_BT709;
        AVDictionary* settings = nullptr;
        if (encoder_name == "libx264") {
            av_dict_set_int(&settings, "crf", options.crf, 0);
            av_dict_set(&settings, "preset", options.preset.c_str(), 0);
            if (options.live) {
                av_dict_set(&settings, "tune", "zerolatency", 0);
                av_dict_set(&settings, "profile", "baseline", 0);
                av_dict_set(&settings, "forced-idr", "1", 0);
                video->gop_size = 2 * options.fps_num / options.fps_den;
            }
        } else if (encoder_name == "libvpx-vp9") {
            // Its scale has 63 steps where x264's has 51; without a bit rate, quality alone counts.
            av_dict_set_int(&settings, "crf", options.crf * 63 / 51, 0);
            av_dict_set(&settings, "deadline", "good", 0);
            av_dict_set_int(&settings, "cpu-used", 4, 0);
            if (options.alpha) av_dict_set_int(&settings, "auto-alt-ref", 0, 0);  // VP9 has no alpha in them
        } else if (encoder_name == "libwebp_anim") {
            av_dict_set_int(&settings, "quality", std::clamp(100 - options.crf, 0, 100), 0);
        } else if (encoder_name == "prores_ks") {
            av_dict_set(&settings, "profile", "4444", 0);
        } else {
            video->bit_rate = comparable_bit_rate(options);
            video->gop_size = std::max(12, 2 * options.fps_num / options.fps_den);
        }
        const int opened = avcodec_open2(video.get(), encoder, &settings);
        av_dict_free(&settings);
        check(opened, "the picture encoder does not start");
        video_stream = add_stream(video.get());
        video_stream->avg_frame_rate = video->framerate;
        if (options.alpha) av_dict_set(&video_stream->metadata, "alpha_mode", "1", 0);
        open_scaler();
    }

    void open_scaler() {
        constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_BITEXACT;
        const AVPixelFormat given = options.alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
        scaler.reset(sws_getContext(options.width, options.height, given, options.width, options.height,
                                    pixels(), kFlags, nullptr, nullptr, nullptr));
        require(scaler != nullptr, "[media] no conversion from RGB to yuv420p");
        const int* bt709 = sws_getCoefficients(AVCOL_SPC_BT709);
        sws_setColorspaceDetails(scaler.get(), bt709, 1, bt709, 0, 0, 1 << 16, 1 << 16);
    }

    void open_audio() {
        if (!options.copied_sound.empty())
            copy = SoundCopy::open(options.copied_sound, options.copied_track, container);
        if (copy) {
            audio_stream = avformat_new_stream(output.get(), nullptr);
            if (!audio_stream) throw std::bad_alloc();
            check(avcodec_parameters_copy(audio_stream->codecpar, copy->parameters()),
                  "cannot describe a stream");
            audio_stream->codecpar->codec_tag = 0;  // the source's format may call it otherwise
            audio_stream->time_base = copy->time_base();
            return;
        }
        audio.emplace(container.audio, options.sample_rate_hz, options.channels, codec_flags());
        audio_stream = add_stream(audio->codec());
    }

    AVPixelFormat pixels() const { return options.alpha ? container.alpha_pixels : container.pixels; }

    void write_frame(const std::uint8_t* rgb) {
        av_frame_unref(frame.get());
        frame->format = pixels();
        frame->width = options.width;
        frame->height = options.height;
        frame->color_range = AVCOL_RANGE_MPEG;
        frame->colorspace = AVCOL_SPC_BT709;
        check(av_frame_get_buffer(frame.get(), 0), "out of memory");
        const std::uint8_t* planes[4] = {rgb, nullptr, nullptr, nullptr};
        const int strides[4] = {(options.alpha ? 4 : 3) * options.width, 0, 0, 0};
        const auto start = std::chrono::steady_clock::now();
        sws_scale(scaler.get(), planes, strides, 0, options.height, frame->data, frame->linesize);
        colour_conversion += std::chrono::steady_clock::now() - start;
        frame->pts = num_frames++;
        frame->pict_type = std::exchange(key_frame_wanted, false) ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
        encode(video.get(), video_stream, frame.get());
        drain_audio();
        end_fragment();
    }

    void skip_frame() {
        ++num_frames;
        drain_audio();
        end_fragment();
    }

    void write_audio(const float* samples, std::size_t n) {
        if (!options.with_audio) fail(ErrorCode::kInvalidArgument, "[media] {}: opened without sound", path);
        if (!audio) return;
        audio->add(samples, n);
        drain_audio();
    }

    void send_audio(const AVFrame* input) { encode(audio->codec(), audio_stream, input); }
    void drain_audio() {
        if (copy)
            copy->read_until(static_cast<double>(num_frames) * options.fps_den / options.fps_num,
                             [this](AVPacket* sound) {
                                 sound->stream_index = audio_stream->index;
                                 sound->pos = -1;
                                 av_packet_rescale_ts(sound, copy->time_base(), audio_stream->time_base);
                                 check(av_interleaved_write_frame(output.get(), sound), "cannot write");
                             });
        if (audio)
            audio->drain(num_frames, options.fps_num, options.fps_den,
                         [this](const AVFrame* input) { send_audio(input); });
    }

    /// Sends a frame (null: flush) and writes the packets that come out.
    void encode(AVCodecContext* codec, AVStream* stream, const AVFrame* input) {
        check(avcodec_send_frame(codec, input), "encoding failed");
        for (;;) {
            const int got = avcodec_receive_packet(codec, packet.get());
            if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
            check(got, "encoding failed");
            packet->stream_index = stream->index;
            if (codec->codec_type == AVMEDIA_TYPE_VIDEO && packet->duration == 0) packet->duration = 1;
            av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
            wait();
            ++num_packets[codec->codec_type == AVMEDIA_TYPE_VIDEO ? 0 : 1];
            const int written = av_interleaved_write_frame(output.get(), packet.get());
            check_disk();
            check(written, "cannot write");
        }
    }

    void open_sink() {
        constexpr int kBytes = 1 << 16;
        auto* buffer = static_cast<unsigned char*>(av_malloc(kBytes));
        const auto write = [](void* self, std::uint8_t* bytes, int size) {
            try {
                static_cast<Impl*>(self)->options.sink(bytes, static_cast<std::size_t>(size));
                return size;
            } catch (...) {  // nothing may be thrown through C
                static_cast<Impl*>(self)->thrown = std::current_exception();
                return AVERROR_EXTERNAL;
            }
        };
        output->pb = avio_alloc_context(buffer, kBytes, 1, this, nullptr, write, nullptr);
        if (!output->pb) throw std::bad_alloc();
        output->flags |= AVFMT_FLAG_CUSTOM_IO;
    }

    /// What was written since the last frame goes to the sink, once there are packets of both streams.
    void end_fragment() {
        if (!options.sink && options.address.empty()) return;
        if (num_packets[0] == 0 || (audio && num_packets[1] == 0)) return;
        wait();
        check(av_interleaved_write_frame(output.get(), nullptr), "cannot write");
        check(av_write_frame(output.get(), nullptr), "cannot write");
        if (output->pb) avio_flush(output->pb);
        check_disk();
    }

    std::string mime_type() const {
        // The profile, its constraints and the level stand behind the first byte of the parameter set.
        const std::uint8_t* bytes = video->extradata;
        const int size = video->extradata_size;
        for (int i = 0; i + 6 < size; ++i)
            if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1 && (bytes[i + 3] & 31) == 7)
                return fmt::format("video/mp4; codecs=\"avc1.{:02X}{:02X}{:02X}{}\"", bytes[i + 4],
                                   bytes[i + 5], bytes[i + 6], audio ? ",mp4a.40.2" : "");
        fail(ErrorCode::kUnsupported, "[media] this machine's FFmpeg has no H.264 encoder");
    }

    void check_disk() const {
        if (thrown) std::rethrow_exception(thrown);
        if (output->pb && output->pb->error < 0) check(output->pb->error, "cannot write");
    }

    void finish() {
        if (finished) return;
        if (num_frames == 0) fail(ErrorCode::kInvalidArgument, "[media] {}: no picture was written", path);
        if (audio)
            audio->finish(num_frames, options.fps_num, options.fps_den,
                          [this](const AVFrame* input) { send_audio(input); });
        encode(video.get(), video_stream, nullptr);
        wait();
        check(av_write_trailer(output.get()), "cannot write");
        if (output->pb) avio_flush(output->pb);
        check_disk();
        // Who receives SRT drops what it holds back against losses when the connection closes.
        if (options.address.rfind("srt:", 0) == 0) std::this_thread::sleep_for(kSrtDelay);
        if (!options.sink) check(avio_closep(&output->pb), "cannot write");
        finished = true;
    }

    std::string path, encoder_name;
    const Container& container;
    VideoWriterOptions options;
    FramePtr frame;
    PacketPtr packet;
    Patience patience;
    OutputPtr output;  // after `patience`, which it asks while it closes
    CodecPtr video;
    std::optional<SoundEncoder> audio;
    std::unique_ptr<SoundCopy> copy;  ///< instead
    AVStream *video_stream = nullptr, *audio_stream = nullptr;
    SwsPtr scaler;
    std::int64_t num_frames = 0;
    std::chrono::duration<double> colour_conversion{0};
    std::int64_t num_packets[2] = {0, 0};  // of pictures and of sound
    bool finished = false, key_frame_wanted = false;
    std::exception_ptr thrown;  // by the sink
};

const std::vector<std::string>& video_extensions() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        for (const Container& container : containers()) names.emplace_back(container.extension);
        return names;
    }();
    return all;
}

bool is_video_name(const std::filesystem::path& path) {
    const auto& all = video_extensions();
    return std::find(all.begin(), all.end(), lower_extension(path)) != all.end();
}

bool has_alpha(const std::filesystem::path& path) { return container_of(path).alpha_video != nullptr; }
bool is_stream_address(const std::string& address) { return container_of_address(address) != nullptr; }

VideoWriter::VideoWriter(const std::filesystem::path& path, const VideoWriterOptions& options)
    : impl_(std::make_unique<Impl>(path, options)) {}
VideoWriter::~VideoWriter() = default;

void VideoWriter::write_frame(const std::uint8_t* picture) { impl_->write_frame(picture); }
void VideoWriter::skip_frame() { impl_->skip_frame(); }
void VideoWriter::write_audio(const float* samples, std::size_t n) { impl_->write_audio(samples, n); }
void VideoWriter::finish() { impl_->finish(); }
const std::string& VideoWriter::encoder_name() const { return impl_->encoder_name; }
void VideoWriter::force_key_frame() { impl_->key_frame_wanted = true; }
std::string VideoWriter::mime_type() const { return impl_->mime_type(); }
bool VideoWriter::copies_sound() const { return impl_->copy != nullptr; }
double VideoWriter::colour_conversion_s() const { return impl_->colour_conversion.count(); }

}  // namespace vultus::media
