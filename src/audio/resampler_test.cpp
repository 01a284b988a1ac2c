#include "audio/resampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::audio {
namespace {

std::vector<float> tone(double hz, int rate_hz, std::int64_t count) {
    std::vector<float> audio(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < audio.size(); ++i)
        audio[i] =
            static_cast<float>(0.5 * std::sin(6.283185307179586 * hz * static_cast<double>(i) / rate_hz));
    return audio;
}

std::vector<float> resample(const std::vector<float>& audio, int from_hz, int to_hz, std::int64_t part) {
    Resampler resampler(from_hz, to_hz);
    std::vector<float> out;
    for (std::size_t at = 0; at < audio.size(); at += static_cast<std::size_t>(part))
        resampler.push(&audio[at], std::min<std::int64_t>(part, static_cast<std::int64_t>(audio.size() - at)),
                       out);
    resampler.finish(out);
    return out;
}

TEST(Resampler, AToneStaysThatTone) {
    for (const int rate : {8000, 11025, 22050, 24000, 44100, 48000, 44101}) {
        const std::vector<float> out = resample(tone(1000, rate, rate), rate, 16000, rate);
        const std::vector<float> want = tone(1000, 16000, 16000);
        ASSERT_EQ(out.size(), want.size()) << rate;
        for (std::size_t i = 200; i + 200 < out.size(); ++i)
            ASSERT_NEAR(out[i], want[i], 1e-3) << rate << ", " << i;
    }
}

TEST(Resampler, WhatTheNewRateCannotHoldIsGone) {
    const std::vector<float> out = resample(tone(11000, 48000, 48000), 48000, 16000, 4800);
    for (std::size_t i = 200; i + 200 < out.size(); ++i) ASSERT_LT(std::abs(out[i]), 1e-3);
}

TEST(Resampler, AnyPartsGiveTheSameBits) {
    const std::vector<float> audio = tone(440, 44100, 9000);
    const std::vector<float> whole = resample(audio, 44100, 16000, 1000000);
    EXPECT_EQ(whole.size(), 3266u);  // 9000 * 16000 / 44100, rounded up
    for (const std::int64_t part : {1, 7, 441, 5000}) EXPECT_EQ(resample(audio, 44100, 16000, part), whole);
}

TEST(Resampler, TheSameRateChangesNothing) {
    const std::vector<float> audio = tone(440, 16000, 100);
    EXPECT_EQ(resample(audio, 16000, 16000, 3), audio);
}

TEST(Resampler, RefusesOtherRates) {
    EXPECT_THROW(Resampler(7999, 16000), Error);
    EXPECT_THROW(Resampler(16000, 200000), Error);
}

}  // namespace
}  // namespace vultus::audio
