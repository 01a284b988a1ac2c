#include "audio/voice_activity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audio/frame_features.h"
#include "base/rng.h"

namespace vultus::audio {
namespace {

constexpr float kLoudDb = -20;

TEST(VoiceActivityDetector, OpensAtOnceAndIsAtRestTwoHundredMillisecondsAfterTheEnd) {
    VoiceActivityDetector activity;
    EXPECT_EQ(activity.advance(0.99f, kLoudDb), 0);
    int opening = 0;
    while (activity.advance(0.01f, kLoudDb) < 1) ASSERT_LT(++opening, 4);
    float before = 1;
    int closing = 0;
    for (float gate = 1; gate > 0; ++closing) {
        ASSERT_LT(closing, 12);
        gate = activity.advance(0.99f, kLoudDb);
        EXPECT_LE(gate, before);
        EXPECT_LE(before - gate, 0.25f);  // no jump
        before = gate;
    }
    EXPECT_LE(closing, 11);
}

TEST(VoiceActivityDetector, AClickAQuietSoundAndADoubtfulOneOpenNothing) {
    VoiceActivityDetector activity;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(activity.advance(i % 10 == 0 ? 0.0f : 1.0f, kLoudDb), 0) << i;
        EXPECT_EQ(activity.advance(1.0f, kLoudDb), 0) << i;
    }
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(activity.advance(0.0f, VoiceActivityDetector::kLeastLevelDb - 3), 0) << i;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(activity.advance(0.5f, kLoudDb), 0) << i;
}

TEST(VoiceActivityDetector, WhatIsDoubtfulInSpeechGoesOn) {
    VoiceActivityDetector activity;
    for (int i = 0; i < 10; ++i) activity.advance(0.0f, kLoudDb);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(activity.advance(0.5f, kLoudDb), 1) << i;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(activity.advance(1.0f, kLoudDb), 1) << "a stop's closure";
}

/// Rows whose logits say silence or speech, in steps of `step` rows.
std::vector<float> gated(const std::vector<float>& rows, const std::vector<float>& log_mel,
                         std::int64_t step) {
    VoiceActivityGate gate({7, 8}, 3);
    const std::vector<float> mean(80, 0.0f), deviation(80, 1.0f);
    std::vector<float> out;
    const auto count = static_cast<std::int64_t>(rows.size()) / 5;
    for (std::int64_t at = 0; at < count; at += step) {
        const std::int64_t part = std::min(step, count - at);
        gate.hear(&log_mel[static_cast<std::size_t>(160 * at)], 2 * part, mean, deviation);
        gate.advance(&rows[static_cast<std::size_t>(5 * at)], part, out);
    }
    return out;
}

TEST(VoiceActivityGate, GivesTheRestWhereNobodySpeaksInStepsOfAnySize) {
    Rng rng(4);
    std::vector<float> rows, log_mel(160 * 60, 5.0f);
    for (int i = 0; i < 60; ++i) {
        const bool speech = i >= 20 && i < 40;
        for (int k = 0; k < 2; ++k) rows.push_back(static_cast<float>(rng.normal()));
        rows.push_back(speech ? -9.0f : 9.0f);
        rows.insert(rows.end(), {0.0f, 0.0f});
    }
    const std::vector<float> whole = gated(rows, log_mel, 60);
    ASSERT_EQ(whole.size(), 120u);
    for (int i : {0, 19, 51, 59}) {
        EXPECT_FLOAT_EQ(whole[static_cast<std::size_t>(2 * i)], 7) << i;
        EXPECT_FLOAT_EQ(whole[static_cast<std::size_t>(2 * i + 1)], 8) << i;
    }
    for (int i = 24; i < 44; ++i)
        EXPECT_FLOAT_EQ(whole[static_cast<std::size_t>(2 * i)], rows[static_cast<std::size_t>(5 * i)]) << i;
    for (const std::int64_t step : {1, 7}) EXPECT_EQ(gated(rows, log_mel, step), whole) << step;
}

TEST(VoiceActivityGate, MeasuresTheLevelOfSoundInDecibelsOfFullScale) {
    // White noise just above and well below the least level, as log-mel rows; logits say speech throughout.
    for (const double level_db : {-65.0, -80.0}) {
        Rng rng(5);
        std::vector<float> audio(16000);
        for (float& sample : audio) sample = static_cast<float>(std::pow(10, level_db / 20) * rng.normal());
        const std::vector<float> mean(80, 0.0f), deviation(80, 1.0f);
        FrameFeatureStream mel(25.0, 4, mean, deviation);
        std::vector<float> log_mel, out;
        mel.push(audio.data(), 16000, log_mel);
        mel.finish(log_mel);
        VoiceActivityGate gate({7}, 2);
        gate.hear(log_mel.data(), static_cast<std::int64_t>(log_mel.size()) / 80, mean, deviation);
        std::vector<float> rows;
        for (int i = 0; i < 50; ++i) rows.insert(rows.end(), {1.0f, -9.0f, 9.0f});
        gate.advance(rows.data(), 50, out);
        EXPECT_FLOAT_EQ(out[30], level_db > -70 ? 1.0f : 7.0f) << level_db;
    }
}

}  // namespace
}  // namespace vultus::audio
