#include "pronunciation/number_readings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vultus::pronunciation {
namespace {

std::string joined(const Reading& reading) {
    std::string text;
    for (const std::string& word : reading) text += (text.empty() ? "" : " ") + word;
    return text;
}

bool has(const Readings& readings, const std::string& said) {
    return std::any_of(readings.begin(), readings.end(),
                       [&](const Reading& reading) { return joined(reading) == said; });
}

TEST(NumberReadings, WholeNumbersInAllUsualWays) {
    const std::pair<const char*, std::vector<const char*>> cases[] = {
        {"0", {"zero", "oh"}},
        {"7", {"seven"}},
        {"21", {"twenty one", "two one"}},
        {"100", {"one hundred", "a hundred", "one zero zero"}},
        {"101", {"one hundred one", "one hundred and one", "a hundred and one", "one oh one"}},
        {"523", {"five hundred twenty three", "five twenty three", "five two three"}},
        {"1200", {"twelve hundred", "one thousand two hundred"}},
        {"1900", {"nineteen hundred", "one thousand nine hundred"}},
        {"1905", {"nineteen oh five", "nineteen hundred and five", "nineteen hundred five"}},
        {"1984", {"nineteen eighty four"}},
        {"2000", {"two thousand"}},
        {"2005", {"two thousand five", "two thousand and five", "twenty oh five"}},
        {"2024", {"twenty twenty four", "two thousand twenty four", "two thousand and twenty four"}},
        {"1000000", {"one million", "a million"}},
        {"2000000000", {"two billion"}},
        {"007", {"zero zero seven", "oh oh seven", "double oh seven"}},
        {"5551212", {"five five five one two one two"}},
        {"12345678901234567890",
         {"one two three four five six seven eight nine zero one two three four five six "
          "seven eight nine zero"}},
    };
    for (const auto& [digits, said] : cases)
        for (const char* way : said) EXPECT_TRUE(has(integer_readings(digits), way)) << digits << ": " << way;
    EXPECT_EQ(joined(integer_readings("1984")[0]), "nineteen eighty four") << "the most usual first";
    EXPECT_EQ(joined(integer_readings("2250")[0]), "two thousand two hundred fifty");
    EXPECT_FALSE(has(integer_readings("1000"), "ten hundred"));
}

TEST(NumberReadings, OrdinalsDecadesAndParts) {
    EXPECT_EQ(joined(ordinal("1")), "first");
    EXPECT_EQ(joined(ordinal("12")), "twelfth");
    EXPECT_EQ(joined(ordinal("20")), "twentieth");
    EXPECT_EQ(joined(ordinal("123")), "one hundred twenty third");
    EXPECT_TRUE(has(decade_readings("1990"), "nineteen nineties"));
    EXPECT_TRUE(has(decade_readings("80"), "eighties"));
    EXPECT_TRUE(has(decade_readings("1900"), "nineteen hundreds"));
    EXPECT_TRUE(has(decade_readings("2000"), "two thousands"));
    EXPECT_TRUE(has(fraction_readings("14"), "one four"));
    EXPECT_TRUE(has(fraction_readings("05"), "zero five"));
    EXPECT_TRUE(has(denominator_readings("2"), "half"));
    EXPECT_TRUE(has(denominator_readings("3"), "thirds"));
    EXPECT_TRUE(has(denominator_readings("4"), "quarters"));
    EXPECT_EQ(roman_value("VIII"), 8);
    EXPECT_EQ(roman_value("XIV"), 14);
    for (const char* none : {"", "IIII", "VX", "MIX", "ABBA"}) EXPECT_EQ(roman_value(none), 0) << none;
}

}  // namespace
}  // namespace vultus::pronunciation
