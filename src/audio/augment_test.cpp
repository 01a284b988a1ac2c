#include "audio/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "audio/voice_shift.h"
#include "base/error.h"

namespace vultus::audio {
namespace {

constexpr int kRateHz = 16000;

// Syllables: pulse trains through a resonance, with pauses.
std::vector<float> speech_like(double pitch_hz, double seconds, double formant_hz = 700.0,
                               bool pauses = true) {
    std::vector<float> audio(static_cast<std::size_t>(seconds * kRateHz), 0.0f);
    const double radius = std::exp(-M_PI * 120.0 / kRateHz);
    const double a1 = 2 * radius * std::cos(2 * M_PI * formant_hz / kRateHz), a2 = -radius * radius;
    double y1 = 0, y2 = 0, phase = 0;
    for (std::size_t i = 0; i < audio.size(); ++i) {
        phase += pitch_hz / kRateHz;
        double pulse = 0;
        if (phase >= 1) {
            phase -= 1;
            pulse = 0.2;
        }
        const double t = static_cast<double>(i) / kRateHz;
        if (pauses)
            pulse *= std::max(0.0, std::sin(2 * M_PI * 1.7 * t) + 0.5 * std::sin(2 * M_PI * 2.9 * t + 1));
        const double y = pulse + a1 * y1 + a2 * y2;
        y2 = y1;
        y1 = y;
        audio[i] = static_cast<float>(y);
    }
    return audio;
}

// The shortest period whose correlation comes near the best: its multiples correlate as well.
double pitch_of(const std::vector<float>& audio) {
    constexpr int kShortest = 40, kLongest = 320;  // 400 to 50 Hz
    const std::size_t from = audio.size() / 4, count = audio.size() / 2;
    std::vector<double> scores(kLongest + 2, 0.0);
    for (int lag = kShortest; lag <= kLongest; ++lag) {
        double cross = 0, energy = 1e-12;
        for (std::size_t i = from; i < from + count; ++i) {
            cross += double(audio[i]) * audio[i - lag];
            energy += double(audio[i - lag]) * audio[i - lag];
        }
        scores[lag] = cross / energy;
    }
    const double enough = 0.75 * *std::max_element(scores.begin(), scores.end());
    for (int lag = kShortest + 1; lag < kLongest; ++lag)
        if (scores[lag] >= enough && scores[lag] >= scores[lag - 1] && scores[lag] >= scores[lag + 1])
            return static_cast<double>(kRateHz) / lag;
    return 0;
}

double power_at(const std::vector<float>& audio, double low_hz, double high_hz) {
    double sum = 0;
    for (double hz = low_hz; hz < high_hz; hz += 10) {
        double re = 0, im = 0;
        for (std::size_t i = 4000; i < 12000; ++i) {
            re += audio[i] * std::cos(2 * M_PI * hz * static_cast<double>(i) / kRateHz);
            im += audio[i] * std::sin(2 * M_PI * hz * static_cast<double>(i) / kRateHz);
        }
        sum += re * re + im * im;
    }
    return sum;
}

std::vector<double> log_energy(const std::vector<float>& audio) {
    std::vector<double> levels;
    for (std::size_t at = 0; at + 160 <= audio.size(); at += 160) {
        double sum = 1e-4;
        for (std::size_t i = at; i < at + 160; ++i) sum += double(audio[i]) * audio[i];
        levels.push_back(std::log(sum));
    }
    return levels;
}

// Lag (10 ms steps) at which the loudness of b follows that of a best.
int best_lag(const std::vector<float>& a, const std::vector<float>& b) {
    const auto x = log_energy(a), y = log_energy(b);
    int lag_of_best = 99;
    double best = -1e9;
    for (int lag = -10; lag <= 10; ++lag) {
        double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0, n = 0;
        for (int i = 10; i + 10 < static_cast<int>(x.size()); ++i) {
            const double u = x[i], v = y[i + lag];
            sx += u, sy += v, sxx += u * u, syy += v * v, sxy += u * v, ++n;
        }
        const double r = (sxy - sx * sy / n) / std::sqrt((sxx - sx * sx / n) * (syy - sy * sy / n) + 1e-12);
        if (r > best) {
            best = r;
            lag_of_best = lag;
        }
    }
    return lag_of_best;
}

TEST(VoiceShift, WithoutChangeGivesTheSameSound) {
    const std::vector<float> audio = speech_like(120, 1.0);
    const std::vector<float> out = shift_voice(audio, {1.0, 1.0, {}});
    ASSERT_EQ(out.size(), audio.size());
    for (std::size_t i = 0; i < audio.size(); ++i) ASSERT_NEAR(out[i], audio[i], 1e-5) << i;
}

TEST(VoiceShift, MovesThePitchAsAsked) {
    const std::vector<float> audio = speech_like(120, 1.5, 700, false);
    EXPECT_NEAR(pitch_of(audio), 120, 1.5);
    for (const double factor : {0.6, 0.8, 1.3, 1.7})
        EXPECT_NEAR(pitch_of(shift_voice(audio, {factor, 1.0, {}})), 120 * factor, 120 * factor * 0.02)
            << factor;
}

TEST(VoiceShift, PitchLeavesFormantsAndFormantsLeavePitch) {
    const std::vector<float> audio = speech_like(110, 1.0, 1000, false);
    const std::vector<float> high = shift_voice(audio, {1.0, 1.2, {}});
    EXPECT_NEAR(pitch_of(high), 110, 2);
    EXPECT_GT(power_at(high, 1100, 1300), power_at(high, 900, 1100));
    EXPECT_LT(power_at(audio, 1100, 1300), power_at(audio, 900, 1100));
    const std::vector<float> shifted = shift_voice(audio, {1.5, 1.0, {}});
    EXPECT_GT(power_at(shifted, 850, 1150), 2 * power_at(shifted, 1350, 1650));
}

TEST(VoiceShift, AppliesTheGainCurve) {
    const std::vector<float> audio = speech_like(120, 1.0, 700, false);
    VoiceShift shift;
    shift.gain = [](double hz) { return hz < 1500 ? 0.5 : 2.0; };
    const std::vector<float> out = shift_voice(audio, shift);
    EXPECT_NEAR(power_at(out, 400, 900) / power_at(audio, 400, 900), 0.25, 0.01);
    EXPECT_NEAR(power_at(out, 2500, 3500) / power_at(audio, 2500, 3500), 4.0, 0.2);
}

TEST(VoiceShift, RefusesFactorsOutOfRange) {
    EXPECT_THROW(shift_voice({0.1f}, {0.1, 1.0, {}}), Error);
    EXPECT_THROW(shift_voice({0.1f}, {1.0, std::nan(""), {}}), Error);
}

TEST(Augment, KeepsLengthAndTimingAndStaysFinite) {
    const std::vector<float> audio = speech_like(120, 3.0);
    for (int seed = 0; seed < 40; ++seed) {
        Rng rng(seed);
        const std::vector<float> out = augment(audio, rng);
        ASSERT_EQ(out.size(), audio.size());
        for (const float value : out) ASSERT_TRUE(std::isfinite(value) && std::abs(value) <= 1.0f) << seed;
        // Strong reverberation smears by up to 20 ms, half a video frame.
        EXPECT_LE(std::abs(best_lag(audio, out)), 2) << "seed " << seed;
    }
}

TEST(Augment, PitchAndFormantsAloneKeepTheTimingExactly) {
    const std::vector<float> audio = speech_like(120, 3.0);
    for (const double pitch : {0.6, 0.8, 1.25, 1.7}) {
        EXPECT_EQ(best_lag(audio, shift_voice(audio, {pitch, 0.9, {}})), 0) << pitch;
        EXPECT_EQ(best_lag(audio, shift_voice(audio, {pitch, 1.15, {}})), 0) << pitch;
    }
}

TEST(Augment, IsDeterministicAndVaries) {
    const std::vector<float> audio = speech_like(120, 1.0);
    Rng a(5), b(5), c(6);
    const std::vector<float> first = augment(audio, a);
    EXPECT_EQ(first, augment(audio, b));
    EXPECT_EQ(a.state(), b.state());
    EXPECT_NE(first, augment(audio, c));
}

TEST(Augment, BearsSilenceAndVeryShortSounds) {
    for (const std::size_t size : {0u, 1u, 17u, 4000u})
        for (int seed = 0; seed < 20; ++seed) {
            Rng rng(seed);
            const std::vector<float> out = augment(std::vector<float>(size, 0.0f), rng);
            ASSERT_EQ(out.size(), size);
            for (const float value : out) ASSERT_TRUE(std::isfinite(value));
        }
}

TEST(Augment, NoiseHasTheAskedLevel) {
    AugmentOptions options;
    options.voice_probability = options.equalizer_probability = options.telephone_probability = 0;
    options.room_probability = options.gain_probability = 0;
    options.noise_probability = 1;
    options.snr_low_db = options.snr_high_db = 10;
    const std::vector<float> audio = speech_like(120, 2.0);
    for (int seed = 0; seed < 6; ++seed) {
        Rng rng(seed);
        const std::vector<float> out = augment(audio, rng, options);
        double signal = 0, noise = 0;
        for (std::size_t i = 0; i < audio.size(); ++i) {
            signal += double(audio[i]) * audio[i];
            noise += double(out[i] - audio[i]) * (out[i] - audio[i]);
        }
        EXPECT_NEAR(10 * std::log10(signal / noise), 10, 0.3) << seed;
    }
}

}  // namespace
}  // namespace vultus::audio
