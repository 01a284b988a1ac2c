#include "preparation/hold_out.h"

#include <gtest/gtest.h>

#include "preparation/plan.h"

namespace vultus::preparation {
namespace {

constexpr double kFps = 25;

/// Sentences of `sentence` frames with pauses of `pause` frames.
Stretch talk(int recording, int frames, int sentence, int pause) {
    Stretch stretch{recording, {}};
    for (int t = 0; t < frames; ++t)
        stretch.level_db.push_back(t % (sentence + pause) < sentence ? 60.0f + t % 3 : 20.0f + t % 2);
    return stretch;
}

struct Sums {
    int train = 0, held = 0, blocks = 0;
};
Sums sums_of(const std::vector<Piece>& pieces) {
    Sums sums;
    for (const Piece& piece : pieces) {
        const bool held = piece.split == corpus::Split::kValidation;
        (held ? sums.held : sums.train) += piece.count;
        sums.blocks += held;
    }
    return sums;
}

TEST(HoldOut, ATenthOfOneLongRecordingInWholeSentencesAllOverIt) {
    const std::vector<Stretch> talks = {talk(0, 25 * 180, 60, 15)};
    const std::vector<Piece> pieces = hold_out(talks, kFps, 0.1);
    const Sums sums = sums_of(pieces);
    EXPECT_NEAR(sums.held, 18 * 25, 4 * 25);
    EXPECT_EQ(sums.blocks, 3);
    EXPECT_EQ(sums.train + sums.held, 25 * 180) << "cut in pauses: nothing is lost";
    int end = 0;
    for (const Piece& piece : pieces) {
        EXPECT_EQ(piece.first, end);
        end = piece.first + piece.count;
        if (end < 25 * 180) {
            EXPECT_LT(talks[0].level_db[end], 30) << end;
        }
    }
}

TEST(HoldOut, AtLeastFiveAndAtMostThirtySeconds) {
    const Sums shorter = sums_of(hold_out({talk(0, 25 * 24, 50, 12)}, kFps, 0.1));
    EXPECT_GE(shorter.held, 4.9 * 25);
    EXPECT_LE(shorter.held, 8 * 25);
    const Sums longer = sums_of(hold_out({talk(0, 25 * 3600, 50, 12)}, kFps, 0.1));
    EXPECT_LE(longer.held, 30 * 25);
    EXPECT_GE(longer.held, 20 * 25);
    EXPECT_EQ(sums_of(hold_out({talk(0, 25 * 8, 50, 12)}, kFps, 0.1)).held, 0);
}

TEST(HoldOut, WithoutPausesAGapKeepsTheSidesApart) {
    Stretch music{0, std::vector<float>(25 * 60, 50.0f)};
    const std::vector<Piece> pieces = hold_out({music}, kFps, 0.1);
    ASSERT_EQ(pieces.size(), 3u);
    for (std::size_t i = 1; i < pieces.size(); ++i)
        EXPECT_GE(pieces[i].first - pieces[i - 1].first - pieces[i - 1].count, 10);
}

TEST(HoldOut, ManyShortRecordingsKeepThePublishedSplit) {
    std::vector<Stretch> clips;
    for (int i = 0; i < 40; ++i)
        if (i != 5) clips.push_back(talk(i, 75, 60, 15));  // one was left out: the others keep their places
    const std::vector<Piece> pieces = hold_out(clips, kFps, 0.1);
    ASSERT_EQ(pieces.size(), 39u);
    for (const Piece& piece : pieces)
        EXPECT_EQ(piece.split, corpus::default_split(clips[piece.stretch].recording));
    const std::vector<Piece> three = hold_out({talk(0, 75, 60, 15), talk(1, 75, 60, 15)}, kFps, 0.1);
    EXPECT_EQ(three.back().split, corpus::Split::kValidation) << "the last one of a handful";
}

TEST(Inputs, AnyRateLandsOnAUsualOne) {
    using Rate = std::pair<int, int>;
    EXPECT_EQ(plain_rate(24000, 1001), Rate(24000, 1001));
    EXPECT_EQ(plain_rate(30000, 1001), Rate(30000, 1001));
    EXPECT_EQ(plain_rate(30, 1), Rate(30, 1));
    EXPECT_EQ(plain_rate(2987, 100), Rate(30, 1));
    EXPECT_EQ(plain_rate(5961, 100), Rate(60, 1));
    EXPECT_EQ(plain_rate(120, 1), Rate(60, 1));
}

TEST(Plan, SizeFollowsTheFace) {
    EXPECT_EQ(supported_size_px(288), 256);
    EXPECT_EQ(supported_size_px(400), 384);
    EXPECT_EQ(supported_size_px(500), 512);
    EXPECT_EQ(supported_size_px(100), 256);
}

}  // namespace
}  // namespace vultus::preparation
