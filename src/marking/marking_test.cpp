// The mark on pictures made of formulas: how strong it is, that it is found, and that nothing else is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "marking/frame_sums.h"
#include "marking/mark_detector.h"
#include "marking/mark_search.h"
#include "marking/picture_mark.h"

namespace vultus::marking {
namespace {

constexpr double kFps = 25;

struct Picture {
    int width, height;
    std::vector<std::uint8_t> rgb;
};

/// A smooth wall, a textured disc that sways before it, and a little noise that changes.
Picture scene(int side, int frame) {
    Picture picture{side, side, std::vector<std::uint8_t>(std::size_t{3} * side * side)};
    Rng rng(static_cast<std::uint64_t>(frame) + 1);
    const double sway = 0.03 * side * std::sin(frame / kFps * 3.1);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            const double dx = x - 0.5 * side - sway, dy = y - 0.55 * side;
            const bool inside = std::hypot(dx, dy) < 0.3 * side;
            const double light =
                inside ? 130 + 40 * std::sin(0.7 * dx) * std::cos(0.5 * dy) : 90 + 60.0 * y / side;
            for (int c = 0; c < 3; ++c)
                picture.rgb[3 * (static_cast<std::size_t>(y) * side + x) + c] =
                    static_cast<std::uint8_t>(std::lround(light + 10 * c + 0.7 * rng.normal()));
        }
    return picture;
}

/// Four fifths of it from a place that is no multiple of anything, at half the size.
Picture cropped_and_halved(const Picture& from) {
    const int side = from.width * 4 / 10;
    Picture to{side, side, std::vector<std::uint8_t>(std::size_t{3} * side * side)};
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
            for (int c = 0; c < 3; ++c) {
                int sum = 2;
                for (int k = 0; k < 4; ++k)
                    sum += from.rgb[3 * ((static_cast<std::size_t>(2 * y + k / 2 + 13)) * from.width + 2 * x +
                                         k % 2 + 7) +
                                    c];
                to.rgb[3 * (static_cast<std::size_t>(y) * side + x) + c] = static_cast<std::uint8_t>(sum / 4);
            }
    return to;
}

using Change = Picture (*)(const Picture&);

MarkFinding find_in_scene(int side, double seconds, double marked_from_s, double marked_to_s,
                          Change change = nullptr) {
    PictureMark mark(side, side);
    std::unique_ptr<MarkDetector> detector;
    for (int frame = 0; frame < seconds * kFps; ++frame) {
        Picture picture = scene(side, frame);
        const double time_s = frame / kFps;
        // The video looked at begins somewhere in the marked one.
        if (time_s >= marked_from_s && time_s < marked_to_s) mark.add(picture.rgb.data(), time_s + 3.77);
        if (change) picture = change(picture);
        if (!detector) detector = std::make_unique<MarkDetector>(picture.width, picture.height);
        detector->add(picture.rgb.data(), time_s);
    }
    return detector->find();
}

double psnr_db(const Picture& a, const Picture& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += (a.rgb[i] - b.rgb[i]) * (a.rgb[i] - b.rgb[i]);
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.rgb.size()) / sum);
}

TEST(PictureMark, IsWeakEvenWhereThePictureIsBusyAndWeakerWhereItIsFlat) {
    PictureMark mark(256, 256);
    for (const double time_s : {0.0, 0.4, 7.3}) {
        const Picture before = scene(256, 5);
        Picture after = before;
        mark.add(after.rgb.data(), time_s);
        EXPECT_GT(psnr_db(before, after), 42);
        Picture flat{256, 256, std::vector<std::uint8_t>(3 * 256 * 256, 128)}, marked = flat;
        mark.add(marked.rgb.data(), time_s);
        EXPECT_GT(psnr_db(flat, marked), 49);
        EXPECT_LT(psnr_db(flat, marked), 54);  // it is there
        for (const std::uint8_t value : marked.rgb) ASSERT_LE(std::abs(value - 128), 3);
    }
}

TEST(PictureMark, GivesTheSameBytesAndKeepsWithinThePictureOfAnySize) {
    for (const auto& [width, height] : {std::pair(1, 1), {16, 16}, {67, 35}, {300, 130}}) {
        const std::size_t bytes = std::size_t{3} * width * height;
        std::vector<std::uint8_t> rgb(bytes + 16, 200), again = rgb, extremes = rgb;
        for (std::size_t i = 0; i < bytes; ++i) extremes[i] = i / 3 % 2 ? 255 : 0;
        const std::vector<std::uint8_t> edges = extremes;
        PictureMark(width, height).add(rgb.data(), 1.25);
        PictureMark other(width, height);
        other.add(extremes.data(), 9);
        other.add(again.data(), 1.25);
        EXPECT_EQ(rgb, again);
        for (std::size_t i = bytes; i < rgb.size(); ++i) EXPECT_EQ(rgb[i], 200);
        for (std::size_t i = 0; i < bytes; ++i) ASSERT_LE(std::abs(extremes[i] - edges[i]), 16);  // no wrap
    }
    EXPECT_THROW(PictureMark(0, 5), Error);
}

TEST(MarkDetector, FindsTheMarkAndWhereItIs) {
    const MarkFinding whole = find_in_scene(192, 8, 0, 8);
    EXPECT_TRUE(whole.found);
    EXPECT_LT(whole.log10_false_alarm, -20);
    EXPECT_NEAR(whole.scale, 1, 0.03) << "the search steps by 2 %";
    ASSERT_EQ(whole.spans_s.size(), 1u);
    EXPECT_DOUBLE_EQ(whole.spans_s[0].first, 0);
    EXPECT_NEAR(whole.spans_s[0].second, 8, 0.05);
    const MarkFinding part = find_in_scene(192, 12, 6, 12);
    EXPECT_TRUE(part.found);
    ASSERT_EQ(part.spans_s.size(), 1u);
    EXPECT_DOUBLE_EQ(part.spans_s[0].first, 6);
}

TEST(MarkDetector, FindsItInACropAtHalfTheSize) {
    const MarkFinding finding = find_in_scene(192, 6, 0, 6, cropped_and_halved);
    EXPECT_TRUE(finding.found);
    EXPECT_NEAR(finding.scale, 0.5, 0.01);
}

TEST(MarkDetector, FindsNothingInWhatIsNotMarked) {
    EXPECT_FALSE(find_in_scene(192, 8, 0, 0).found);
    PictureMark mark(128, 128);
    const MarkPattern other(42);
    MarkDetector wrong_key(128, 128, other), still(128, 128), nothing(128, 128);
    EXPECT_FALSE(nothing.find().found);
    Picture standing = scene(128, 0);
    for (int frame = 0; frame < 100; ++frame) {
        Picture picture = scene(128, frame);
        mark.add(picture.rgb.data(), frame / kFps);
        wrong_key.add(picture.rgb.data(), frame / kFps);
        still.add(standing.rgb.data(), frame / kFps);
    }
    EXPECT_FALSE(wrong_key.find().found);
    EXPECT_FALSE(still.find().found);
    EXPECT_THROW(MarkDetector(15, 200), Error);
}

TEST(MarkSearch, ScoresOfOtherKeysAreDistributedAsTheBoundSays) {
    constexpr int kSide = 96, kKeys = 200;
    FrameSums sums(kSide, kSide);
    LumaShrinker luma(kSide, kSide, kSide);
    for (int frame = 0; frame < 50; ++frame)
        sums.add(luma.shrink(scene(kSide, frame).rgb.data()), frame / kFps);
    const std::vector<float> tones = evened_tones(sums, kSide, kSide);
    const MarkSearch search(kSide, kSide);
    MarkFit where;
    where.side_px = 130;
    where.shift_x = 17;
    where.shift_y = 90;
    int above_2 = 0, above_4 = 0;
    for (int key = 0; key < kKeys; ++key) {
        const double score = search.score_at(tones, MarkPattern(static_cast<std::uint64_t>(key)), where);
        above_2 += score > 2;
        above_4 += score > 4;
    }
    // (1 + x) exp(-x): 0.406 and 0.092; four standard deviations.
    EXPECT_NEAR(above_2, 0.406 * kKeys, 28);
    EXPECT_NEAR(above_4, 0.092 * kKeys, 17);
    EXPECT_NEAR(std::exp(log_chance(2)), 0.406, 1e-3);
}

TEST(LumaShrinker, AveragesWholeFactors) {
    std::vector<std::uint8_t> rgb(3 * 8 * 4);
    for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i / 3 % 8 * 10);
    LumaShrinker shrinker(8, 4, 4);
    EXPECT_EQ(shrinker.width_px(), 4);
    EXPECT_EQ(shrinker.height_px(), 2);
    const std::vector<float>& luma = shrinker.shrink(rgb.data());
    for (int x = 0; x < 4; ++x) EXPECT_NEAR(luma[x], 20 * x + 5, 1e-3);
}

}  // namespace
}  // namespace vultus::marking
