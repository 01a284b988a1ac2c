#include <gtest/gtest.h>

#include "base/progress.h"
#include "base/rng.h"
#include "base/spelling.h"

namespace vultus {
namespace {

TEST(Rng, NormalHasUnitVariance) {
    Rng rng(7);
    double sum = 0, square = 0;
    constexpr int kDraws = 100000;
    for (int i = 0; i < kDraws; ++i) {
        const double value = rng.normal();
        sum += value;
        square += value * value;
    }
    EXPECT_NEAR(sum / kDraws, 0, 0.02);
    EXPECT_NEAR(square / kDraws, 1, 0.02);
}

TEST(FormatDuration, UsesHoursOnlyWhenNeeded) {
    EXPECT_EQ(format_duration(7), "0:07");
    EXPECT_EQ(format_duration(3723), "1:02:03");
}

TEST(Spelling, Distances) {
    EXPECT_EQ(edit_distance("", ""), 0);
    EXPECT_EQ(edit_distance("abc", ""), 3);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
    EXPECT_EQ(edit_distance("tlak", "talk"), 1) << "neighbours that changed places";
    EXPECT_EQ(edit_distance("abcd", "badc"), 2);
}

TEST(Spelling, NearestWord) {
    const std::vector<std::string> known{"prepare", "train", "talk", "eval", "info"};
    EXPECT_EQ(nearest_word("tlak", known), "talk");
    EXPECT_EQ(nearest_word("trian", known), "train");
    EXPECT_EQ(nearest_word("perpar", known), "prepare");
    EXPECT_EQ(nearest_word("sing", known), "");
    EXPECT_EQ(nearest_word("x", {"y", "z"}), "y") << "the first of several";
    EXPECT_EQ(nearest_word("anything", {}), "");
}

}  // namespace
}  // namespace vultus
