#include "audio/audio_windows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace vultus::audio {
namespace {

/// Features that a window stands for here: each row is the sum of its reach.
struct Rows {
    std::vector<double> values;
    std::size_t longest = 0, windows = 0;
};

void take(AudioWindows& windows, const WindowSizes& sizes, bool last, Rows& rows) {
    while (const auto window = windows.next(last)) {
        ++rows.windows;
        rows.longest = std::max(rows.longest, window->audio.size());
        for (std::int64_t k = window->skip_rows; k < window->skip_rows + window->keep_rows; ++k) {
            double sum = 0;
            for (int i = 0; i < sizes.reach_samples; ++i)
                sum += window->audio[static_cast<std::size_t>(k * sizes.hop_samples + i)];
            rows.values.push_back(sum);
        }
    }
}

Rows rows_of(const std::vector<float>& audio, const WindowSizes& sizes, std::size_t part) {
    AudioWindows windows(sizes);
    Rows rows;
    for (std::size_t at = 0; at < audio.size(); at += part) {
        windows.push(&audio[at], static_cast<std::int64_t>(std::min(part, audio.size() - at)));
        take(windows, sizes, false, rows);
    }
    take(windows, sizes, true, rows);
    return rows;
}

std::vector<float> noise(std::size_t count) {
    Rng rng(count);
    std::vector<float> audio(count);
    for (float& sample : audio) sample = static_cast<float>(rng.normal());
    return audio;
}

constexpr WindowSizes kSmall{4, 7, 10, 3, true, false};

TEST(AudioWindows, EveryRowOnceHoweverTheSoundIsCut) {
    for (const bool centred : {true, false})
        for (const std::size_t count : {1, 4, 6, 7, 8, 55, 56, 57, 400, 1003}) {
            WindowSizes sizes = kSmall;
            sizes.centred = centred;
            const std::vector<float> audio = noise(count);
            const Rows whole = rows_of(audio, sizes, count);
            const std::size_t expected = centred ? (count + 3) / 4 : count < 7 ? 0 : (count - 7) / 4 + 1;
            ASSERT_EQ(whole.values.size(), expected) << count;
            const std::int64_t lead = centred ? 3 : 0;
            for (std::size_t k = 0; k < expected; ++k) {
                double sum = 0;
                for (std::int64_t i = 0; i < 7; ++i) {
                    const std::int64_t at = static_cast<std::int64_t>(4 * k) + i - lead;
                    if (at >= 0 && at < static_cast<std::int64_t>(count))
                        sum += audio[static_cast<std::size_t>(at)];
                }
                ASSERT_NEAR(whole.values[k], sum, 1e-9) << count << " row " << k;
            }
            for (const std::size_t part : {1, 3, 17, 200}) {
                const Rows parts = rows_of(audio, sizes, part);
                EXPECT_EQ(parts.values, whole.values);
                EXPECT_EQ(parts.windows, whole.windows);
                EXPECT_LE(parts.longest, static_cast<std::size_t>(15 * 4 + 7)) << "16 rows";
            }
        }
}

TEST(AudioWindows, ShortSoundComesWhole) {
    EXPECT_EQ(rows_of(noise(4 * 12), kSmall, 5).windows, 1u);
    EXPECT_EQ(rows_of(noise(4 * 14), kSmall, 5).windows, 2u);
}

TEST(AudioWindows, NormalisesEachWindow) {
    std::vector<float> audio = noise(500);
    for (float& sample : audio) sample = 0.01f * sample + 5;
    WindowSizes sizes = kSmall;
    sizes.normalise = true;
    AudioWindows windows(sizes);
    windows.push(audio.data(), 500);
    windows.next(false);
    const auto window = windows.next(false);
    ASSERT_TRUE(window.has_value());
    double sum = 0, squares = 0;
    for (const float sample : window->audio) {
        sum += sample;
        squares += sample * sample;
    }
    EXPECT_NEAR(sum, 0, 1e-3);
    EXPECT_NEAR(squares / static_cast<double>(window->audio.size()), 1, 2e-3);
}

TEST(AudioWindows, SilenceStaysSilent) {
    std::vector<float> audio(100, 0.0f);
    normalise_sound(audio);
    for (const float sample : audio) EXPECT_EQ(sample, 0.0f);
}

}  // namespace
}  // namespace vultus::audio
