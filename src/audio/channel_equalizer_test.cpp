#include "audio/channel_equalizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace vultus::audio {
namespace {

constexpr std::size_t kBands = ChannelEqualizer::kNumMels;
constexpr float kFloor = 1e-5f;

/// Rows whose bands wander about a level of 0; the last third is silence.
std::vector<float> speech(std::size_t num_rows, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<float> rows(num_rows * kBands);
    for (std::size_t row = 0; row < num_rows; ++row)
        for (std::size_t k = 0; k < kBands; ++k)
            rows[row * kBands + k] =
                row * 3 > num_rows * 2
                    ? std::log(kFloor)
                    : static_cast<float>(0.5 * rng.normal() - 0.03 * static_cast<double>(k));
    return rows;
}

/// Through a microphone that lifts or lowers bands slowly by up to `ln`.
std::vector<float> coloured(std::vector<float> rows, double ln) {
    for (std::size_t at = 0; at < rows.size(); ++at)
        rows[at] = std::log(
            (std::exp(rows[at]) - kFloor) *
                static_cast<float>(std::exp(ln * std::cos(0.06 * static_cast<double>(at % kBands)))) +
            kFloor);
    return rows;
}

double distance(const std::vector<float>& a, const std::vector<float>& b, std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t at = from * kBands; at < to * kBands; ++at) sum += std::abs(a[at] - b[at]);
    return sum / static_cast<double>((to - from) * kBands);
}

TEST(ChannelEqualizer, TakesAMicrophonesColourOff) {
    std::vector<float> plain = speech(1500, 1), through = coloured(plain, 1.2);
    const double before = distance(plain, through, 600, 1000);
    ChannelEqualizer a, b;
    a.advance(plain.data(), 1500);
    b.advance(through.data(), 1500);
    EXPECT_GT(before, 0.5);
    EXPECT_LT(distance(plain, through, 600, 1000), 0.4 * before);
    // Silence has no colour and gets none.
    for (std::size_t at = 1100 * kBands; at < 1500 * kBands; ++at)
        ASSERT_NEAR(through[at], std::log(kFloor), 1e-4) << at;
}

TEST(ChannelEqualizer, ChunkedEqualsWhole) {
    std::vector<float> whole = coloured(speech(400, 2), 1.0), parts = whole;
    ChannelEqualizer a, b;
    a.advance(whole.data(), 400);
    for (std::int64_t row = 0, count = 1; row < 400; row += count, count = count % 7 + 1)
        b.advance(parts.data() + row * static_cast<std::int64_t>(kBands),
                  std::min<std::int64_t>(count, 400 - row));
    EXPECT_EQ(whole, parts);
    b.restart();
    std::vector<float> again = coloured(speech(400, 2), 1.0);
    b.advance(again.data(), 400);
    EXPECT_EQ(whole, again) << "after a restart nothing is left of what was heard";
}

TEST(ChannelEqualizer, KeepsTheLevel) {
    std::vector<float> quiet = speech(900, 3), loud = quiet;
    for (std::size_t at = 0; at < loud.size(); ++at)
        loud[at] = std::log((std::exp(loud[at]) - kFloor) * 20 + kFloor);
    ChannelEqualizer a, b;
    a.advance(quiet.data(), 900);
    b.advance(loud.data(), 900);
    for (std::size_t at = 300 * kBands; at < 600 * kBands; ++at)
        ASSERT_NEAR(loud[at] - quiet[at], std::log(20.0), 0.02) << at;
}

TEST(ChannelEqualizer, HearingFirstIsAsIfTheRecordingHadGoneOn) {
    const std::vector<float> rows = coloured(speech(600, 4), 1.2);
    std::vector<float> cold = rows, warm = rows, reference = speech(600, 4);
    ChannelEqualizer a, b, c;
    a.advance(cold.data(), 600);
    b.hear(rows.data(), 600);
    b.advance(warm.data(), 600);
    c.hear(reference.data(), 600);
    c.advance(reference.data(), 600);
    EXPECT_LT(distance(warm, reference, 0, 50), 0.5 * distance(cold, reference, 0, 50));
}

}  // namespace
}  // namespace vultus::audio
