#include "rendering/backdrop.h"

#include <gtest/gtest.h>

namespace vultus::rendering {
namespace {

using Colour = std::array<std::uint8_t, 3>;

TEST(Backdrop, KnowsColoursAndNothingElse) {
    EXPECT_EQ(parse_colour("#1e90ff"), (Colour{0x1e, 0x90, 0xff}));
    EXPECT_EQ(parse_colour("#FA0"), (Colour{0xff, 0xaa, 0x00}));
    EXPECT_EQ(parse_colour("lime"), (Colour{0, 255, 0}));
    for (const char* wrong : {"", "#", "#12", "#12345", "#12345g", "#1234567", "Lime ", "limes", "1e90ff"})
        EXPECT_FALSE(parse_colour(wrong)) << wrong;
}

TEST(Backdrop, SaysInWordsHowGoodTheMatteIs) {
    EXPECT_STREQ(Backdrop::word_for(0.98), "good");
    EXPECT_STREQ(Backdrop::word_for(0.8), "fair");
    EXPECT_STREQ(Backdrop::word_for(0.5), "poor");
}

}  // namespace
}  // namespace vultus::rendering
