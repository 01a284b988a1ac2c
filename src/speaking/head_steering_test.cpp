#include "speaking/head_steering.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace vultus::speaking {
namespace {

/// What the head would do by itself.
float alone(int frame) { return 0.3f * std::sin(0.1f * static_cast<float>(frame)); }

std::vector<float> steered(HeadSteering& steering, int from, int count) {
    std::vector<float> yaw;
    for (int i = from; i < from + count; ++i) {
        float values[3] = {alone(i), alone(i), alone(i)};
        steering.apply(values);
        yaw.push_back(values[0]);
        EXPECT_EQ(values[2], alone(i)) << "nobody steers the roll";
    }
    return yaw;
}

TEST(HeadSteering, NobodySteersAndNothingChanges) {
    HeadSteering steering(25);
    steering.want({}, 0);
    const auto yaw = steered(steering, 0, 100);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(yaw[static_cast<std::size_t>(i)], alone(i));
}

TEST(HeadSteering, GoesThereAndBackWithoutAJump) {
    HeadSteering steering(25);
    std::vector<float> yaw = steered(steering, 0, 25);
    steering.want({1.5f, -1.0f, std::nullopt}, 0);
    const auto there = steered(steering, 25, 50);
    EXPECT_NEAR(there[13], 1.5f, 0.2f) << "nine tenths of the way after half a second";
    EXPECT_NEAR(there.back(), 1.5f, 1e-2f);
    steering.want({-0.5f, std::nullopt, std::nullopt}, 0);
    const auto elsewhere = steered(steering, 75, 50);
    EXPECT_NEAR(elsewhere.back(), -0.5f, 1e-2f);
    steering.want({}, 0);
    const auto back = steered(steering, 125, 75);
    EXPECT_EQ(back.back(), alone(199)) << "let go for good";
    for (const auto& part : {there, elsewhere, back}) yaw.insert(yaw.end(), part.begin(), part.end());
    for (std::size_t i = 2; i < yaw.size(); ++i) {
        EXPECT_LT(std::abs(yaw[i] - yaw[i - 1]), 0.26f) << i;
        EXPECT_LT(std::abs(yaw[i] - 2 * yaw[i - 1] + yaw[i - 2]), 0.13f) << i << ": the speed jumps";
    }
}

TEST(HeadSteering, LetsGoAfterItsTime) {
    HeadSteering steering(25);
    steering.want({1.0f, std::nullopt, std::nullopt}, 1.0);
    const auto yaw = steered(steering, 0, 120);
    EXPECT_NEAR(yaw[24], 1.0f, 0.03f);
    EXPECT_EQ(yaw[119], alone(119));
}

}  // namespace
}  // namespace vultus::speaking
