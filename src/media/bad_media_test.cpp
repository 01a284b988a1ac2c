#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace vultus::media {
namespace {

using test::Scratch;

/// Runs `work` and returns its error's text; fails the test if there is none or it is not one line.
template <typename Work>
std::string error_of(Work work, ErrorCode code) {
    try {
        work();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
}

TEST(BadMedia, TextCalledWav) {
    const Scratch scratch;
    write_file(scratch / "t.wav", "this is not sound, it only says so\n");
    const auto text = error_of([&] { AudioReader reader(scratch / "t.wav"); }, ErrorCode::kCorruptData);
    EXPECT_NE(text.find("t.wav"), std::string::npos);
    EXPECT_NE(text.find("not a media file"), std::string::npos);
}

TEST(BadMedia, MissingFileFolderAndEmptyFile) {
    const Scratch scratch;
    error_of([&] { VideoReader reader(scratch / "none.mp4"); }, ErrorCode::kIo);
    error_of([&] { VideoReader reader(scratch.path()); }, ErrorCode::kIo);
    write_file(scratch / "empty.mp4", "");
    error_of([&] { VideoReader reader(scratch / "empty.mp4"); }, ErrorCode::kCorruptData);
}

TEST(BadMedia, NoPictureAndNoSound) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 16000, 16, test::tone(1000, 16000, 100));
    EXPECT_NE(
        error_of([&] { VideoReader reader(scratch / "t.wav"); }, ErrorCode::kCorruptData).find("no picture"),
        std::string::npos);
    test::write_clip(scratch / "v.mp4", {.num_frames = 5});
    EXPECT_NE(
        error_of([&] { AudioReader reader(scratch / "v.mp4"); }, ErrorCode::kCorruptData).find("no sound"),
        std::string::npos);
}

TEST(BadMedia, CutMp4GivesItsFirstPicturesAndSaysHowLongItShouldBe) {
    const Scratch scratch;
    test::write_clip(scratch / "whole.mp4", {.num_frames = 100, .width = 192, .height = 160});
    const std::string bytes = read_file(scratch / "whole.mp4");
    write_file(scratch / "cut.mp4", bytes.substr(0, bytes.size() * 6 / 10));
    VideoReader reader(scratch / "cut.mp4");
    Image image;
    int frames = 0;
    while (reader.read(image)) ++frames;
    EXPECT_GT(frames, 10);
    EXPECT_LT(frames, 90);
    EXPECT_NEAR(reader.claimed_seconds(), 4.0, 0.05);
    write_file(scratch / "head.mp4", bytes.substr(0, 200));
    error_of([&] { VideoReader head(scratch / "head.mp4"); }, ErrorCode::kCorruptData);
}

TEST(BadMedia, DamagedPacketsAreCountedNotFatal) {
    const Scratch scratch;
    test::write_clip(scratch / "whole.mp4", {.num_frames = 100, .width = 192, .height = 160});
    std::string bytes = read_file(scratch / "whole.mp4");
    const std::size_t data = bytes.find("mdat") + 4, at = data + (bytes.size() - data) / 2;
    for (std::size_t i = at; i < at + 3000 && i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 73);
    write_file(scratch / "hit.mp4", bytes);
    VideoReader reader(scratch / "hit.mp4");
    Image image;
    int frames = 0;
    while (reader.read(image)) ++frames;
    EXPECT_GT(frames, 50);
    EXPECT_GT(reader.num_damaged(), 0);
}

TEST(BadMedia, EverySingleCutIsAnErrorOrPictures) {
    const Scratch scratch;
    test::write_clip(scratch / "whole.mp4",
                     {.num_frames = 6, .width = 32, .height = 32, .audio_seconds = 0.3});
    const std::string bytes = read_file(scratch / "whole.mp4");
    for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 40 + 1) {
        write_file(scratch / "cut.mp4", bytes.substr(0, size));
        try {
            VideoReader reader(scratch / "cut.mp4");
            Image image;
            int frames = 0;
            while (reader.read(image)) ASSERT_LE(++frames, 6);
            EXPECT_LE(read_audio(scratch / "cut.mp4", 1 << 20).size(), 8000u);
        } catch (const Error& error) {
            EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
        }
    }
}

TEST(BadMedia, NoSamplesAtAll) {
    const Scratch scratch;
    test::write_wav(scratch / "zero.wav", 16000, 16, {});
    EXPECT_TRUE(read_audio(scratch / "zero.wav", 1000).empty());
}

TEST(BadMedia, NanAndInfiniteSamples) {
    const Scratch scratch;
    for (float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        std::vector<float> samples = test::tone(48000, 48000, 200);
        samples[30000] = poison;
        test::write_wav(scratch / "nan.wav", 48000, 32, samples);
        const auto text =
            error_of([&] { read_audio(scratch / "nan.wav", 1 << 20); }, ErrorCode::kCorruptData);
        EXPECT_NE(text.find("NaN"), std::string::npos);
    }
}

TEST(BadMedia, TooLongSound) {
    const Scratch scratch;
    test::write_wav(scratch / "long.wav", 16000, 16, test::tone(20000, 16000, 200));
    error_of([&] { read_audio(scratch / "long.wav", 16000); }, ErrorCode::kInvalidArgument);
}

TEST(BadMedia, FullDisk) {
    const Scratch scratch;
    // A limit on the file size is what a full disk looks like to a writer: write() fails halfway.
    struct rlimit before;
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = before;
    small.rlim_cur = 40000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    std::string text;
    try {
        test::write_clip(scratch / "full.mp4", {.num_frames = 200, .width = 256, .height = 256});
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kIo);
        text = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_NE(text.find("cannot write"), std::string::npos);
}

TEST(BadMedia, WriterRefusesWhatItCannotDo) {
    const Scratch scratch;
    VideoWriterOptions options;
    options.width = 33;
    error_of([&] { VideoWriter writer(scratch / "odd.mp4", options); }, ErrorCode::kInvalidArgument);
    options.width = 32;
    options.fps_num = 0;
    error_of([&] { VideoWriter writer(scratch / "rate.mp4", options); }, ErrorCode::kInvalidArgument);
    options.fps_num = 25;
    error_of([&] { VideoWriter writer(scratch.path() / "no" / "folder.mp4", options); }, ErrorCode::kIo);
    VideoWriter writer(scratch / "none.mp4", options);
    error_of([&] { writer.finish(); }, ErrorCode::kInvalidArgument);
    EXPECT_THROW(write_png(scratch / "e.png", Image()), Error);
}

}  // namespace
}  // namespace vultus::media
