#include "speaking/head_motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace vultus::speaking {
namespace {

constexpr double kFps = 25;

/// Slow turns with faster nods on top, as of a head; each clip at another moment of it.
std::vector<float> recorded(const std::vector<std::int64_t>& clips) {
    std::vector<float> motion;
    double moment = 0;
    for (const std::int64_t frames : clips) {
        for (std::int64_t t = 0; t < frames; ++t, moment += 1 / kFps)
            for (const double hz : {0.11, 0.23, 0.17})
                motion.push_back(static_cast<float>(std::sin(6.2832 * hz * moment) +
                                                    0.3 * std::sin(6.2832 * (hz + 0.6) * moment)));
        moment += 40;
    }
    return motion;
}

double deviation(const std::vector<double>& values) {
    double sum = 0, squares = 0;
    for (const double v : values) sum += v, squares += v * v;
    const auto n = static_cast<double>(values.size());
    return std::sqrt(squares / n - sum * sum / n / n);
}

std::vector<double> angle_of(HeadMotion& head, std::int64_t frames, std::size_t k) {
    std::vector<double> angles;
    for (std::int64_t t = 0; t < frames; ++t) angles.push_back(head.at(t)[k]);
    return angles;
}

double largest_step(const std::vector<double>& angles) {
    double largest = 0;
    for (std::size_t t = 1; t < angles.size(); ++t)
        largest = std::max(largest, std::abs(angles[t] - angles[t - 1]));
    return largest;
}

TEST(HeadMotion, MovesAsMuchAndAsFastAsTheRecording) {
    const std::vector<std::int64_t> clips{400, 75, 300, 75};
    const std::vector<float> motion = recorded(clips);
    for (const std::size_t k : {0u, 1u, 2u}) {
        HeadMotion head(motion, clips, kFps, 1);
        const std::vector<double> made = angle_of(head, 20000, k);
        std::vector<double> real;
        for (std::size_t i = k; i < motion.size(); i += 3) real.push_back(motion[i]);
        EXPECT_NEAR(deviation(made) / deviation(real), 1, 0.15) << k;
        real.resize(400);  // of one clip: between clips it jumps
        EXPECT_LT(largest_step(made), 1.6 * largest_step(real)) << k;
    }
}

TEST(HeadMotion, IsTheSameForASeedAndAnotherForAnother) {
    const std::vector<float> motion = recorded({1000});
    HeadMotion a(motion, {1000}, kFps, 1), b(motion, {}, kFps, 1), c(motion, {1000}, kFps, 2);
    bool differs = false;
    for (std::int64_t t = 0; t < 5000; ++t) {
        ASSERT_EQ(a.at(t)[1], b.at(t)[1]);
        differs = differs || a.at(t)[1] != c.at(t)[1];
    }
    EXPECT_TRUE(differs);
}

TEST(HeadMotion, DoesNotRepeatItself) {
    HeadMotion head(recorded({600}), {600}, kFps, 3);
    std::set<std::vector<float>> pieces;  // of 20 s
    for (std::int64_t piece = 0; piece < 100; ++piece) {
        std::vector<float> angles;
        for (std::int64_t t = 0; t < 500; ++t) angles.push_back(head.at(500 * piece + t)[0]);
        pieces.insert(angles);
    }
    EXPECT_EQ(pieces.size(), 100u);
}

TEST(HeadMotion, GivesRecentFramesAgain) {
    HeadMotion head(recorded({500}), {500}, kFps, 4);
    const float once = head.at(3000)[2];
    head.at(3000 + HeadMotion::kKept - 1);
    EXPECT_EQ(head.at(3000)[2], once);
    EXPECT_ANY_THROW(head.at(2000));
}

TEST(HeadMotion, ShortOrMissingRecordings) {
    EXPECT_TRUE(HeadMotion({}, {}, kFps, 1).empty());
    EXPECT_TRUE(HeadMotion({1, 2, 3}, {}, kFps, 1).empty());
    EXPECT_TRUE(HeadMotion(recorded({2, 9, 1}), {2, 9, 1}, kFps, 1).empty());
    for (const std::int64_t frames : {30, 60}) {
        HeadMotion head(recorded({frames}), {frames}, kFps, 1);
        for (std::int64_t t = 0; t < 500; ++t) ASSERT_LT(std::abs(head.at(t)[0]), 3) << frames;
    }
    HeadMotion frames(recorded(std::vector<std::int64_t>(40, 1)), std::vector<std::int64_t>(40, 1), kFps, 1);
    for (std::int64_t t = 0; t < 500; ++t) ASSERT_TRUE(std::isfinite(frames.at(t)[0]));
}

}  // namespace
}  // namespace vultus::speaking
