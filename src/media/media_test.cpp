#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numeric>

#include "base/error.h"
#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/resize.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace vultus::media {
namespace {

using test::Scratch;

double psnr(const Image& a, const Image& b) {
    EXPECT_EQ(a.rgb.size(), b.rgb.size());
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::pow(double(a.rgb[i]) - b.rgb[i], 2);
    return 10 * std::log10(255 * 255 / (sum / a.rgb.size() + 1e-9));
}

TEST(Media, PicturesSurviveEncodingInColourAndOrder) {
    const Scratch scratch;
    const auto path = scratch / "a.mp4";
    test::write_clip(path, {.num_frames = 40});
    VideoReader reader(path);
    EXPECT_EQ(reader.width(), 96);
    EXPECT_EQ(reader.height(), 64);
    Image image;
    int frames = 0;
    for (; reader.read(image); ++frames) EXPECT_GT(psnr(image, test::picture(96, 64, frames)), 34) << frames;
    EXPECT_EQ(frames, 40);
    EXPECT_EQ(reader.num_damaged(), 0);
}

TEST(Media, ASinkGetsAFragmentAFrame) {
    std::vector<std::string> parts(1);
    VideoWriterOptions options;
    options.width = 96;
    options.height = 64;
    options.with_audio = true;
    options.live = true;
    options.comment = "whose it is";
    options.preset = "superfast";
    options.sink = [&](const std::uint8_t* bytes, std::size_t size) {
        parts.back().append(reinterpret_cast<const char*>(bytes), size);
    };
    VideoWriter writer("nowhere.mp4", options);
    const std::vector<float> tone = test::tone(640 * 30, 16000, 220);
    for (int i = 0; i < 30; ++i) {
        if (i == 20) writer.force_key_frame();
        writer.write_audio(tone.data() + 640 * i, 640);
        writer.write_frame(test::picture(96, 64, i).rgb.data());
        parts.emplace_back();
    }
    writer.finish();
    if (writer.encoder_name() == "libx264") {
        EXPECT_EQ(writer.mime_type(), "video/mp4; codecs=\"avc1.42C00A,mp4a.40.2\"");
        // Once both streams have begun, every frame is there as soon as it was given.
        for (int i = 3; i < 30; ++i) EXPECT_EQ(parts[static_cast<std::size_t>(i)].substr(4, 4), "moof") << i;
    }
    std::string all;
    for (const std::string& part : parts) all += part;
    EXPECT_NE(all.find("whose it is"), std::string::npos);
    EXPECT_EQ(all.find("mfra"), std::string::npos) << "a list of fragments grows as long as they come";
    const Scratch scratch;
    const auto path = scratch / "a.mp4";
    write_file(path, all);
    VideoReader reader(path);
    Image image;
    int frames = 0;
    for (; reader.read(image); ++frames) EXPECT_GT(psnr(image, test::picture(96, 64, frames)), 28) << frames;
    EXPECT_EQ(frames, 30);
    EXPECT_NEAR(static_cast<double>(read_audio(path, 1 << 20).size()) / 16000, 1.2, 0.05);
    EXPECT_FALSE(std::filesystem::exists("nowhere.mp4"));
}

TEST(Media, WhatASinkThrowsArrives) {
    VideoWriterOptions options;
    options.width = options.height = 64;
    options.sink = [](const std::uint8_t*, std::size_t) { fail(ErrorCode::kCancelled, "enough"); };
    try {
        VideoWriter writer("nowhere.mp4", options);
        for (int i = 0; i < 200; ++i) writer.write_frame(test::picture(64, 64, i).rgb.data());
        writer.finish();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCancelled) << error.what();
    }
}

TEST(Media, QuickColoursAreNearTheExactOnes) {
    const auto sample = std::filesystem::path(VULTUS_SOURCE_DIR) / "samples" / "lwar6n.mkv";
    VideoReader exact(sample), linear(sample, {0, 1, 1, Colours::kLinear}),
        quick(sample, {0, 1, 1, Colours::kQuick});
    const auto mean = [](const Image& image) {
        return std::accumulate(image.rgb.begin(), image.rgb.end(), 0.0) /
               static_cast<double>(image.rgb.size());
    };
    Image a, b, c;
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(exact.read(a) && linear.read(b) && quick.read(c));
        EXPECT_GT(psnr(a, b), 44) << i;
        EXPECT_NEAR(mean(a), mean(b), 0.2) << i;
        EXPECT_GT(psnr(a, c), 38) << i;
        EXPECT_NEAR(mean(a), mean(c), 2) << i;
        EXPECT_NE(b.rgb, c.rgb);
    }
}

TEST(Media, TheNameChoosesTheFormat) {
    const Scratch scratch;
    const std::pair<const char*, const char*> formats[] = {{"a.mp4", "ftypisom"},
                                                           {"a.MP4", "ftypisom"},
                                                           {"a.mov", "ftypqt"},
                                                           {"a.mkv", "matroska"},
                                                           {"a.webm", "webm"}};
    for (const auto& [name, mark] : formats) {
        EXPECT_TRUE(is_video_name(name));
        test::write_clip(scratch / name, {.num_frames = 30, .audio_seconds = 2});
        EXPECT_NE(read_file(scratch / name).substr(0, 64).find(mark), std::string::npos) << name;
        VideoReader reader(scratch / name);
        Image image;
        int frames = 0;
        for (; reader.read(image); ++frames)
            EXPECT_GT(psnr(image, test::picture(96, 64, frames)), 30) << name << " " << frames;
        EXPECT_EQ(frames, 30) << name;
        EXPECT_NEAR(static_cast<double>(read_audio(scratch / name, 1 << 20).size()) / 16000, 1.2, 0.041)
            << name;
        const std::string once = read_file(scratch / name);
        test::write_clip(scratch / name, {.num_frames = 30, .audio_seconds = 2});
        EXPECT_TRUE(read_file(scratch / name) == once) << name << ": the same input gives the same bytes";
    }
    EXPECT_FALSE(is_video_name("a.avi"));
    EXPECT_FALSE(is_video_name("mp4"));
}

TEST(Media, AnimatedWebPHasAllFrames) {
    const Scratch scratch;
    test::write_clip(scratch / "a.webp", {.num_frames = 12, .audio_seconds = 1});
    const std::string bytes = read_file(scratch / "a.webp");
    EXPECT_EQ(bytes.substr(8, 4), "WEBP");
    int frames = 0;
    for (std::size_t at = bytes.find("ANMF"); at != std::string::npos; at = bytes.find("ANMF", at + 4))
        ++frames;
    EXPECT_EQ(frames, 12);
}

TEST(Media, GifLooksLikeThePictures) {
    const Scratch scratch;
    test::write_clip(scratch / "a.gif", {.num_frames = 12, .audio_seconds = 1});
    EXPECT_EQ(read_file(scratch / "a.gif").substr(0, 6), "GIF89a");
    VideoReader reader(scratch / "a.gif");
    Image image;
    int frames = 0;
    // 256 colours, dithered.
    for (; reader.read(image); ++frames) EXPECT_GT(psnr(image, test::picture(96, 64, frames)), 17) << frames;
    EXPECT_EQ(frames, 12);
}

TEST(Media, SoundKeepsItsRateAndChannels) {
    const Scratch scratch;
    for (const int rate : {44100, 48000, 96000, 16000, 22050, 192000}) {
        VideoWriterOptions options;
        options.width = options.height = 64;
        options.with_audio = true;
        options.sample_rate_hz = rate;
        options.channels = 2;
        VideoWriter writer(scratch / "s.mp4", options);
        const std::vector<float> low = test::tone(static_cast<std::size_t>(rate), rate, 300),
                                 high = test::tone(static_cast<std::size_t>(rate), rate, 900);
        std::vector<float> both;
        for (std::size_t i = 0; i < low.size(); ++i) both.insert(both.end(), {low[i], high[i]});
        writer.write_audio(both.data(), low.size());
        for (int i = 0; i < 25; ++i) writer.write_frame(test::picture(64, 64, i).rgb.data());
        writer.finish();
        AudioReader reader(scratch / "s.mp4", AudioOptions{.keep_original = true});
        EXPECT_EQ(reader.original_channels(), 2);
        EXPECT_EQ(reader.original_rate_hz(), rate >= 32000 && rate <= 96000 ? rate : 48000) << rate;
        std::vector<float> original, mixed(16000);
        EXPECT_GT(reader.read(mixed.data(), mixed.size()), 15000u);
        reader.take_original(original);
        ASSERT_GT(original.size(), 2u * 40000);
        // Half a second in: each channel has its own tone.
        const int heard_hz = reader.original_rate_hz();
        const std::vector<float> low_wanted = test::tone(static_cast<std::size_t>(heard_hz), heard_hz, 300),
                                 high_wanted = test::tone(static_cast<std::size_t>(heard_hz), heard_hz, 900);
        double error = 0;
        for (std::size_t i = original.size() / 4; i < original.size() / 4 + 2000; ++i)
            error = std::max<double>({error, std::abs(original[2 * i] - low_wanted[i]),
                                      std::abs(original[2 * i + 1] - high_wanted[i])});
        EXPECT_LT(error, 0.06) << rate;
    }
}

class FrameRate : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(FrameRate, CountsAreExactAndSoundIsAsLongAsThePicture) {
    const auto [num, den] = GetParam();
    const Scratch scratch;
    const auto path = scratch / "rate.mp4";
    test::write_clip(path, {.num_frames = 101, .fps_num = num, .fps_den = den, .audio_seconds = 20});
    VideoReader reader(path);
    EXPECT_EQ(reader.fps_num(), num);
    EXPECT_EQ(reader.fps_den(), den);
    Image image;
    int frames = 0;
    while (reader.read(image)) ++frames;
    EXPECT_EQ(frames, 101);
    const double seconds = 101.0 * den / num, sound = read_audio(path, 1 << 20).size() / 16000.0;
    EXPECT_NEAR(sound, seconds, static_cast<double>(den) / num);
}
INSTANTIATE_TEST_SUITE_P(Rates, FrameRate,
                         testing::Values(std::pair{25, 1}, std::pair{30000, 1001}, std::pair{60000, 1001},
                                         std::pair{24000, 1001}));

TEST(Media, ShortSoundIsPaddedToThePicture) {
    const Scratch scratch;
    const auto path = scratch / "short.mp4";
    test::write_clip(path, {.num_frames = 50, .audio_seconds = 0.5});
    EXPECT_NEAR(read_audio(path, 1 << 20).size() / 16000.0, 2.0, 0.04);
}

TEST(Media, SameInputGivesTheSameBytes) {
    const Scratch scratch;
    test::write_clip(scratch / "a.mp4", {.num_frames = 30, .audio_seconds = 1.2});
    test::write_clip(scratch / "b.mp4", {.num_frames = 30, .audio_seconds = 1.2});
    EXPECT_EQ(read_file(scratch / "a.mp4"), read_file(scratch / "b.mp4"));
}

TEST(Media, IndexStandsInFront) {
    const Scratch scratch;
    test::write_clip(scratch / "a.mp4", {.num_frames = 10});
    const std::string bytes = read_file(scratch / "a.mp4");
    ASSERT_NE(bytes.find("moov"), std::string::npos);
    EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST(Media, MpegFourWhereThereIsNoH264) {
    const Scratch scratch;
    const auto path = scratch / "m.mp4";
    EXPECT_EQ(test::write_clip(path, {.num_frames = 20, .encoder = "mpeg4"}), "mpeg4");
    VideoReader reader(path);
    Image image;
    ASSERT_TRUE(reader.read(image));
    EXPECT_GT(psnr(image, test::picture(96, 64, 0)), 28);
}

TEST(Media, UnknownEncoderIsRefused) {
    const Scratch scratch;
    EXPECT_THROW(test::write_clip(scratch / "x.mp4", {.encoder = "no-such-encoder"}), Error);
}

TEST(Media, SoundKeepsItsPlaceAndPitchInTheFile) {
    const Scratch scratch;
    const auto path = scratch / "tone.mp4";
    VideoWriterOptions options;
    options.width = options.height = 32;
    options.with_audio = true;
    VideoWriter writer(path, options);
    // Silence for a second, then a click: it must come back at the same sample within a millisecond.
    std::vector<float> sound(32000);
    for (int i = 16000; i < 16040; ++i) sound[i] = 0.9f;
    writer.write_audio(sound.data(), sound.size());
    for (int i = 0; i < 50; ++i) writer.write_frame(test::picture(32, 32, i).rgb.data());
    writer.finish();
    const std::vector<float> back = read_audio(path, 1 << 20);
    const auto loudest = std::max_element(back.begin(), back.end()) - back.begin();
    EXPECT_NEAR(static_cast<double>(loudest), 16020, 25);
}

TEST(Media, SoundThatStartsLaterOrEarlierThanThePictureIsPutInPlace) {
    const Scratch scratch;
    test::write_clip(scratch / "a.mp4", {.num_frames = 50, .audio_seconds = 2});
    const std::vector<float> plain = read_audio(scratch / "a.mp4", 1 << 20);
    for (double later : {0.5, -0.3}) {
        test::copy_streams(scratch / "a.mp4", scratch / "b.mkv", {.sound_later_seconds = later});
        const std::vector<float> moved = read_audio(scratch / "b.mkv", 1 << 20);
        ASSERT_GT(moved.size(), 26000u);
        if (later > 0) {
            for (int i = 0; i < 7900; ++i) ASSERT_NEAR(moved[i], 0, 0.02) << i;
        }
        // Matroska rounds times to milliseconds: compare within 16 samples.
        double best = 1e9;
        for (int slack = -16; slack <= 16; ++slack) {
            double sum = 0;
            for (int i = 10000; i < 20000; ++i) {
                sum += std::abs(moved[i] - plain[i - static_cast<int>(later * 16000) + slack]);
            }
            best = std::min(best, sum / 10000);
        }
        EXPECT_LT(best, 0.03);
    }
}

TEST(Media, MinusReadsRawSamplesFromStandardInput) {
    const Scratch scratch;
    std::string bytes;
    for (int i = 0; i < 5000; ++i) {
        const auto value = static_cast<std::int16_t>(7 * i - 16000);
        bytes.append(reinterpret_cast<const char*>(&value), 2);
    }
    write_file(scratch / "raw.pcm", bytes);
    ASSERT_NE(std::freopen((scratch / "raw.pcm").c_str(), "rb", stdin), nullptr);
    std::vector<std::string> faults;
    const std::vector<float> samples = read_speech("-", 10000, {.raw = "s16le:16000:1"}, faults);
    EXPECT_TRUE(faults.empty());
    ASSERT_EQ(samples.size(), 5000u);
    for (int i = 0; i < 5000; ++i) ASSERT_FLOAT_EQ(samples[i], (7 * i - 16000) / 32768.0f);
}

TEST(Media, AnotherRateTakesTheNearestPicture) {
    const Scratch scratch;
    const auto path = scratch / "fast.mp4";
    test::write_clip(path, {.num_frames = 60, .fps_num = 50});
    VideoReader half(path, {25, 1});
    Image image;
    int frames = 0;
    for (; half.read(image); ++frames)
        EXPECT_GT(psnr(image, test::picture(96, 64, 2 * frames)), 34) << frames;
    EXPECT_EQ(frames, 30);
    VideoReader twice(path, {100, 1});
    frames = 0;
    while (twice.read(image)) ++frames;
    EXPECT_EQ(frames, 120);
}

TEST(Media, VariableRateKeepsTime) {
    const Scratch scratch;
    const auto path = scratch / "variable.mkv";
    // Images 0..9 at 40 ms, then one still of 400 ms, then 10 more: 20 images over 1.16 s.
    std::vector<std::int64_t> times_ms;
    for (int i = 0; i < 10; ++i) times_ms.push_back(40 * i);
    for (int i = 0; i < 10; ++i) times_ms.push_back(760 + 40 * i);
    test::write_timed_pictures(path, times_ms, 96, 64);
    VideoReader reader(path, {25, 1});
    Image image;
    int frames = 0;
    for (; reader.read(image); ++frames) {
        const int shown = frames < 10 ? frames : frames < 15 ? 9 : frames < 19 ? 10 : frames - 9;
        if (frames == 14) continue;  // halfway between two images
        EXPECT_GT(psnr(image, test::picture(96, 64, shown)), 28) << frames;
    }
    EXPECT_EQ(frames, 29);
}

TEST(Media, RotatedPhoneVideoComesUpright) {
    const Scratch scratch;
    test::write_clip(scratch / "plain.mp4", {.num_frames = 3});
    test::copy_streams(scratch / "plain.mp4", scratch / "turned.mp4", {.clockwise_degrees = 90});
    VideoReader reader(scratch / "turned.mp4");
    EXPECT_EQ(reader.width(), 64);
    EXPECT_EQ(reader.height(), 96);
    Image turned;
    ASSERT_TRUE(reader.read(turned));
    const Image plain = test::picture(96, 64, 0);
    // Shown turned clockwise by 90 degrees: the left column becomes the top row.
    Image expected(64, 96);
    for (int y = 0; y < 96; ++y) {
        for (int x = 0; x < 64; ++x) std::copy_n(plain.pixel(y, 63 - x), 3, expected.pixel(x, y));
    }
    EXPECT_GT(psnr(turned, expected), 34);
}

class WavRate : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(WavRate, SampleCountsAreExact) {
    const auto [rate, bits] = GetParam();
    const Scratch scratch;
    const std::size_t samples = static_cast<std::size_t>(1.7 * rate);
    test::write_wav(scratch / "t.wav", rate, bits, test::tone(samples, rate, 440));
    const std::vector<float> got = read_audio(scratch / "t.wav", 1 << 22);
    EXPECT_EQ(got.size(),
              static_cast<std::size_t>(std::llround(static_cast<double>(samples) * 16000 / rate)));
    double error = 0;
    for (std::size_t i = 400; i + 400 < got.size(); ++i) {
        error = std::max(error, std::abs(got[i] - 0.5 * std::sin(2 * M_PI * 440 * i / 16000.0)));
    }
    EXPECT_LT(error, bits == 8 ? 0.02 : 0.005);
}
INSTANTIATE_TEST_SUITE_P(Rates, WavRate,
                         testing::Values(std::pair{8000, 16}, std::pair{16000, 16}, std::pair{44100, 16},
                                         std::pair{192000, 16}, std::pair{22050, 8}, std::pair{48000, 32}));

TEST(Media, BlockSizeDoesNotChangeTheSound) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 44100, 16, test::tone(50000, 44100, 300));
    const std::vector<float> whole = read_audio(scratch / "t.wav", 1 << 22);
    AudioReader reader(scratch / "t.wav");
    std::vector<float> pieces, block(333);
    while (const std::size_t got = reader.read(block.data(), block.size())) {
        pieces.insert(pieces.end(), block.begin(), block.begin() + got);
    }
    EXPECT_EQ(pieces, whole);
}

TEST(Media, PngIsExact) {
    const Scratch scratch;
    const Image image = test::picture(37, 21, 5);
    write_png(scratch / "p.png", image);
    EXPECT_EQ(read_image(scratch / "p.png").rgb, image.rgb);
}

TEST(Resize, WholeCropAtItsOwnSizeIsTheSamePicture) {
    const Image image = test::picture(64, 64, 1);
    EXPECT_EQ(crop_and_resize(image, {0, 0, 64, 64}, 64).rgb, image.rgb);
    const Image part = crop_and_resize(image, {8, 16, 32, 32}, 32);
    for (int c = 0; c < 3; ++c) EXPECT_EQ(part.pixel(3, 4)[c], image.pixel(11, 20)[c]);
}

TEST(Resize, RampsStayRampsAndFineStripesBecomeGrey) {
    Image ramp(128, 128), stripes(128, 128);
    for (int y = 0; y < 128; ++y) {
        for (int x = 0; x < 128; ++x) {
            for (int c = 0; c < 3; ++c) {
                ramp.pixel(x, y)[c] = static_cast<std::uint8_t>(x + 20);
                stripes.pixel(x, y)[c] = x % 2 ? 255 : 0;
            }
        }
    }
    const Image small = crop_and_resize(ramp, {20.5, 20.5, 64, 64}, 32);
    // Output pixel i covers source columns 20.5 + 2 i .. 22.5 + 2 i, whose middle is column index 21 + 2 i.
    for (int x = 0; x < 32; ++x) EXPECT_NEAR(small.pixel(x, 9)[1], 20 + 21 + 2 * x, 1) << x;
    const Image grey = crop_and_resize(stripes, {16, 16, 96, 96}, 32);
    for (int x = 0; x < 32; ++x) EXPECT_NEAR(grey.pixel(x, 9)[0], 127.5, 8);
}

TEST(Resize, OutsideRepeatsTheEdgeAndEmptyIsRefused) {
    Image grey(16, 16);
    std::fill(grey.rgb.begin(), grey.rgb.end(), 77);
    for (std::uint8_t value : crop_and_resize(grey, {-30, -3, 40, 40}, 24).rgb) EXPECT_EQ(value, 77);
    EXPECT_THROW(crop_and_resize(grey, {0, 0, 0, 8}, 8), Error);
    EXPECT_THROW(crop_and_resize(Image(), {0, 0, 8, 8}, 8), Error);
}

}  // namespace
}  // namespace vultus::media
