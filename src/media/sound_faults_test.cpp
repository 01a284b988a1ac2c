#include "media/sound_faults.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/test_media.h"
#include "media/wav_header.h"

namespace vultus::media {
namespace {

using test::Scratch;

constexpr std::size_t kMost = 1 << 22;

std::vector<std::string> faults_of(const std::filesystem::path& path, const AudioOptions& options = {}) {
    std::vector<std::string> faults;
    read_speech(path, kMost, options, faults);
    return faults;
}

/// One line that says so, and an error where the caller is strict.
void expect_fault(const std::filesystem::path& path, const std::string& says) {
    const std::vector<std::string> faults = faults_of(path);
    ASSERT_EQ(faults.size(), 1u) << path;
    EXPECT_NE(faults[0].find(says), std::string::npos) << faults[0];
    EXPECT_NE(faults[0].find(path.filename().string()), std::string::npos) << faults[0];
    EXPECT_THROW(faults_of(path, {.strict = true}), Error) << path;
}

/// `right` in units of the left channel.
void write_stereo(const std::filesystem::path& path, float right) {
    const std::vector<float> left = test::tone(32000, 16000, 220);
    std::vector<float> both;
    for (const float sample : left) both.insert(both.end(), {sample, right * sample});
    test::write_wav(path, 16000, 16, both);
    std::string bytes = read_file(path);
    bytes[22] = 2;  // channels; bytes a second and in a block are made to fit
    const std::uint32_t rate = 64000;
    std::memcpy(&bytes[28], &rate, 4);
    bytes[32] = 4;
    write_file(path, bytes);
}

TEST(SoundFaults, GoodSoundHasNone) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 16000, 16, test::tone(32000, 16000, 220));
    test::write_wav(scratch / "loud.wav", 48000, 32, [] {
        std::vector<float> samples = test::tone(48000, 48000, 220);
        for (float& sample : samples) sample *= 6;  // hot, and still a sound
        return samples;
    }());
    test::write_wav(scratch / "silent.wav", 16000, 16, std::vector<float>(16000, 0.0f));
    write_stereo(scratch / "same.wav", 1);
    write_stereo(scratch / "one_side.wav", 0);
    write_stereo(scratch / "half_opposite.wav", -0.5f);
    test::write_clip(scratch / "clip.mp4", {.audio_seconds = 1});
    test::copy_streams(scratch / "clip.mp4", scratch / "clip.mkv", {});
    for (const char* name : {"t.wav", "loud.wav", "silent.wav", "same.wav", "one_side.wav",
                             "half_opposite.wav", "clip.mp4", "clip.mkv"})
        EXPECT_TRUE(faults_of(scratch / name, {.strict = true}).empty()) << name;
    for (const char* name : {"bgwo2n.mkv", "lwar6n.mkv", "swbo9s.mkv", "three-sentences.wav"})
        EXPECT_TRUE(faults_of(std::string(VULTUS_SOURCE_DIR) + "/samples/" + name, {.strict = true}).empty())
            << name;
}

TEST(SoundFaults, CutShort) {
    const Scratch scratch;
    test::write_wav(scratch / "whole.wav", 16000, 16, test::tone(32000, 16000, 220));
    const std::string wav = read_file(scratch / "whole.wav");
    write_file(scratch / "half.wav", wav.substr(0, wav.size() / 2));
    expect_fault(scratch / "half.wav", "promises 2.00 s of sound, 1.00 s are there");
    write_file(scratch / "end.wav", wav.substr(0, wav.size() - 100));  // 3 ms
    EXPECT_TRUE(faults_of(scratch / "end.wav", {.strict = true}).empty());
    test::write_clip(scratch / "clip.mp4", {.num_frames = 100, .audio_seconds = 4});
    const std::string mp4 = read_file(scratch / "clip.mp4");
    write_file(scratch / "half.mp4", mp4.substr(0, mp4.size() / 2));
    expect_fault(scratch / "half.mp4", "cut short");
}

TEST(SoundFaults, ChannelsThatCancelEachOther) {
    const Scratch scratch;
    for (const float right : {-1.0f, -0.95f}) {
        write_stereo(scratch / "opposite.wav", right);
        expect_fault(scratch / "opposite.wav", "cancel each other");
    }
    std::vector<std::string> faults;
    const std::vector<float> left =
        read_speech(scratch / "opposite.wav", kMost, {.channel = Channel::kLeft, .strict = true}, faults);
    const std::vector<float> wanted = test::tone(32000, 16000, 220);
    ASSERT_EQ(left.size(), wanted.size());
    for (std::size_t i = 0; i < left.size(); ++i) ASSERT_NEAR(left[i], wanted[i], 1e-4);
    test::write_wav(scratch / "mono.wav", 16000, 16, wanted);
    EXPECT_TRUE(faults_of(scratch / "mono.wav", {.channel = Channel::kLeft}).empty());
    EXPECT_THROW(faults_of(scratch / "mono.wav", {.channel = Channel::kRight}), Error);
}

TEST(SoundFaults, IntegersStoredAsFloats) {
    const Scratch scratch;
    std::vector<float> samples = test::tone(32000, 16000, 220);
    for (float& sample : samples) sample *= 32767;
    test::write_wav(scratch / "scaled.wav", 16000, 32, samples);
    expect_fault(scratch / "scaled.wav", "expected -1..1");
}

TEST(WavHeader, LengthsThatAreKnown) {
    const Scratch scratch;
    test::write_wav(scratch / "t.wav", 8000, 16, test::tone(1000, 8000, 220));
    std::string wav = read_file(scratch / "t.wav");
    const auto header = read_wav_header(wav);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->data_bytes, 2000u);
    EXPECT_EQ(header->data_offset + 2000, wav.size());
    EXPECT_EQ(header->bytes_per_second, 16000u);
    std::memcpy(&wav[header->data_offset - 4], "\xFF\xFF\xFF\xFF", 4);
    EXPECT_FALSE(read_wav_header(wav)->data_bytes.has_value());
    for (std::size_t size = 0; size < header->data_offset; ++size)
        EXPECT_FALSE(read_wav_header(wav.substr(0, size)).has_value()) << size;
}

}  // namespace
}  // namespace vultus::media
