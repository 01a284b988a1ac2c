// Sound through pipes: any file, samples without a header, and live.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <future>
#include <thread>

#include "base/error.h"
#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/test_media.h"

namespace vultus::media {
namespace {

using test::Scratch;

constexpr std::size_t kMost = 1 << 22;

/// A named pipe and somebody who writes into it.
class Pipe {
  public:
    explicit Pipe(const Scratch& scratch) : path_(scratch / "pipe") { ::mkfifo(path_.c_str(), 0600); }
    ~Pipe() {
        if (writer_.joinable()) writer_.join();
    }
    const std::filesystem::path& filled_with(const std::string& bytes) {
        if (writer_.joinable()) writer_.join();
        writer_ = std::thread([this, bytes] { std::ofstream(path_, std::ios::binary) << bytes; });
        return path_;
    }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
    std::thread writer_;
};

std::string error_of(const std::filesystem::path& path, const AudioOptions& options = {}) {
    try {
        std::vector<std::string> faults;
        read_speech(path, kMost, options, faults);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(Pipe, AnyFileIsHeardAsByItsName) {
    const Scratch scratch;
    test::write_wav(scratch / "slow.wav", 8000, 8, test::tone(9000, 8000, 220));
    test::write_wav(scratch / "fast.wav", 44100, 16, test::tone(70001, 44100, 220));
    test::write_clip(scratch / "front.mp4", {.audio_seconds = 1});
    for (const char* copy : {"back.mp4", "copy.mkv", "copy.mov", "copy.ts"})
        test::copy_streams(scratch / "front.mp4", scratch / copy, {});
    // Its index lies behind the data: a pipe can't go back.
    const std::string back = read_file(scratch / "back.mp4");
    ASSERT_GT(back.find("moov"), back.find("mdat"));
    Pipe pipe(scratch);
    for (const char* name :
         {"slow.wav", "fast.wav", "front.mp4", "back.mp4", "copy.mkv", "copy.mov", "copy.ts"}) {
        const std::vector<float> wanted = read_audio(scratch / name, kMost);
        ASSERT_GT(wanted.size(), 15000u) << name;
        EXPECT_EQ(read_audio(pipe.filled_with(read_file(scratch / name)), kMost), wanted) << name;
    }
}

TEST(Pipe, AWavWhoseWriterDidNotKnowItsLength) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 16000, 16, test::tone(20000, 16000, 220));
    const std::vector<float> wanted = read_audio(scratch / "t.wav", kMost);
    std::string bytes = read_file(scratch / "t.wav");
    const std::size_t size_at = bytes.find("data") + 4;
    Pipe pipe(scratch);
    for (const std::uint32_t size : {0u, 0xFFFFFFFFu, 0x7FFFFFFFu}) {
        std::memcpy(&bytes[size_at], &size, 4);
        EXPECT_EQ(read_audio(pipe.filled_with(bytes), kMost), wanted) << size;
    }
}

TEST(Pipe, ChunksBehindTheSamplesAreNoSound) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 16000, 16, test::tone(20000, 16000, 220));
    Pipe pipe(scratch);
    const std::string tagged = read_file(scratch / "t.wav") + std::string("LIST\x08\0\0\0INFOxxxx", 16);
    EXPECT_EQ(read_audio(pipe.filled_with(tagged), kMost), read_audio(scratch / "t.wav", kMost));
}

TEST(Pipe, LiveSoundIsGivenAsItComes) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 16000, 16, test::tone(16000, 16000, 220));
    const std::string wav = read_file(scratch / "t.wav");
    const std::size_t header = wav.size() - 32000;
    for (const bool raw : {false, true}) {
        Pipe pipe(scratch);
        std::ofstream writer;
        std::thread opener([&] { writer.open(pipe.path(), std::ios::binary); });
        std::vector<float> samples(8000);
        std::unique_ptr<AudioReader> reader;
        std::size_t heard = 0, sent = 3200;  // 100 ms in advance: a header has to be told from others
        auto opened = std::async(std::launch::async, [&] {
            return std::make_unique<AudioReader>(pipe.path(),
                                                 AudioOptions{.raw = raw ? "s16le:16000:1" : ""});
        });
        opener.join();
        writer << wav.substr(raw ? header : 0, (raw ? 0 : header) + sent) << std::flush;
        reader = opened.get();
        for (; sent < 32000; sent += 1280) {
            // Nothing more is sent before all of this is heard.
            while (heard < sent / 2) heard += reader->read_some(samples.data(), samples.size());
            ASSERT_EQ(heard, sent / 2);
            writer << wav.substr(header + sent, 1280) << std::flush;
        }
        writer.close();
        while (const std::size_t got = reader->read_some(samples.data(), samples.size())) heard += got;
        EXPECT_EQ(heard, 16000u);
        std::filesystem::remove(pipe.path());
    }
}

TEST(Pipe, RawSamplesAreWhatTheyAreSaidToBe) {
    const Scratch scratch;
    std::string bytes;
    for (int i = 0; i < 4000; ++i) {
        const float frame[2] = {0.25f, -0.125f + static_cast<float>(i) / 16000};
        bytes.append(reinterpret_cast<const char*>(frame), sizeof frame);
    }
    Pipe pipe(scratch);
    std::vector<std::string> faults;
    const std::vector<float> right = read_speech(
        pipe.filled_with(bytes), kMost, {.raw = "f32le:16000:2", .channel = Channel::kRight}, faults);
    ASSERT_EQ(right.size(), 4000u);
    for (int i = 0; i < 4000; ++i) ASSERT_NEAR(right[i], -0.125f + static_cast<float>(i) / 16000, 1e-6);
    write_file(scratch / "raw", bytes + "odd");
    EXPECT_EQ(read_speech(scratch / "raw", kMost, {.raw = "f32le:8000:2"}, faults).size(), 8000u);
    for (const char* bad : {"s16le", "s16le:16000", "s16le:16000:0", "s16le:16000:1:", "x:16000:1",
                            "mp3:16000:1", "s16le:-1:1", ":16000:1"})
        EXPECT_NE(error_of(scratch / "raw", {.raw = bad}).find("expected"), std::string::npos) << bad;
}

TEST(Pipe, WhatIsNoSoundSaysWhichKindOfNone) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 16000, 16, test::tone(20000, 16000, 220));
    const std::string wav = read_file(scratch / "t.wav");
    test::write_wav(scratch / "none.wav", 16000, 16, {});
    const std::string header = read_file(scratch / "none.wav");
    std::string unknown = wav;
    unknown[20] = 0x34, unknown[21] = 0x12;  // the tag of the codec
    Pipe pipe(scratch);
    const std::pair<std::string, const char*> cases[] = {
        {"", "empty (0 bytes)"},
        {header, "a header and no samples"},
        {wav.substr(header.size()), "--raw s16le:16000:1"},
        {"Dear diary, today I learnt nothing about sound.\n", "not a media file"},
        {unknown, "tag 0x1234"},
    };
    for (const auto& [bytes, says] : cases) {
        EXPECT_NE(error_of(pipe.filled_with(bytes)).find(says), std::string::npos) << says;
        if (bytes == cases[2].first) continue;  // a file's name is taken at its word
        write_file(scratch / "file.wav", bytes);
        EXPECT_NE(error_of(scratch / "file.wav").find(says), std::string::npos)
            << says << ": " << error_of(scratch / "file.wav");
    }
    EXPECT_NE(error_of(pipe.filled_with(""), {.raw = "s16le:16000:1"}).find("empty (0 bytes)"),
              std::string::npos);
}

}  // namespace
}  // namespace vultus::media
