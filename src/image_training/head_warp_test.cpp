#include "image_training/head_warp.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace vultus::image_training {
namespace {

using torch::Tensor;

constexpr int kSize = 64;
constexpr double kEyesToMouth_px = 6;

/// Eyes and mouth of a head whose middle is at (x, y).
std::array<float, 136> face_at(double x, double y) {
    std::array<float, 136> points{};
    for (int i = 0; i < 68; ++i) {
        const bool mouth = i >= 48, right_eye = i >= 36 && i < 42;
        points[static_cast<std::size_t>(2 * i)] = static_cast<float>(x + (mouth ? 0 : right_eye ? -6 : 6));
        points[static_cast<std::size_t>(2 * i + 1)] =
            static_cast<float>(y + (mouth ? 0.5 : -0.5) * kEyesToMouth_px);
    }
    return points;
}

/// Frames 0 and 1 whose heads are `apart_px` from each other across, about (32, 30).
HeadWarp warp_of(double apart_px, double share = 1) {
    FaceRegions regions(kSize);
    for (int frame = 0; frame < 2; ++frame)
        regions.add(frame, face_at(32 + (frame - 0.5) * apart_px, 30).data(), 1.0);
    regions.finish(torch::kCPU);
    return HeadWarp(regions, {0, 1}, kSize, share, torch::kCPU);
}

/// A soft spot of 3 px about (x, y), [1, 3, S, S].
Tensor spot(double x, double y) {
    const Tensor line = torch::arange(kSize) + 0.5;
    const Tensor across = torch::exp(-(line - x).square() / 9), down = torch::exp(-(line - y).square() / 9);
    return (255 * down.unsqueeze(1) * across.unsqueeze(0)).expand({1, 3, kSize, kSize}).to(torch::kFloat32);
}

/// Centre of gravity across.
double centre_x(const Tensor& image) {
    const Tensor line = torch::arange(kSize) + 0.5;
    return ((image[0][0].sum(0) * line).sum() / image[0][0].sum()).item<double>();
}

const Tensor kFirst = torch::tensor({0}, torch::kInt64);

Tensor numbers(std::array<float, HeadWarp::kNumbers> values) {
    return torch::tensor(std::vector<float>(values.begin(), values.end())).view({1, HeadWarp::kNumbers});
}

TEST(HeadWarp, MovesTheHeadByHalfItsSpreadADeviation) {
    // Heads at 32 -+ 3 px: a spread of 3 px, 1.5 px a deviation.
    const Tensor image = spot(29, 30);
    const Tensor moved = warp_of(6)(image, kFirst, numbers({-5, 1, 0, 0, 0}));
    EXPECT_NEAR(centre_x(moved), 29 + 1.5, 0.1);
    const Tensor farther = warp_of(6)(image, kFirst, numbers({-5, 10, 0, 0, 0}));
    EXPECT_NEAR(centre_x(farther), 29 + 2 * 1.5, 0.2) << "at most two deviations";
}

TEST(HeadWarp, WhatIsFarFromTheHeadStays) {
    const Tensor image = torch::rand({1, 3, kSize, kSize}) * 255;
    const Tensor moved = warp_of(6)(image, kFirst, numbers({-5, 2, 0, 0, 0}));
    for (const int row : {0, kSize - 1})
        EXPECT_LT((moved - image).select(2, row).abs().max().item<double>(), 0.1) << row;
    EXPECT_GT((moved - image).abs().max().item<double>(), 10) << "but the head moves";
}

TEST(HeadWarp, MovesTheShareThatIsAskedForAndLeavesTheOthersExactly) {
    const Tensor image = (torch::rand({1, 3, kSize, kSize}) * 255).to(torch::kUInt8);
    const Tensor all = image.expand({400, 3, kSize, kSize});
    torch::manual_seed(1);
    const Tensor draw = torch::randn({400, HeadWarp::kNumbers});
    const Tensor moved = warp_of(6, 0.25)(all, torch::zeros({400}, torch::kInt64), draw);
    const Tensor changed = (moved != all.to(torch::kFloat32)).flatten(1).any(1);
    EXPECT_NEAR(changed.to(torch::kFloat32).mean().item<double>(), 0.25, 0.07);
    EXPECT_TRUE(torch::equal(changed, draw.select(1, 0) < -0.6744898f));
}

/// Moves an image by a field [2, S, S] in parts of its side.
Tensor moved_by(const Tensor& image, const Tensor& field) {
    const Tensor line = (torch::arange(kSize) + 0.5) / kSize;
    const Tensor x = line.unsqueeze(0) + field[0], y = line.unsqueeze(1) + field[1];
    return torch::grid_sampler(image, torch::stack({x, y}, 2).unsqueeze(0) * 2 - 1, 0, 1, false);
}

TEST(HeadWarp, MotionFromAReferenceFrameGoesWithTheHead) {
    // The frame's head is at 29; the reference's is 4 px farther right and 3 px lower.
    const Tensor reference = spot(33, 33);
    Tensor motion = torch::zeros({1, 1, 2, kSize, kSize});
    motion[0][0][0].fill_(4.0 / kSize);
    motion[0][0][1].fill_(3.0 / kSize);
    const HeadWarp warp = warp_of(6);
    for (const float deviation : {0.0f, 1.0f, -2.0f}) {
        const Tensor draw = numbers({-5, deviation, 0, 0, 0});
        const Tensor wanted = warp(spot(29, 30), kFirst, draw);
        const Tensor field = warp.moved_motion(motion, kFirst, draw);
        const double apart = (moved_by(reference, field[0][0]) - wanted).abs().max().item<double>();
        EXPECT_LT(apart, 12) << deviation << ": of 255, with bilinear against bicubic reading";
    }
    EXPECT_TRUE(torch::equal(warp_of(6, 0.5).moved_motion(motion, kFirst, numbers({5, 1, 0, 0, 0})), motion))
        << "an image that isn't moved";
}

TEST(HeadWarp, AHeadThatNeverMovesStays) {
    const Tensor image = spot(32, 30);
    const Tensor same = warp_of(0)(image, kFirst, numbers({-5, 2, -2, 2, -2}));
    EXPECT_LT((same - image).abs().max().item<double>(), 0.1);
}

}  // namespace
}  // namespace vultus::image_training
