#include "pronunciation/pronunciations.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"

namespace vultus::pronunciation {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

TEST(Pronunciations, TextBecomesWords) {
    EXPECT_EQ(joined(words_of("Don't stop--\"now\", it\xE2\x80\x99s 21!")), "don't stop now it's twenty one");
    EXPECT_EQ(
        joined(words_of("In 1984, 2,250 people; 007 mp3 1000000")),
        "in nineteen eighty four two thousand two hundred fifty people zero zero seven mp three one million");
    EXPECT_EQ(joined(words_of("re-use 1905 'quoted' Z\xC3\xBCrich")),
              "re use nineteen oh five quoted z\xC3\xBCrich");
    EXPECT_TRUE(words_of(" ... ").empty());
}

TEST(Pronunciations, ReadsAllWaysAndRefusesOtherFiles) {
    const ScratchFolder scratch("dictionary");
    write_file(scratch / "d", ";;; comment\nREAD  R EH1 D\nREAD(2)  R IY1 D\nodd QQ\nzoo Z UW # a place\n");
    const Pronunciations dictionary(scratch / "d");
    EXPECT_EQ(dictionary.of("read").size(), 2u);
    EXPECT_EQ(dictionary.of("zoo").at(0).size(), 2u);
    EXPECT_TRUE(dictionary.of("odd").empty());
    EXPECT_EQ(joined(dictionary.plain_words()), "read zoo");
    write_file(scratch / "e", "no phones at all\n");
    EXPECT_THROW(Pronunciations(scratch / "e"), Error);
    EXPECT_THROW(Pronunciations(scratch / "none"), Error);
}

}  // namespace
}  // namespace vultus::pronunciation
