#include "audio/frame_features.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace vultus::audio {
namespace {

std::vector<float> noise(std::size_t count) {
    Rng rng(3);
    std::vector<float> audio(count);
    for (float& sample : audio) sample = static_cast<float>(0.1 * rng.normal());
    return audio;
}

TEST(FrameFeatures, At25FpsAreTheLogMelFrames) {
    const std::vector<float> audio = noise(16000);
    const std::vector<float> mel = log_mel(audio.data(), 16000);
    const std::vector<float> features = frame_features(audio, 20, 25.0, 4, {}, {});
    ASSERT_EQ(features.size(), 80u * 80u);
    for (std::size_t i = 0; i < features.size(); ++i) ASSERT_EQ(features[i], mel[i]);
}

TEST(FrameFeatures, TheEqualizerStartsWithWhatWasHeardBefore) {
    const std::vector<float> audio = noise(32000);
    const auto num_samples = static_cast<std::int64_t>(audio.size());
    for (const bool heard : {false, true}) {
        std::vector<float> given, expected = log_mel(audio.data(), num_samples);
        ChannelEqualizer equalizer;
        if (heard) equalizer.hear(expected.data(), static_cast<std::int64_t>(expected.size()) / 80);
        equalizer.advance(expected.data(), static_cast<std::int64_t>(expected.size()) / 80);
        FrameFeatureStream stream(25.0, 4, {}, {}, true);
        if (heard) stream.hear(audio.data(), num_samples);
        for (std::int64_t at = 0; at < num_samples; at += 500)
            stream.push(&audio[static_cast<std::size_t>(at)], 500, given);
        stream.finish(given);
        EXPECT_EQ(given, expected) << heard;
    }
}

TEST(FrameFeatures, AnyChunkingGivesTheSameBits) {
    const std::vector<float> audio = noise(24000);
    for (const double fps : {25.0, 30.0, 60000.0 / 1001}) {
        std::vector<float> whole, chunked;
        FrameFeatureStream one(fps, 4, {}, {}), many(fps, 4, {}, {});
        one.push(audio.data(), 24000, whole);
        one.finish(whole);
        Rng rng(5);
        for (std::size_t begin = 0; begin < audio.size();) {
            const std::size_t length = std::min<std::size_t>(rng.below(700), audio.size() - begin);
            many.push(audio.data() + begin, static_cast<std::int64_t>(length), chunked);
            begin += length;
        }
        many.finish(chunked);
        EXPECT_EQ(whole, chunked) << fps;
        EXPECT_NEAR(static_cast<double>(whole.size()) / 80, 1.5 * 4 * fps, 3);
    }
}

TEST(FrameFeatures, ShortSoundIsFilledWithSilence) {
    const std::vector<float> features = frame_features({0.5f, -0.5f}, 10, 25.0, 4, {}, {});
    ASSERT_EQ(features.size(), 40u * 80u);
    EXPECT_FLOAT_EQ(features.back(), std::log(1e-5f));
}

}  // namespace
}  // namespace vultus::audio
