#include "rendering/body_video.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "media/image.h"
#include "media/test_media.h"

namespace vultus::rendering {
namespace {

constexpr int kWidth = 160, kHeight = 96;

media::Image flat(int width, int height, int red, int green, int blue) {
    media::Image image(width, height);
    for (std::size_t i = 0; i < image.rgb.size(); i += 3) {
        image.rgb[i] = static_cast<std::uint8_t>(red);
        image.rgb[i + 1] = static_cast<std::uint8_t>(green);
        image.rgb[i + 2] = static_cast<std::uint8_t>(blue);
    }
    return image;
}

std::filesystem::path still_picture(const media::test::Scratch& scratch, int width, int height) {
    const std::filesystem::path path = scratch / "body.png";
    media::write_png(path, flat(width, height, 100, 100, 100));
    return path;
}

TEST(BodyVideo, TheSquareLiesWhereItWasCutFromAndNothingElseChanges) {
    const media::test::Scratch scratch;
    BodyVideo body(still_picture(scratch, kWidth, kHeight), {40, 16, 60, kWidth, kHeight}, 25, 1);
    ASSERT_EQ(body.width(), kWidth);
    ASSERT_EQ(body.height(), kHeight);
    media::Image drawn = flat(32, 32, 100, 100, 100);
    for (int y = 8; y < 24; ++y)
        for (int x = 8; x < 24; ++x) drawn.pixel(x, y)[0] = 220;
    const media::Image& whole = body.compose(drawn);
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x)
            if (x < 40 || x >= 100 || y < 16 || y >= 76)
                ASSERT_EQ(int(whole.pixel(x, y)[0]), 100) << x << " " << y;
    EXPECT_NEAR(whole.pixel(70, 46)[0], 220, 2) << "the middle of the drawn square";
    EXPECT_NEAR(whole.pixel(42, 46)[0], 100, 2) << "its border";
}

TEST(BodyVideo, ColoursAreMatchedAlongTheSeamAndBordersOfTheFrameDoNotFade) {
    const media::test::Scratch scratch;
    BodyVideo body(still_picture(scratch, kWidth, kHeight), {40, 16, 80, kWidth, kHeight}, 25,
                   1);  // down to the border
    const media::Image& whole = body.compose(flat(32, 32, 110, 92, 100));
    for (const auto& [x, y] : {std::pair{80, 60}, {80, 95}, {41, 60}, {80, 17}})
        for (int c = 0; c < 3; ++c) EXPECT_NEAR(whole.pixel(x, y)[c], 100, 1) << x << " " << y;
    // What is not light but another thing is not made equal.
    BodyVideo other(still_picture(scratch, kWidth, kHeight), {40, 16, 80, kWidth, kHeight}, 25, 1);
    const media::Image& kept = other.compose(flat(32, 32, 200, 100, 100));
    EXPECT_NEAR(kept.pixel(80, 60)[0], 180, 1);
    EXPECT_NEAR(kept.pixel(80, 95)[0], 180, 1) << "the frame's border is drawn whole";
}

TEST(BodyVideo, AnotherSizeOfTheSameShapeIsScaled) {
    const media::test::Scratch scratch;
    BodyVideo body(still_picture(scratch, kWidth / 2, kHeight / 2), {40, 16, 60, kWidth, kHeight}, 25, 1);
    media::Image drawn = flat(32, 32, 100, 100, 100);
    for (int y = 8; y < 24; ++y)
        for (int x = 8; x < 24; ++x) drawn.pixel(x, y)[0] = 120;
    EXPECT_NEAR(body.compose(drawn).pixel(35, 23)[0], 120, 2);
}

TEST(BodyVideo, ARecordingPlaysAndBeginsAgainWithoutAJump) {
    const media::test::Scratch scratch;
    media::test::ClipOptions clip;
    clip.num_frames = 20;
    clip.width = kWidth;
    clip.height = kHeight;
    media::test::write_clip(scratch / "body.mkv", clip);
    BodyVideo body(scratch / "body.mkv", {100, 30, 32, kWidth, kHeight}, 25, 1);
    const media::Image drawn = flat(32, 32, 128, 128, 128);
    std::vector<media::Image> frames;
    for (int t = 0; t < 45; ++t) frames.push_back(body.compose(drawn));
    const auto apart = [&](int a, int b) {
        double sum = 0;
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < 90; ++x) sum += std::abs(frames[a].pixel(x, y)[2] - frames[b].pixel(x, y)[2]);
        return sum / (90 * kHeight);
    };
    const double whole = apart(19, 0);
    ASSERT_GT(whole, 3) << "beginning and end differ";
    EXPECT_LT(apart(20, 19), whole / 4);
    EXPECT_LT(apart(40, 39), whole / 4);
    EXPECT_LT(apart(35, 15), 0.5) << "then it plays as before";
}

TEST(BodyVideo, WhatDoesNotFitIsRefused) {
    const media::test::Scratch scratch;
    const std::filesystem::path path = still_picture(scratch, kWidth, kHeight);
    const auto refusal = [&](const std::filesystem::path& body, const std::vector<float>& crop) {
        try {
            BodyVideo(body, crop, 25, 1);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_NE(refusal(path, {}).find("where its picture was cut from"), std::string::npos);
    EXPECT_NE(
        refusal(path, {0, 0, 60, 100, 100}).find("expected the footage's shape, 100 x 100, got 160 x 96"),
        std::string::npos);
    EXPECT_NE(refusal(scratch / "none.mp4", {0, 0, 60, kWidth, kHeight}), "");
}

}  // namespace
}  // namespace vultus::rendering
