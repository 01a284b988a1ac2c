#include "evaluation/lip_calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace vultus::evaluation {
namespace {

constexpr std::size_t kWidth = 12, kFrames = 800;

/// Row i of a [N, width] times column k of b [width, 2].
double dot(const std::vector<float>& a, std::size_t i, const std::vector<float>& b, std::size_t k) {
    double sum = 0;
    for (std::size_t d = 0; d < kWidth; ++d) sum += static_cast<double>(a[i * kWidth + d]) * b[2 * d + k];
    return sum;
}

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(rng.normal());
    return values;
}

/// Latents that lie in seven dimensions of different spread, as predicted ones do.
std::vector<float> latents(std::uint64_t seed) {
    const std::vector<float> sources = normal(kFrames * 7, seed), mix = normal(7 * kWidth, 3);
    std::vector<float> out(kFrames * kWidth, 0.0f);
    for (std::size_t i = 0; i < kFrames; ++i)
        for (std::size_t s = 0; s < 7; ++s)
            for (std::size_t d = 0; d < kWidth; ++d)
                out[i * kWidth + d] += sources[i * 7 + s] * mix[s * kWidth + d] / static_cast<float>(1 + s);
    return out;
}

std::vector<float> lips(const std::vector<float>& z, const std::vector<float>& probe, double noise) {
    std::vector<float> out = normal(kFrames * 2, 5);
    for (std::size_t i = 0; i < kFrames; ++i)
        for (std::size_t k = 0; k < 2; ++k)
            out[2 * i + k] = static_cast<float>(noise * out[2 * i + k] + dot(z, i, probe, k));
    return out;
}

/// What is drawn: the width follows the opening, and most of what is meant.
std::vector<float> drawn_probe(const std::vector<float>& meant) {
    std::vector<float> out = meant;
    for (std::size_t d = 0; d < kWidth; ++d) {
        out[2 * d] = 0.9f * meant[2 * d];
        out[2 * d + 1] = 0.7f * meant[2 * d + 1] + 0.4f * meant[2 * d];
    }
    return out;
}

TEST(LipCalibration, LipsAreDrawnAsWideAsMeantAndAsOpenAsBefore) {
    const std::vector<float> z = latents(1), other = latents(2), meant = normal(2 * kWidth, 11),
                             drawn = drawn_probe(meant);
    const LipCorrection correction = correct_lips(z, lips(z, drawn, 0.01), meant);
    EXPECT_TRUE(correction.can_be_trusted());
    EXPECT_LT(correction.meant_r[1], correction.fit_r[1] - 0.01);
    EXPECT_GT(correction.fit_r[1], 0.99);
    // On latents that it never saw.
    double opening_moved = 0, width_off = 0, width_off_before = 0, opening_size = 0, width_size = 0;
    for (std::size_t i = 0; i < kFrames; ++i) {
        std::vector<float> corrected(kWidth, 0.0f);
        for (std::size_t d = 0; d < kWidth; ++d)
            for (std::size_t e = 0; e < kWidth; ++e)
                corrected[d] += correction.matrix[d * kWidth + e] * other[i * kWidth + e];
        const double want = dot(other, i, meant, 1), opening = dot(other, i, drawn, 0);
        opening_moved += std::pow(dot(corrected, 0, drawn, 0) - opening, 2);
        width_off += std::pow(dot(corrected, 0, drawn, 1) - want, 2);
        width_off_before += std::pow(dot(other, i, drawn, 1) - want, 2);
        opening_size += opening * opening;
        width_size += want * want;
        // Of corrected latents the new probe says how wide the old one said of plain ones.
        EXPECT_NEAR(dot(corrected, 0, correction.drawn_probe, 1), want, 0.02 * (1 + std::abs(want)));
    }
    EXPECT_LT(opening_moved, 0.001 * opening_size);
    EXPECT_LT(width_off, 0.01 * width_off_before);
    EXPECT_GT(width_off_before, 0.05 * width_size);
}

TEST(LipCalibration, ADirectionMovesTheDrawnLipsByOneUnit) {
    const std::vector<float> z = latents(1), meant = normal(2 * kWidth, 4);
    const LipCorrection correction = correct_lips(z, lips(z, meant, 0), meant);
    for (std::size_t j = 0; j < 2; ++j)
        for (std::size_t k = 0; k < 2; ++k) {
            double moved = 0;
            for (std::size_t d = 0; d < kWidth; ++d)
                moved +=
                    static_cast<double>(correction.from_lips[2 * d + j]) * correction.drawn_probe[2 * d + k];
            EXPECT_NEAR(moved, j == k ? 1 : 0, 1e-3);
        }
}

TEST(LipCalibration, ALargeChangeIsMadeInPart) {
    const std::vector<float> z = latents(1), meant = normal(2 * kWidth, 4);
    std::vector<float> drawn = meant;
    for (std::size_t d = 0; d < kWidth; ++d) drawn[2 * d + 1] = 0.4f * meant[2 * d + 1];
    const LipCorrection correction = correct_lips(z, lips(z, drawn, 0.01), meant);
    EXPECT_GT(correction.wanted, 0.5);
    EXPECT_TRUE(correction.can_be_trusted());
    double added = 0, size = 0, width_off = 0, width_off_before = 0;
    for (std::size_t i = 0; i < kFrames; ++i) {
        double width = 0;
        for (std::size_t d = 0; d < kWidth; ++d) {
            double corrected = 0;
            for (std::size_t e = 0; e < kWidth; ++e)
                corrected += correction.matrix[d * kWidth + e] * z[i * kWidth + e];
            added += std::pow(corrected - z[i * kWidth + d], 2);
            size += std::pow(z[i * kWidth + d], 2);
            width += corrected * drawn[2 * d + 1];
        }
        width_off += std::pow(width - dot(z, i, meant, 1), 2);
        width_off_before += std::pow(dot(z, i, drawn, 1) - dot(z, i, meant, 1), 2);
    }
    EXPECT_NEAR(std::sqrt(added / size), 0.35, 0.01);
    EXPECT_NEAR(std::sqrt(width_off / width_off_before), 1 - 0.35 / correction.wanted, 0.02);
}

TEST(LipCalibration, LipsThatFollowNothingAreLeftAlone) {
    const std::vector<float> z = latents(1), meant = normal(2 * kWidth, 4);
    const std::vector<float> nothing(2 * kWidth, 0.0f);
    EXPECT_FALSE(correct_lips(z, lips(z, nothing, 1), meant).can_be_trusted());
    // A mouth that hardly moves would need huge latents.
    std::vector<float> faint = meant;
    for (float& value : faint) value *= 0.01f;
    EXPECT_FALSE(correct_lips(z, lips(z, faint, 0), meant).can_be_trusted());
    for (const float value : correct_lips(z, lips(z, nothing, 0), meant).matrix)
        EXPECT_TRUE(std::isfinite(value));
}

TEST(LipCalibration, ABlinkIsNoStrongerThanEyesNeedToClose) {
    const std::vector<float> peaks = {0.4f, 0.6f, 0.8f, 1.0f};
    EXPECT_EQ(least_that_closes(peaks, {0.70, 0.60, 0.50, 0.52}), 0.8f) << "beyond it the lids only smear";
    EXPECT_EQ(least_that_closes(peaks, {0.70, 0.51, 0.50, 0.49}), 0.6f) << "nearly as closed as can be";
    EXPECT_EQ(least_that_closes(peaks, {0.9, 0.8, 0.7, 0.6}), 1.0f);
    EXPECT_EQ(least_that_closes(peaks, {0, 0, 0, 0}), 0.4f);
    EXPECT_THROW(least_that_closes(peaks, {0.5}), std::exception);
}

}  // namespace
}  // namespace vultus::evaluation
