// Videos and pictures that one sees through.
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/output_file.h"
#include "media/ffmpeg.h"
#include "media/image.h"
#include "media/test_media.h"
#include "media/video_writer.h"

namespace vultus::media {
namespace {

using test::Scratch;

constexpr int kWidth = 64, kHeight = 48, kFrames = 5;

/// Opaque on the left, clear on the right, a slope between; the colours turn.
std::vector<std::uint8_t> glass(int frame) {
    std::vector<std::uint8_t> rgba(std::size_t{4} * kWidth * kHeight);
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            std::uint8_t* pixel = &rgba[4 * (std::size_t(y) * kWidth + x)];
            pixel[0] = static_cast<std::uint8_t>(100 + 20 * frame);
            pixel[1] = 120;
            pixel[2] = 60;
            pixel[3] = static_cast<std::uint8_t>(std::clamp(255 - 8 * (x - 16), 0, 255));
        }
    return rgba;
}

void write(const std::filesystem::path& path, const std::string& name = {}) {
    VideoWriterOptions options;
    options.width = kWidth;
    options.height = kHeight;
    options.alpha = true;
    options.encoder = name;
    VideoWriter writer(path, options);
    for (int frame = 0; frame < kFrames; ++frame) writer.write_frame(glass(frame).data());
    writer.finish();
}

/// Alpha 0..1 of the first frame, as this decoder sees it: [height, width].
std::vector<float> alpha_of(const std::filesystem::path& path, const char* decoder) {
    AVFormatContext* raw = nullptr;
    EXPECT_EQ(avformat_open_input(&raw, path.c_str(), nullptr, nullptr), 0);
    const FormatPtr input(raw);
    EXPECT_GE(avformat_find_stream_info(raw, nullptr), 0);
    const AVCodec* codec = avcodec_find_decoder_by_name(decoder);
    CodecPtr context(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(context.get(), raw->streams[0]->codecpar);
    EXPECT_EQ(avcodec_open2(context.get(), codec, nullptr), 0);
    const PacketPtr packet = make_packet();
    const FramePtr frame = make_frame();
    while (av_read_frame(raw, packet.get()) >= 0) {
        const bool got = avcodec_send_packet(context.get(), packet.get()) >= 0 &&
                         avcodec_receive_frame(context.get(), frame.get()) >= 0;
        av_packet_unref(packet.get());
        if (got) break;
    }
    std::vector<float> alpha;
    if (!frame->data[3]) return alpha;
    const bool deep = frame->format != AV_PIX_FMT_YUVA420P;  // 10 or 12 bits in two bytes
    const float most = frame->format == AV_PIX_FMT_YUVA444P12LE ? 4095 : deep ? 1023 : 255;
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            const std::uint8_t* row = frame->data[3] + y * frame->linesize[3];
            std::uint16_t wide = 0;
            if (deep) std::memcpy(&wide, row + 2 * x, 2);
            alpha.push_back(static_cast<float>(deep ? wide : row[x]) / most);
        }
    return alpha;
}

TEST(Alpha, IsInTheVideo) {
    const Scratch scratch;
    for (const auto& [name, decoder] : {std::pair{"a.webm", "libvpx-vp9"}, std::pair{"a.mov", "prores"}}) {
        write(scratch / name);
        const std::vector<float> alpha = alpha_of(scratch / name, decoder);
        ASSERT_EQ(alpha.size(), std::size_t{kWidth} * kHeight) << name;
        const std::vector<std::uint8_t> given = glass(0);
        for (std::size_t i = 0; i < alpha.size(); ++i)
            ASSERT_NEAR(alpha[i], given[4 * i + 3] / 255.0, 0.05) << name << " " << i;
    }
    write(scratch / "a.webp");
    const std::string webp = read_file(scratch / "a.webp");
    ASSERT_EQ(webp.substr(12, 4), "VP8X");
    EXPECT_TRUE(webp[20] & 0x10) << "the flag that says that there is alpha";
}

TEST(Alpha, IsRefusedWhereTheFormatHasNone) {
    const Scratch scratch;
    for (const char* name : {"a.mp4", "a.mkv", "a.gif"}) {
        EXPECT_FALSE(has_alpha(name));
        EXPECT_THROW(write(scratch / name), Error) << name;
    }
    for (const char* name : {"a.webm", "a.WEBP", "a.mov"}) EXPECT_TRUE(has_alpha(name));
}

TEST(Alpha, IsInThePicture) {
    const Scratch scratch;
    write_png(scratch / "a.png", glass(0).data(), kWidth, kHeight);
    const std::string bytes = read_file(scratch / "a.png");
    EXPECT_EQ(int(bytes[25]), 6) << "the header's type: colours and alpha";
    const Image colours = read_image(scratch / "a.png");
    EXPECT_EQ(int(colours.pixel(0, 0)[0]), 100);
    EXPECT_EQ(int(colours.pixel(kWidth - 1, 0)[1]), 120) << "colours are kept where nothing is seen of them";
}

}  // namespace
}  // namespace vultus::media
