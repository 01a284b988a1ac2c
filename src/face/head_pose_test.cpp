#include "face/head_pose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace vultus::face {
namespace {

constexpr double kRadians = 0.017453292519943295;

/// Projects the model turned by these angles, written out from the conventions and not from the fit's code:
/// pitch first, then yaw, then roll.
std::vector<float> project(const HeadPose& pose, double x_mm, double y_mm, double z_mm, int width,
                           int height) {
    const double p = pose.pitch_deg * kRadians, w = pose.yaw_deg * kRadians, r = pose.roll_deg * kRadians;
    std::vector<float> points(136);
    for (int i = 0; i < 68; ++i) {
        const float* m = face_model_mm() + 3 * i;
        // Pitch up: what lies in front (negative z) rises (negative y).
        double x = m[0], y = m[1] * std::cos(p) + m[2] * std::sin(p),
               z = m[2] * std::cos(p) - m[1] * std::sin(p);
        // Yaw to the person's left: what lies in front moves to the image's right.
        const double x1 = x * std::cos(w) - z * std::sin(w), z1 = z * std::cos(w) + x * std::sin(w);
        // Roll clockwise: what lies to the right sinks.
        const double x2 = x1 * std::cos(r) - y * std::sin(r), y2 = y * std::cos(r) + x1 * std::sin(r);
        const double depth = z1 + z_mm;
        points[2 * i] = static_cast<float>(0.5 * width + kFocalInWidths * width * (x2 + x_mm) / depth);
        points[2 * i + 1] = static_cast<float>(0.5 * height + kFocalInWidths * width * (y2 + y_mm) / depth);
    }
    return points;
}

TEST(HeadPose, RecoversKnownAnglesAnywhereInThePicture) {
    for (double yaw : {-35.0, -12.0, 0.0, 20.0, 35.0}) {
        for (double pitch : {-20.0, -5.0, 0.0, 18.0}) {
            for (double roll : {-15.0, 0.0, 25.0}) {
                for (double side_mm : {-60.0, 0.0, 80.0}) {
                    const auto points = project({yaw, pitch, roll}, side_mm, 30, 900, 256, 256);
                    const HeadPose got = estimate_head_pose(points.data(), 256, 256);
                    EXPECT_NEAR(got.yaw_deg, yaw, 0.5);
                    EXPECT_NEAR(got.pitch_deg, pitch, 0.5);
                    EXPECT_NEAR(got.roll_deg, roll, 0.5);
                }
            }
        }
    }
}

TEST(HeadPose, HalfAPixelOfNoiseCostsFewDegrees) {
    Rng rng(7);
    double worst = 0;
    for (int i = 0; i < 50; ++i) {
        auto points = project({10, -5, 3}, 0, 0, 900, 256, 256);
        for (float& value : points) value += static_cast<float>(0.25 * rng.normal());
        const HeadPose got = estimate_head_pose(points.data(), 256, 256);
        worst = std::max(
            {worst, std::abs(got.yaw_deg - 10), std::abs(got.pitch_deg + 5), std::abs(got.roll_deg - 3)});
    }
    EXPECT_LT(worst, 4);
}

TEST(HeadPose, SpeechDoesNotMoveIt) {
    auto points = project({4, 2, -1}, 0, 0, 900, 256, 256);
    for (int i = 4; i <= 12; ++i) points[2 * i + 1] += 9;  // the jaw drops
    for (int i = 48; i < 68; ++i) points[2 * i + 1] += 5;
    const HeadPose got = estimate_head_pose(points.data(), 256, 256);
    EXPECT_NEAR(got.pitch_deg, 2, 0.5);
}

}  // namespace
}  // namespace vultus::face
