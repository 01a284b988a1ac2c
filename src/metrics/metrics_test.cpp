#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "corpus/corpus.h"
#include "metrics/image_metrics.h"
#include "metrics/speech_level.h"
#include "metrics/track_metrics.h"

namespace vultus::metrics {
namespace {

Series wave(int size, double period, double phase = 0, double scale = 1) {
    Series values(size);
    for (int i = 0; i < size; ++i)
        values[i] = static_cast<float>(scale * std::sin(2 * M_PI * i / period + phase));
    return values;
}

// A face with eyes 40 px apart and a mouth of the given opening and width (px) at (x, y).
void append_face(std::vector<float>& landmarks, float opening, float width, float x = 30, float y = 60) {
    std::vector<float> face(2 * corpus::kNumLandmarks, 0.0f);
    const auto put = [&](int i, float px, float py) { face[2 * i] = px, face[2 * i + 1] = py; };
    for (int i = 36; i < 42; ++i) put(i, 10, 20);
    for (int i = 42; i < 48; ++i) put(i, 50, 20);
    for (int i = 48; i < 68; ++i) put(i, x, y);
    put(48, x - width / 2, y);
    put(54, x + width / 2, y);
    for (const int i : {61, 62, 63}) put(i, x, y - opening / 2);
    for (const int i : {65, 66, 67}) put(i, x, y + opening / 2);
    landmarks.insert(landmarks.end(), face.begin(), face.end());
}

TEST(TrackMetrics, PearsonOfKnownSeries) {
    EXPECT_NEAR(pearson({1, 2, 3}, {10, 20, 30}), 1, 1e-12);
    EXPECT_NEAR(pearson({1, 2, 3}, {3, 2, 1}), -1, 1e-12);
    EXPECT_NEAR(pearson({1, 2, 3, 4}, {1, 3, 2, 4}), 0.8, 1e-12);
    EXPECT_NEAR(pearson(wave(200, 20), wave(200, 20, M_PI / 3)), 0.5, 1e-5);
    EXPECT_EQ(pearson({1, 1, 1}, {1, 2, 3}), 0);
    EXPECT_EQ(pearson({}, {}), 0);
}

TEST(TrackMetrics, BestLagFindsTheShiftAndItsSign) {
    Rng rng(1);
    Series a(100);
    for (float& value : a) value = static_cast<float>(rng.normal());
    for (const int shift : {-4, -1, 0, 2, 5}) {
        Series b(100, 0.0f);
        for (int i = 0; i < 100; ++i)
            if (i + shift >= 0 && i + shift < 100) b[i + shift] = a[i];  // b comes `shift` later
        const LaggedCorrelation found = best_lag(a, b, 5);
        EXPECT_EQ(found.lag, shift);
        EXPECT_NEAR(found.r, 1, 1e-6);
    }
    EXPECT_EQ(best_lag(Series(20, 1.0f), Series(20, 1.0f), 5).lag, 0);
}

TEST(TrackMetrics, MedianPercentileAndDeviation) {
    EXPECT_EQ(median({3, 1, 2}), 2);
    EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
    EXPECT_EQ(median({}), 0);
    EXPECT_DOUBLE_EQ(percentile({0, 10}, 0.95), 9.5);
    EXPECT_NEAR(standard_deviation(wave(1000, 50)), std::sqrt(0.5), 1e-6);
}

TEST(TrackMetrics, MouthDistanceIgnoresWhereTheMouthIs) {
    std::vector<float> a, moved, wider;
    for (int i = 0; i < 4; ++i) {
        append_face(a, 6, 20);
        append_face(moved, 6, 20, 37, 51);
        append_face(wider, 6, 24);
    }
    EXPECT_NEAR(mouth_distance(a, moved), 0, 1e-6);
    // Two of twenty points move by 2 px each, the centre stays; the eyes are 40 px apart.
    EXPECT_NEAR(mouth_distance(wider, a), (2 * 2.0 / 20) / 40, 1e-6);
}

TEST(TrackMetrics, LipWidthInInterOcularDistances) {
    std::vector<float> face;
    append_face(face, 6, 20);
    EXPECT_NEAR(lip_width(face)[0], 0.5, 1e-6);
    EXPECT_NEAR(corpus::lip_opening(face)[0], 6.0 / 40, 1e-6);
}

TEST(TrackMetrics, MotionDistanceIsZeroForTheSameMotionOneFrameLater) {
    const LipMotion a{wave(60, 13), wave(60, 7)};
    LipMotion late{wave(60, 13, -2 * M_PI / 13), wave(60, 7, -2 * M_PI / 7)};
    EXPECT_NEAR(motion_distance(a, a, 1), 0, 1e-9);
    EXPECT_LT(motion_distance(a, late, 1), 0.01);
    EXPECT_GT(motion_distance(a, late, 0), 0.2);
    // Scale and offset do not count, another motion does: two independent standard series differ by 2 + 2.
    EXPECT_NEAR(motion_distance(a, {wave(60, 13, 0, 5), wave(60, 7, 0, 0.1)}, 1), 0, 1e-6);
    const LipMotion other{wave(600, 11), wave(600, 5)}, base{wave(600, 13), wave(600, 7)};
    EXPECT_NEAR(motion_distance(base, other, 0), 4, 0.1);
}

TEST(TrackMetrics, CountsBlinksButNotClosedEyesOrFlutter) {
    Series eyes(100, 0.3f);
    for (const int start : {20, 50})
        for (int i = 0; i < 4; ++i) eyes[start + i] = 0.1f;
    EXPECT_EQ(count_blinks(eyes, 25), 2);
    eyes[25] = 0.1f;  // opens for one frame within a blink
    EXPECT_EQ(count_blinks(eyes, 25), 2);
    for (int i = 70; i < 90; ++i) eyes[i] = 0.1f;  // 0.8 s
    EXPECT_EQ(count_blinks(eyes, 25), 2);
    EXPECT_EQ(count_blinks(Series(100, 0.3f), 25), 0);
}

TEST(TrackMetrics, MotionCountsOnlyMarkedNeighbours) {
    EXPECT_NEAR(motion_where({0, 1, 3, 10, 11}, {1, 1, 1, 0, 1}), 1.5, 1e-9);
    EXPECT_EQ(motion_where({0, 1}, {0, 1}), 0);
}

media::Image filled(int size, std::uint8_t value) {
    media::Image image(size, size);
    std::fill(image.rgb.begin(), image.rgb.end(), value);
    return image;
}

TEST(ImageMetrics, PsnrOfAKnownError) {
    const media::Image a = filled(32, 100), b = filled(32, 110);
    const double mse = mean_squared_error(a, b, {0, 0, 32, 32});
    EXPECT_DOUBLE_EQ(mse, 100);
    EXPECT_NEAR(psnr_from_mse(mse), 28.1308, 1e-4);
    EXPECT_EQ(psnr_from_mse(0), 99);
}

TEST(ImageMetrics, ErrorsCountOnlyInsideTheBox) {
    const media::Image a = filled(32, 100);
    media::Image b = a;
    b.pixel(20, 20)[0] = 130;
    EXPECT_EQ(mean_squared_error(a, b, {0, 0, 10, 10}), 0);
    EXPECT_NEAR(mean_squared_error(a, b, {20, 20, 22, 22}), 900.0 / 12, 1e-9);
}

TEST(ImageMetrics, PixelBoxScalesAndStaysInside) {
    const PixelBox box = pixel_box({10, 20, 200, 300}, 0.5, 64, 64);
    EXPECT_EQ(box.left, 5);
    EXPECT_EQ(box.top, 10);
    EXPECT_EQ(box.right, 64);
    EXPECT_EQ(box.bottom, 64);
}

TEST(ImageMetrics, SsimOfEqualConstantAndInvertedPictures) {
    Rng rng(2);
    std::vector<float> a(64 * 64), inverted(64 * 64);
    for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = static_cast<float>(128 + 40 * rng.normal());
        inverted[i] = 256 - a[i];
    }
    const PixelBox all{0, 0, 64, 64};
    EXPECT_NEAR(mean_inside(ssim_map(a, a, 64, 64), 64, all), 1, 1e-5);
    EXPECT_LT(mean_inside(ssim_map(a, inverted, 64, 64), 64, all), -0.5);
    // Constant images: only the luminance term remains.
    const double c1 = 0.01 * 255 * 0.01 * 255;
    const double expected = (2 * 100.0 * 120 + c1) / (100.0 * 100 + 120.0 * 120 + c1);
    const std::vector<float> u(64 * 64, 100.0f), v(64 * 64, 120.0f);
    EXPECT_NEAR(mean_inside(ssim_map(u, v, 64, 64), 64, all), expected, 1e-3);
}

TEST(ImageMetrics, CornerChangeLooksOnlyAtTheTopCorners) {
    std::vector<float> before(256 * 256, 10.0f), after = before;
    for (int y = 60; y < 256; ++y)
        for (int x = 0; x < 256; ++x) after[y * 256 + x] = 200;
    EXPECT_EQ(corner_change(before, after, 256, 256), 0);
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 40; ++x) after[y * 256 + x] = 13;
    EXPECT_NEAR(corner_change(before, after, 256, 256), 1.5, 1e-9);
}

TEST(ImageMetrics, LaplacianVarianceOfAChequerboardAndAConstant) {
    std::vector<float> board(32 * 32);
    for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x) board[y * 32 + x] = (x + y) % 2 ? 1.0f : -1.0f;
    // Inside, the Laplacian is 8 on black and -8 on white squares.
    EXPECT_NEAR(laplacian_variance(board, 32, 32, {4, 4, 28, 28}), 64, 1e-6);
    EXPECT_EQ(laplacian_variance(std::vector<float>(32 * 32, 5.0f), 32, 32, {0, 0, 32, 32}), 0);
}

TEST(SpeechLevel, FollowsTheSoundAndFindsThePauses) {
    // 1 s loud, 1 s silent, 1 s loud.
    std::vector<float> audio(48000, 0.0f);
    for (int i = 0; i < 48000; ++i)
        if (i < 16000 || i >= 32000) audio[i] = static_cast<float>(0.3 * std::sin(i * 0.3));
    const auto level = speech_level_db(audio, 25, 75);
    EXPECT_NEAR(level[10], 10 * std::log10(0.045), 0.1);
    EXPECT_NEAR(level[37], 10 * std::log10(0.045) - 50, 0.2);
    const auto silent = silent_frames(audio, 25, 75);
    EXPECT_FALSE(silent[10]);
    EXPECT_FALSE(silent[25]);  // a neighbour of speech
    EXPECT_TRUE(silent[26]);
    EXPECT_TRUE(silent[48]);
    EXPECT_FALSE(silent[49]);
    const auto all = silent_frames(std::vector<float>(16000, 0.0f), 25, 25);
    for (const auto mark : all) EXPECT_TRUE(mark);
}

}  // namespace
}  // namespace vultus::metrics
