#include "transcription/held_shapes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "base/rng.h"

namespace vultus::transcription {
namespace {

/// "X10 A3 D20": shapes and their lengths in hundredths.
std::vector<MouthCue> cues(const std::string& text) {
    std::vector<MouthCue> result;
    int at = 0;
    for (std::size_t i = 0; i < text.size();) {
        const char shape = text[i++];
        int length = 0;
        while (i < text.size() && text[i] != ' ') length = 10 * length + (text[i++] - '0');
        result.push_back({at, at + length, shape});
        at += length;
        ++i;
    }
    return result;
}

std::string held(const std::string& text) {
    std::string result;
    for (const MouthCue& cue : held_shapes(cues(text))) {
        if (!result.empty()) result += ' ';
        result += cue.shape;
        result += std::to_string(cue.end_cs - cue.start_cs);
    }
    return result;
}

TEST(HeldShapes, LongOnesStay) { EXPECT_EQ(held("X10 A10 C12 B16 X50"), "X10 A10 C12 B16 X50"); }

TEST(HeldShapes, AShortClosureBeginsEarlier) {
    EXPECT_EQ(held("X10 C20 A3 C20 X9"), "X10 C15 A8 C20 X9");
    EXPECT_EQ(held("X10 C20 A1 C20 X9"), "X10 C14 A7 C20 X9") << "six hundredths at most";
    EXPECT_EQ(held("A3 C20"), "A3 C20") << "nothing before";
    EXPECT_EQ(held("X20 A4 B4 A4 X20"), "X14 A6 B6 A6 X20") << "they share";
}

TEST(HeldShapes, WithinAnOpenMouth) {
    EXPECT_EQ(held("X9 C20 E4 B20 X9"), "X9 C17 E7 B20 X9");
    EXPECT_EQ(held("X9 C8 E2 B20 X9"), "X9 C7 E7 B16 X9");
    EXPECT_EQ(held("X9 C7 E2 B8 X9"), "X9 C7 B10 X9") << "no room";
    EXPECT_EQ(held("X9 B9 D3 C8 X9"), "X9 B9 D11 X9");
}

TEST(HeldShapes, AnyShapesFillTheSameTimeAndLast) {
    Rng rng(5);
    for (int trial = 0; trial < 500; ++trial) {
        std::string text = "X20";
        for (int i = 0; i < 40; ++i)
            text += std::string(" ") + "ABCDEFGHX"[rng.below(9)] + std::to_string(1 + rng.below(12));
        text += " X20";
        const std::vector<MouthCue> given = cues(text), shapes = held_shapes(given);
        ASSERT_EQ(shapes.front().start_cs, 0);
        ASSERT_EQ(shapes.back().end_cs, given.back().end_cs) << text;
        for (std::size_t i = 1; i < shapes.size(); ++i) {
            ASSERT_EQ(shapes[i].start_cs, shapes[i - 1].end_cs) << text;
            ASSERT_GT(shapes[i].end_cs, shapes[i].start_cs) << text;
            ASSERT_NE(shapes[i].shape, shapes[i - 1].shape) << text;
        }
    }
}

}  // namespace
}  // namespace vultus::transcription
