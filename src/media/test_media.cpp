#include "media/test_media.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/output_file.h"
#include "media/input.h"
#include "media/video_writer.h"

namespace vultus::media::test {
namespace {

void check(int result) {
    if (result < 0) fail(ErrorCode::kInternal, "[test] {}", av_error(result));
}

struct Muxer {
    Muxer(const std::filesystem::path& path, const char* format) {
        check(avformat_alloc_output_context2(&context, nullptr, format, path.c_str()));
        check(avio_open(&context->pb, path.c_str(), AVIO_FLAG_WRITE));
    }
    ~Muxer() {
        avio_closep(&context->pb);
        avformat_free_context(context);
    }
    AVFormatContext* context = nullptr;
};

template <typename T>
void put(std::string& bytes, T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

Scratch::Scratch()
    : ScratchFolder([] {
          static std::atomic<int> counter{0};
          return fmt::format("media-test-{}", counter++);
      }()) {}

Image picture(int width, int height, int index) {
    Image image(width, height);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            std::uint8_t* p = image.pixel(x, y);
            p[0] = static_cast<std::uint8_t>(40 + 150 * x / width);
            p[1] = static_cast<std::uint8_t>(60 + 120 * y / height);
            p[2] = static_cast<std::uint8_t>(127 + 100 * std::sin(0.9 * index + 3.0 * x / width));
        }
    }
    return image;
}

std::string write_clip(const std::filesystem::path& path, const ClipOptions& o) {
    VideoWriterOptions options;
    options.width = o.width;
    options.height = o.height;
    options.fps_num = o.fps_num;
    options.fps_den = o.fps_den;
    options.crf = 8;
    options.preset = "veryfast";
    options.encoder = o.encoder;
    options.with_audio = o.audio_seconds > 0;
    VideoWriter writer(path, options);
    const std::vector<float> sound = tone(static_cast<std::size_t>(o.audio_seconds * 16000), 16000, 440);
    if (!sound.empty()) writer.write_audio(sound.data(), sound.size());
    for (int i = 0; i < o.num_frames; ++i) writer.write_frame(picture(o.width, o.height, i).rgb.data());
    writer.finish();
    return writer.encoder_name();
}

void write_timed_pictures(const std::filesystem::path& path, const std::vector<std::int64_t>& times_ms,
                          int width, int height) {
    Muxer muxer(path, "matroska");
    const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    CodecPtr codec(avcodec_alloc_context3(encoder));
    codec->width = width;
    codec->height = height;
    codec->pix_fmt = AV_PIX_FMT_YUVJ444P;
    codec->time_base = {1, 1000};
    codec->flags |= AV_CODEC_FLAG_QSCALE;
    codec->global_quality = 2 * FF_QP2LAMBDA;
    check(avcodec_open2(codec.get(), encoder, nullptr));
    AVStream* stream = avformat_new_stream(muxer.context, nullptr);
    stream->time_base = codec->time_base;
    check(avcodec_parameters_from_context(stream->codecpar, codec.get()));
    check(avformat_write_header(muxer.context, nullptr));
    SwsPtr scaler(sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height, AV_PIX_FMT_YUVJ444P,
                                 SWS_BICUBIC, nullptr, nullptr, nullptr));
    for (std::size_t i = 0; i < times_ms.size(); ++i) {
        const Image image = picture(width, height, static_cast<int>(i));
        FramePtr frame = make_frame();
        frame->width = width;
        frame->height = height;
        frame->format = AV_PIX_FMT_YUVJ444P;
        frame->quality = codec->global_quality;
        check(av_frame_get_buffer(frame.get(), 0));
        const std::uint8_t* planes[4] = {image.rgb.data(), nullptr, nullptr, nullptr};
        const int strides[4] = {3 * width, 0, 0, 0};
        sws_scale(scaler.get(), planes, strides, 0, height, frame->data, frame->linesize);
        frame->pts = times_ms[i];
        PacketPtr packet = make_packet();
        check(avcodec_send_frame(codec.get(), frame.get()));
        check(avcodec_receive_packet(codec.get(), packet.get()));
        packet->pts = packet->dts = times_ms[i];
        packet->duration = 40;
        av_packet_rescale_ts(packet.get(), {1, 1000}, stream->time_base);
        packet->stream_index = 0;
        check(av_write_frame(muxer.context, packet.get()));
    }
    check(av_write_trailer(muxer.context));
}

void copy_streams(const std::filesystem::path& from, const std::filesystem::path& to,
                  const CopyOptions& options) {
    const Input opened(from);
    AVFormatContext* input = opened.format();
    Muxer muxer(to, nullptr);
    for (unsigned i = 0; i < input->nb_streams; ++i) {
        const AVStream* source = input->streams[i];
        AVStream* stream = avformat_new_stream(muxer.context, nullptr);
        check(avcodec_parameters_copy(stream->codecpar, source->codecpar));
        stream->codecpar->codec_tag = 0;
        stream->time_base = source->time_base;
        stream->avg_frame_rate = source->avg_frame_rate;
        if (source->codecpar->codec_type != AVMEDIA_TYPE_VIDEO || options.clockwise_degrees == 0) continue;
        auto* matrix = reinterpret_cast<std::int32_t*>(
            av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t)));
        av_display_rotation_set(matrix, options.clockwise_degrees);
    }
    check(avformat_write_header(muxer.context, nullptr));
    PacketPtr packet = make_packet();
    while (av_read_frame(input, packet.get()) >= 0) {
        const AVStream* source = input->streams[packet->stream_index];
        if (source->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) {
            const auto shift = std::llround(options.sound_later_seconds / av_q2d(source->time_base));
            packet->pts += shift;
            packet->dts += shift;
        }
        av_packet_rescale_ts(packet.get(), source->time_base,
                             muxer.context->streams[packet->stream_index]->time_base);
        check(av_interleaved_write_frame(muxer.context, packet.get()));
        av_packet_unref(packet.get());
    }
    check(av_write_trailer(muxer.context));
}

std::vector<float> tone(std::size_t samples, int rate_hz, double hz) {
    std::vector<float> values(samples);
    for (std::size_t i = 0; i < samples; ++i) {
        values[i] = static_cast<float>(0.5 * std::sin(2 * M_PI * hz * static_cast<double>(i) / rate_hz));
    }
    return values;
}

void write_wav(const std::filesystem::path& path, int rate_hz, int bits, const std::vector<float>& samples) {
    std::string data;
    for (float value : samples) {
        if (bits == 8) put<std::uint8_t>(data, static_cast<std::uint8_t>(std::lround(128 + 127 * value)));
        if (bits == 16) put<std::int16_t>(data, static_cast<std::int16_t>(std::lround(32767 * value)));
        if (bits == 32) put<float>(data, value);
    }
    std::string bytes = "RIFF";
    put<std::uint32_t>(bytes, static_cast<std::uint32_t>(36 + data.size()));
    bytes += "WAVEfmt ";
    put<std::uint32_t>(bytes, 16);
    put<std::uint16_t>(bytes, bits == 32 ? 3 : 1);
    put<std::uint16_t>(bytes, 1);
    put<std::uint32_t>(bytes, rate_hz);
    put<std::uint32_t>(bytes, rate_hz * bits / 8);
    put<std::uint16_t>(bytes, bits / 8);
    put<std::uint16_t>(bytes, bits);
    bytes += "data";
    put<std::uint32_t>(bytes, static_cast<std::uint32_t>(data.size()));
    write_file(path, bytes + data);
}

}  // namespace vultus::media::test
