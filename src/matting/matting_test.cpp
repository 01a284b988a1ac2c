// The matte of a person made of formulas, before walls made of formulas: the truth is known.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "matting/guided_filter.h"
#include "matting/matte.h"

namespace vultus::matting {
namespace {

struct Scene {
    int side;
    std::vector<std::uint8_t> rgb;
    std::vector<float> alpha;  ///< the truth
};

using Wall = void (*)(float x, float y, float* rgb);

void plain_wall(float x, float y, float* rgb) {
    rgb[0] = 40 + 30 * y;
    rgb[1] = 150 - 40 * x;
    rgb[2] = 200 - 30 * y;
}
void striped_wall(float x, float, float* rgb) {
    const bool stripe = std::fmod(10 * x, 2.0f) < 1;
    rgb[0] = stripe ? 210 : 90;
    rgb[1] = stripe ? 200 : 160;
    rgb[2] = stripe ? 120 : 90;
}
/// Hardly another colour than the hair's and the shirt's.
void wall_like_hair(float, float y, float* rgb) {
    rgb[0] = y < 0.7f ? 60 : 105;
    rgb[1] = y < 0.7f ? 55 : 50;
    rgb[2] = y < 0.7f ? 52 : 60;
}

float ramp(float inside_px) { return std::clamp(inside_px + 0.5f, 0.0f, 1.0f); }

/// A face with hair, eyes and a shirt; the head turned to and fro, as far as frame says.
Scene scene(int side, int frame, Wall wall) {
    Scene made{side, std::vector<std::uint8_t>(std::size_t{3} * side * side),
               std::vector<float>(std::size_t(side) * side)};
    Rng rng(static_cast<std::uint64_t>(frame) + 1);
    const float sway = 0.03f * std::sin(static_cast<float>(frame) * 0.7f),
                nod = 0.02f * std::cos(static_cast<float>(frame) * 1.1f);
    for (int j = 0; j < side; ++j)
        for (int i = 0; i < side; ++i) {
            const float x = (static_cast<float>(i) + 0.5f) / side, y = (static_cast<float>(j) + 0.5f) / side;
            const float u = x - 0.5f - sway, v = y - 0.45f - nod;
            float colour[3], behind[3];
            wall(x, y, behind);
            const float head = side * 0.22f * (1 - std::hypot(u / 0.2f, v / 0.27f));
            const float neck = side * std::min(0.08f - std::abs(u), std::min(y - 0.5f, 0.85f - y));
            const float body =
                side * std::min(y - 0.74f - 0.5f * std::abs(x - 0.5f), 0.42f - std::abs(x - 0.5f));
            const bool hair = v < -0.1f || std::abs(u) > 0.16f,
                       eye = std::hypot(std::abs(u) - 0.07f, v + 0.02f) < 0.02f;
            const float person[3][3] = {{50, 45, 40}, {210, 160, 140}, {120, 40, 50}};
            const float* part = body > 0 && head < 0 ? person[2] : hair || eye ? person[0] : person[1];
            const float alpha = std::max({ramp(head), ramp(body), ramp(neck)});
            made.alpha[std::size_t(j) * side + i] = alpha;
            for (int c = 0; c < 3; ++c) {
                colour[c] = alpha * part[c] + (1 - alpha) * behind[c] + 3 * static_cast<float>(rng.normal());
                made.rgb[3 * (std::size_t(j) * side + i) + c] =
                    static_cast<std::uint8_t>(std::clamp(colour[c], 0.0f, 255.0f));
            }
        }
    return made;
}

Matte learnt(int side, Wall wall) {
    std::vector<std::vector<std::uint8_t>> pictures;
    for (int frame = 0; frame < 24; ++frame) pictures.push_back(scene(side, frame, wall).rgb);
    return {pictures, side};
}

double mean_error(Matte& matte, const Scene& seen) {
    std::vector<std::uint8_t> rgba(seen.alpha.size() * 4);
    matte.cut_out(seen.rgb.data(), rgba.data());
    double sum = 0;
    for (std::size_t i = 0; i < seen.alpha.size(); ++i)
        sum += std::abs(rgba[4 * i + 3] / 255.0 - seen.alpha[i]);
    return sum / static_cast<double>(seen.alpha.size());
}

class Walls : public testing::TestWithParam<std::pair<int, Wall>> {};

TEST_P(Walls, ThePersonIsFoundInPicturesNotLearntFrom) {
    const auto [side, wall] = GetParam();
    Matte matte = learnt(side, wall);
    double ground = 0;  // of a person that fills all
    for (const float alpha : scene(side, 100, wall).alpha) ground += 1 - alpha;
    ground /= side * side;
    EXPECT_GT(ground, 0.3);
    for (const int frame : {100, 103, 109})
        EXPECT_LT(mean_error(matte, scene(side, frame, wall)), 0.005) << frame;
    EXPECT_GT(matte.certainty(), 0.9);
}
INSTANTIATE_TEST_SUITE_P(Of, Walls,
                         testing::Values(std::pair{256, &plain_wall}, std::pair{250, &striped_wall},
                                         std::pair{96, &plain_wall}));

TEST(Matte, SaysHowLittleItKnowsBeforeAWallLikeTheHair) {
    EXPECT_LT(learnt(256, wall_like_hair).certainty(), 0.85);
}

TEST(Matte, TheColoursOfTheEdgeAreThePersons) {
    constexpr int kSide = 256;
    Matte matte = learnt(kSide, plain_wall);
    const Scene seen = scene(kSide, 100, plain_wall);
    std::vector<std::uint8_t> rgba(seen.alpha.size() * 4);
    matte.cut_out(seen.rgb.data(), rgba.data());
    // Shirt over the wall: half a pixel of blue is 80 levels in the picture, and gone here.
    double off = 0;
    int count = 0;
    for (int y = kSide * 85 / 100; y < kSide; ++y)
        for (int x = 0; x < kSide / 8; ++x) {
            const std::size_t i = std::size_t(y) * kSide + x;
            if (seen.alpha[i] < 0.2 || seen.alpha[i] > 0.8) continue;
            off += rgba[4 * i + 2] - 50;
            ++count;
        }
    ASSERT_GT(count, 10);
    EXPECT_LT(std::abs(off / count), 30);
}

TEST(Matte, RefusesWhatItCannotLearnFrom) {
    EXPECT_THROW(Matte({}, 64), Error);
    EXPECT_THROW(Matte(std::vector<std::vector<std::uint8_t>>(7, std::vector<std::uint8_t>(64 * 64 * 3)), 64),
                 Error);
    // One colour all over: no certainty, but no crash either.
    Matte blind(std::vector<std::vector<std::uint8_t>>(8, std::vector<std::uint8_t>(64 * 64 * 3, 90)), 64);
    EXPECT_LT(blind.certainty(), 0.1);
}

TEST(BoxMean, IsThatOfPlainLoops) {
    constexpr int kWidth = 13, kHeight = 9, kRadius = 3;
    std::vector<float> values(kWidth * kHeight), scratch, out(values.size());
    Rng rng(1);
    for (float& value : values) value = static_cast<float>(rng.normal());
    box_mean(values.data(), kWidth, kHeight, kRadius, scratch, out.data());
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            double sum = 0;
            int count = 0;
            for (int v = std::max(0, y - kRadius); v <= std::min(kHeight - 1, y + kRadius); ++v)
                for (int u = std::max(0, x - kRadius); u <= std::min(kWidth - 1, x + kRadius); ++u, ++count)
                    sum += values[v * kWidth + u];
            EXPECT_NEAR(out[y * kWidth + x], sum / count, 1e-5) << x << " " << y;
        }
    box_mean(values.data(), kWidth, kHeight, kRadius, scratch, values.data());  // in place
    EXPECT_EQ(values, out);
}

TEST(GuidedFilter, KeepsWhatIsLinearInTheGuide) {
    constexpr int kWidth = 24, kHeight = 20, kCount = kWidth * kHeight;
    std::vector<float> guide(3 * kCount), values(kCount), out(kCount);
    Rng rng(2);
    for (float& value : guide) value = static_cast<float>(rng.normal());
    for (int i = 0; i < kCount; ++i)
        values[i] = 0.5f * guide[i] - 2 * guide[kCount + i] + guide[2 * kCount + i] + 0.25f;
    GuidedFilter filter(kWidth, kHeight, 2, 1e-6f);
    filter.set_guide(guide.data());
    filter.smooth(values.data(), out.data());
    for (int i = 0; i < kCount; ++i) EXPECT_NEAR(out[i], values[i], 1e-3) << i;
    // Where the guide is flat, it is a mean.
    std::fill(guide.begin(), guide.end(), 0.5f);
    filter.set_guide(guide.data());
    filter.smooth(values.data(), out.data());
    double before = 0, after = 0;
    for (int i = 0; i < kCount; ++i) {
        before += (values[i] - 0.25) * (values[i] - 0.25);
        after += (out[i] - 0.25) * (out[i] - 0.25);
    }
    EXPECT_LT(after, 0.15 * before);
}

}  // namespace
}  // namespace vultus::matting
