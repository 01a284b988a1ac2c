// What the speech encoder is fed: background sounds, and variations of log-mel rows.
#include "phone_training/mel_augment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "audio/log_mel.h"

namespace vultus::phone_training {
namespace {

const BackgroundSounds& sounds() {
    static const BackgroundSounds bank(5);
    return bank;
}

TEST(BackgroundSounds, PiecesAreOfTheStoreAndSoundsAreFinite) {
    Rng rng(8);
    for (const auto& draw : {draw_music, draw_breath, draw_coloured_noise}) {
        const std::vector<float> audio = draw(1.0, rng);
        ASSERT_EQ(audio.size(), 16000u);
        double power = 0;
        for (const float sample : audio) {
            ASSERT_TRUE(std::isfinite(sample));
            power += static_cast<double>(sample) * sample;
        }
        EXPECT_GT(power, 0);
    }
    // Longer than a sound: it goes round; all at the level of -30 dBFS.
    const auto period = static_cast<std::size_t>(audio::num_log_mel_frames(160000));
    double mean = 0;
    for (int i = 0; i < 20; ++i) {
        const std::vector<float> rows = sounds().draw(1500, rng);
        ASSERT_EQ(rows.size(), 1500u * 80);
        for (const float value : rows) {
            ASSERT_GE(value, 0);
            mean += value / (20.0 * static_cast<double>(rows.size()));
        }
        for (std::size_t k = 0; k < 80; ++k) ASSERT_EQ(rows[k], rows[period * 80 + k]);
    }
    EXPECT_GT(mean, 0.1);
    EXPECT_LT(mean, 100);
}

TEST(MelAugment, WithoutAnyVariationNothingChanges) {
    MelAugmentOptions none;
    none.warp_probability = none.equalizer_probability = none.room_probability = 0;
    none.noise_probability = none.telephone_probability = none.gain_low_db = none.gain_high_db = 0;
    Rng rng(1), draw(2);
    std::vector<float> rows = noise_log_mel(30, sounds(), draw);
    for (float& value : rows) value += 12;  // well above the floor
    std::vector<float> varied = rows;
    augment_log_mel(varied, {}, sounds(), rng, none);
    for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_NEAR(varied[i], rows[i], 1e-3) << i;
}

TEST(MelAugment, StaysFiniteAndAboveTheFloor) {
    Rng rng(3);
    for (int i = 0; i < 50; ++i) {
        std::vector<float> rows = noise_log_mel(40, sounds(), rng), other = noise_log_mel(40, sounds(), rng);
        augment_log_mel(rows, i % 2 ? other : std::vector<float>{}, sounds(), rng);
        for (const float value : rows) {
            ASSERT_TRUE(std::isfinite(value));
            ASSERT_GE(value, std::log(1e-5f) - 1e-3f);
        }
    }
}

TEST(MelAugment, NoiseComesAtItsLevel) {
    MelAugmentOptions noisy;
    noisy.warp_probability = noisy.equalizer_probability = noisy.room_probability = 0;
    noisy.telephone_probability = noisy.gain_low_db = noisy.gain_high_db = 0;
    noisy.noise_probability = 1;
    noisy.snr_low_db = noisy.snr_high_db = 10;
    Rng rng(4);
    std::vector<float> rows(80 * 200, 3.0f);
    augment_log_mel(rows, {}, sounds(), rng, noisy);
    double power = 0;
    for (const float value : rows) power += std::exp(value) / static_cast<double>(rows.size());
    EXPECT_NEAR(power / std::exp(3.0), 1.1, 1e-3);
}

}  // namespace
}  // namespace vultus::phone_training
