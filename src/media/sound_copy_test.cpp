#include "media/sound_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/test_media.h"
#include "media/video_writer.h"

namespace vultus::media {
namespace {

using test::Scratch;

/// All packets of the sound, one after the other.
std::string packets_of(const std::filesystem::path& path) {
    const Input input(path);
    const int index = find_stream(input.format(), AVMEDIA_TYPE_AUDIO);
    const PacketPtr packet = make_packet();
    std::string all;
    while (av_read_frame(input.format(), packet.get()) >= 0) {
        if (packet->stream_index == index)
            all.append(reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size));
        av_packet_unref(packet.get());
    }
    return all;
}

/// Pictures with the sound of that file; whether it was copied.
bool write_with_sound_of(const std::filesystem::path& sound, const std::filesystem::path& path,
                         int num_frames) {
    VideoWriterOptions options;
    options.width = options.height = 64;
    options.with_audio = true;
    options.copied_sound = sound;
    VideoWriter writer(path, options);
    const Image image = test::picture(64, 64, 0);
    const std::vector<float> silence(640);
    for (int frame = 0; frame < num_frames; ++frame) {
        writer.write_audio(silence.data(), silence.size());
        writer.write_frame(image.rgb.data());
    }
    writer.finish();
    return writer.copies_sound();
}

/// Root mean square of the difference at the best of the shifts up to a millisecond, which is Matroska's
/// clock.
double rms_difference(const std::vector<float>& a, const std::vector<float>& b) {
    constexpr std::ptrdiff_t kMost = 16, kFrom = 8000, kTo = 24000;
    double least = 1;
    for (std::ptrdiff_t shift = -kMost; shift <= kMost; ++shift) {
        double sum = 0;
        for (std::ptrdiff_t i = kFrom; i < kTo; ++i) {
            const double difference = a[static_cast<std::size_t>(i)] - b[static_cast<std::size_t>(i + shift)];
            sum += difference * difference;
        }
        least = std::min(least, std::sqrt(sum / (kTo - kFrom)));
    }
    return least;
}

std::ptrdiff_t onset(const std::vector<float>& samples) {
    return std::find_if(samples.begin(), samples.end(), [](float x) { return std::abs(x) > 0.2f; }) -
           samples.begin();
}

TEST(SoundCopy, IsTheSameBytesAtTheSameTimes) {
    const Scratch scratch;
    test::write_clip(scratch / "aac.mp4", {.num_frames = 50, .audio_seconds = 2});
    test::write_clip(scratch / "opus.webm", {.num_frames = 50, .audio_seconds = 2});
    // As phones film: the sound begins after, or before, the image.
    test::copy_streams(scratch / "aac.mp4", scratch / "later.mp4", {.sound_later_seconds = 0.3});
    test::copy_streams(scratch / "aac.mp4", scratch / "earlier.mkv", {.sound_later_seconds = -0.2});
    for (const auto& [from, to] : {std::pair{"aac.mp4", "a.mp4"}, std::pair{"aac.mp4", "a.mov"},
                                   std::pair{"aac.mp4", "a.mkv"}, std::pair{"opus.webm", "o.webm"},
                                   std::pair{"later.mp4", "l.mp4"}, std::pair{"earlier.mkv", "e.mp4"}}) {
        ASSERT_TRUE(write_with_sound_of(scratch / from, scratch / to, 50)) << from << " " << to;
        const std::string given = packets_of(scratch / from), copied = packets_of(scratch / to);
        EXPECT_EQ(given.compare(0, copied.size(), copied), 0) << from << " " << to;
        EXPECT_GT(copied.size(), given.size() * 8 / 10) << "what goes beyond the images is left out";
        const auto before = read_audio(scratch / from, 1 << 20), after = read_audio(scratch / to, 1 << 20);
        ASSERT_GT(std::min(before.size(), after.size()), std::size_t{25000}) << from << " " << to;
        EXPECT_LT(std::abs(onset(before) - onset(after)), 32) << from << " " << to;
        EXPECT_LT(rms_difference(before, after), 0.05) << from << " " << to;
    }
}

TEST(SoundCopy, EndsWithTheImages) {
    const Scratch scratch;
    test::write_clip(scratch / "aac.mp4", {.num_frames = 100, .audio_seconds = 4});
    ASSERT_TRUE(write_with_sound_of(scratch / "aac.mp4", scratch / "a.mp4", 25));
    EXPECT_NEAR(static_cast<double>(read_audio(scratch / "a.mp4", 1 << 20).size()) / 16000, 1, 0.03);
}

TEST(SoundCopy, WhatTheFormatLacksIsEncoded) {
    const Scratch scratch;
    test::write_clip(scratch / "aac.mp4", {.num_frames = 25, .audio_seconds = 1});
    test::write_wav(scratch / "s.wav", 16000, 16, test::tone(16000, 16000, 220));
    EXPECT_FALSE(write_with_sound_of(scratch / "aac.mp4", scratch / "a.webm", 25));
    EXPECT_FALSE(write_with_sound_of(scratch / "s.wav", scratch / "b.mp4", 25));
    EXPECT_FALSE(packets_of(scratch / "a.webm").empty());
    EXPECT_FALSE(packets_of(scratch / "b.mp4").empty());
}

}  // namespace
}  // namespace vultus::media
