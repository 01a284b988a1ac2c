#include "media/image.h"

#include <algorithm>

#include "base/error.h"
#include "base/output_file.h"
#include "media/ffmpeg.h"
#include "media/video_reader.h"

namespace vultus::media {

namespace {

/// pixels [height, width, channels]: RGB or RGBA.
void write(const std::filesystem::path& path, const std::uint8_t* pixels, int width, int height,
           int channels) {
    const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_PNG);
    if (!encoder) fail(ErrorCode::kUnsupported, "[media] this machine's FFmpeg has no PNG encoder");
    av_log_set_level(AV_LOG_QUIET);
    CodecPtr codec(avcodec_alloc_context3(encoder));
    if (!codec) throw std::bad_alloc();
    codec->width = width;
    codec->height = height;
    codec->pix_fmt = channels == 4 ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
    codec->time_base = {1, 25};
    codec->flags |= AV_CODEC_FLAG_BITEXACT;
    av_opt_set(codec->priv_data, "pred", "mixed", 0);  // photographs: half the size
    FramePtr frame = make_frame();
    frame->width = width;
    frame->height = height;
    frame->format = codec->pix_fmt;
    PacketPtr packet = make_packet();
    int result = avcodec_open2(codec.get(), encoder, nullptr);
    if (result >= 0) result = av_frame_get_buffer(frame.get(), 0);
    if (result >= 0) {
        const std::size_t row = static_cast<std::size_t>(channels) * width;
        for (int y = 0; y < height; ++y)
            std::copy_n(pixels + row * y, row, frame->data[0] + std::ptrdiff_t{frame->linesize[0]} * y);
        result = avcodec_send_frame(codec.get(), frame.get());
    }
    if (result >= 0) result = avcodec_receive_packet(codec.get(), packet.get());
    require(result >= 0, "[media] PNG encoding failed ({})", av_error(result));
    write_file(path, {reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size)});
}

}  // namespace

void write_png(const std::filesystem::path& path, const Image& image) {
    if (image.width < 1 || image.height < 1 || image.empty())
        fail(ErrorCode::kInvalidArgument, "[media] {}: the picture is empty", path.string());
    write(path, image.rgb.data(), image.width, image.height, 3);
}

void write_png(const std::filesystem::path& path, const std::uint8_t* rgba, int width, int height) {
    write(path, rgba, width, height, 4);
}

Image read_image(const std::filesystem::path& path) {
    VideoReader reader(path);
    Image image;
    if (!reader.read(image)) fail(ErrorCode::kCorruptData, "[media] {}: not a picture", path.string());
    return image;
}

}  // namespace vultus::media
