#include "evaluation/steadiness.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace vultus::evaluation {
namespace {

constexpr int kSize = 64;

/// Left a wall that stands still, right a person who moves; what is drawn follows the person at
/// `follows` and has noise everywhere.
std::vector<std::uint8_t> share_of(double follows, double noise) {
    ShownShare share(std::vector<std::uint8_t>(3 * kSize * kSize, 128), kSize);
    Rng rng(3);
    for (int frame = 0; frame < 200; ++frame) {
        std::vector<std::uint8_t> recorded, drawn;
        const double move = 30 * rng.normal();
        for (int i = 0; i < 3 * kSize * kSize; ++i) {
            const double wanted = i / 3 % kSize < kSize / 2 ? 0 : move;
            const auto byte = [](double value) {
                return static_cast<std::uint8_t>(std::clamp(value + 128.5, 0.0, 255.0));
            };
            recorded.push_back(byte(wanted));
            drawn.push_back(byte(follows * wanted + noise * rng.normal()));
        }
        share.add(recorded.data(), drawn.data());
    }
    EXPECT_EQ(share.num_frames(), 200);
    return share.result();
}

TEST(Steadiness, AWallIsShownStillAndAPersonAsDrawn) {
    const std::vector<std::uint8_t> map = share_of(1, 3);
    for (int y = 4; y < kSize - 4; ++y) {
        EXPECT_LT(map[static_cast<std::size_t>(y * kSize + kSize / 4)], 10) << y;
        EXPECT_GT(map[static_cast<std::size_t>(y * kSize + 3 * kSize / 4)], 245) << y;
    }
}

TEST(Steadiness, WhatIsDrawnTooStronglyIsShownInPart) {
    // Least squares: recorded * drawn / drawn^2 = 1 / 2.
    EXPECT_NEAR(share_of(2, 0)[static_cast<std::size_t>(kSize / 2 * kSize + 3 * kSize / 4)], 128, 8);
    EXPECT_EQ(share_of(0.5, 0)[static_cast<std::size_t>(kSize / 2 * kSize + 3 * kSize / 4)], 255)
        << "never more than what is drawn";
}

TEST(Steadiness, RefusesAnotherSize) {
    EXPECT_THROW(ShownShare(std::vector<std::uint8_t>(3 * 16 * 16), 32), Error);
}

}  // namespace
}  // namespace vultus::evaluation
