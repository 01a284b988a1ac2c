#include "evaluation/lip_ridge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace vultus::evaluation {
namespace {

constexpr int kWidth = 3;

struct Example {
    std::vector<float> features;
    metrics::LipMotion lips;
    std::vector<std::uint8_t> valid;
};

/// Lips that follow the features of the frame before and two frames on, and noise.
Example example(std::uint64_t seed, std::int64_t frames, double noise) {
    Rng rng(seed);
    Example made;
    for (std::int64_t i = 0; i < frames * kWidth; ++i)
        made.features.push_back(static_cast<float>(5 + 0.1 * rng.normal()));
    const auto at = [&](std::int64_t t, int k) {
        return made
            .features[static_cast<std::size_t>(std::clamp<std::int64_t>(t, 0, frames - 1) * kWidth + k)];
    };
    for (std::int64_t t = 0; t < frames; ++t) {
        made.lips.opening.push_back(
            static_cast<float>(0.3 + 2 * at(t - 1, 0) - at(t + 2, 2) + 0.1 * noise * rng.normal()));
        made.lips.width.push_back(static_cast<float>(0.8 - at(t, 1) + 0.1 * noise * rng.normal()));
        made.valid.push_back(1);
    }
    return made;
}

TEST(LipRidge, FindsAStraightLine) {
    LipRidge ridge(kWidth);
    const Example learnt = example(1, 40000, 0);
    ridge.add(learnt.features, learnt.lips, learnt.valid);
    ASSERT_TRUE(ridge.fit());
    const Example other = example(2, 200, 0);
    const metrics::LipMotion lips = ridge.predict(other.features);
    EXPECT_GT(metrics::pearson(lips.opening, other.lips.opening), 0.999);
    EXPECT_GT(metrics::pearson(lips.width, other.lips.width), 0.999);
    // About their means, and smaller by what the penalty of 1000 does to 40000 frames.
    EXPECT_NEAR(metrics::mean(lips.opening), 0, 0.1);
    EXPECT_NEAR(metrics::standard_deviation(lips.opening) / metrics::standard_deviation(other.lips.opening),
                40.0 / 41, 0.01);
}

TEST(LipRidge, ShrinksWhereLittleWasSeen) {
    LipRidge ridge(kWidth);
    const Example learnt = example(3, 500, 0);
    ridge.add(learnt.features, learnt.lips, learnt.valid);
    ASSERT_TRUE(ridge.fit());
    const metrics::LipMotion lips = ridge.predict(learnt.features);
    EXPECT_NEAR(metrics::standard_deviation(lips.opening) / metrics::standard_deviation(learnt.lips.opening),
                500.0 / 1500, 0.03);
}

TEST(LipRidge, FramesThatDoNotCountTeachNothing) {
    Example learnt = example(4, 4000, 0);
    LipRidge clean(kWidth), spoilt(kWidth);
    for (std::size_t t = 0; t < learnt.valid.size(); ++t) learnt.valid[t] = t % 3 != 0;
    clean.add(learnt.features, learnt.lips, learnt.valid);
    for (std::size_t t = 0; t < learnt.valid.size(); t += 3) learnt.lips.opening[t] = 1e6f;
    spoilt.add(learnt.features, learnt.lips, learnt.valid);
    ASSERT_TRUE(clean.fit() && spoilt.fit());
    EXPECT_EQ(clean.predict(learnt.features).opening, spoilt.predict(learnt.features).opening);
}

TEST(LipRidge, TooLittleSaysNothing) {
    LipRidge ridge(kWidth);
    const Example learnt = example(5, 20, 0);
    ridge.add(learnt.features, learnt.lips, learnt.valid);
    EXPECT_FALSE(ridge.fit());
}

}  // namespace
}  // namespace vultus::evaluation
