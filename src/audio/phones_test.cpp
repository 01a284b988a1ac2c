#include "audio/phones.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/error.h"

namespace vultus::audio {
namespace {

std::string names(const std::vector<int>& phones) {
    std::string text;
    for (const int phone : phones) {
        if (!text.empty()) text += ' ';
        text += phone < 0 ? "?" : phone_name(phone);
    }
    return text;
}

TEST(Phones, NamesGoBothWaysInAlphabeticalOrder) {
    EXPECT_EQ(phone_name(0), "SIL");
    for (int phone = 0; phone < kNumPhones; ++phone) {
        EXPECT_EQ(phone_from_name(phone_name(phone)), phone);
        if (phone > 1) {
            EXPECT_LT(phone_name(phone - 1), phone_name(phone));
        }
    }
    EXPECT_EQ(phone_from_name("XX"), kUnknownPhone);
    EXPECT_THROW(phone_name(40), Error);
    EXPECT_THROW(viseme_of(-1), Error);
}

TEST(Phones, EveryVisemeAndShapeIsUsed) {
    std::set<int> visemes;
    std::set<char> shapes;
    for (int phone = 0; phone < kNumPhones; ++phone) {
        visemes.insert(viseme_of(phone));
        for (const double duration : {0.05, 0.5})
            for (const char shape : {rhubarb_shape(phone, duration), rhubarb_end_shape(phone, duration)})
                shapes.insert(shape);
        EXPECT_EQ(is_bilabial(phone), viseme_name(viseme_of(phone)) == "PP");
        EXPECT_EQ(is_bilabial(phone), rhubarb_shape(phone, 0.1) == 'A');
    }
    EXPECT_EQ(visemes.size(), static_cast<std::size_t>(kNumVisemes));
    EXPECT_EQ(std::string(shapes.begin(), shapes.end()), "ABCDEFGHX");
}

TEST(Phones, DiphthongsMoveAndLongVowelsOpen) {
    const int ay = phone_from_name("AY"), ow = phone_from_name("OW"), ah = phone_from_name("AH");
    EXPECT_EQ(rhubarb_shape(ay, 0.1), 'C');
    EXPECT_EQ(rhubarb_shape(ay, 0.25), 'D');
    EXPECT_EQ(rhubarb_end_shape(ay, 0.25), 'B');
    EXPECT_EQ(rhubarb_end_shape(ow, 0.1), 'F');
    EXPECT_EQ(rhubarb_end_shape(ah, 0.25), 'D');
}

TEST(Phones, CmudictAndRadioNames) {
    EXPECT_EQ(phone_from_cmudict("AH0"), phone_from_name("AH"));
    EXPECT_EQ(phone_from_cmudict("ZH"), phone_from_name("ZH"));
    EXPECT_EQ(phone_from_cmudict("Q"), kUnknownPhone);
    EXPECT_EQ(phone_from_radio("ax"), phone_from_name("AH"));
    EXPECT_EQ(phone_from_radio("pau"), kSilence);
    EXPECT_EQ(phone_from_radio("hh"), phone_from_name("HH"));
}

TEST(Phones, AllOfTimitHasAPlace) {
    const std::vector<std::string_view> all = {
        "iy",  "ih",  "eh",  "ey",  "ae",  "aa",  "aw",   "ay",  "ah", "ao", "oy", "ow", "uh",
        "uw",  "ux",  "er",  "ax",  "ix",  "axr", "ax-h", "jh",  "ch", "b",  "d",  "g",  "p",
        "t",   "k",   "dx",  "s",   "sh",  "z",   "zh",   "f",   "th", "v",  "dh", "m",  "n",
        "ng",  "em",  "en",  "eng", "nx",  "l",   "r",    "w",   "y",  "hh", "hv", "el", "bcl",
        "dcl", "gcl", "pcl", "tcl", "kcl", "q",   "pau",  "epi", "h#"};
    EXPECT_EQ(all.size(), 61u);
    for (const int phone : phones_from_timit(all)) EXPECT_GE(phone, 0);
}

TEST(Phones, ClosuresBelongToTheirStops) {
    EXPECT_EQ(
        names(phones_from_timit({"h#", "bcl", "b", "aa", "dcl", "jh", "tcl", "ch", "kcl", "s", "q", "iy"})),
        "SIL B B AA JH JH CH CH K S S IY");
    EXPECT_EQ(names(phones_from_timit({"cl", "t", "vcl", "d", "ao", "vcl", "cl", "ch", "vcl", "p", "zz"})),
              "T T D D AO ? CH CH ? P ?");
}

TEST(Phones, IpaGoesToTheNearestPhones) {
    const std::pair<const char*, const char*> cases[] = {
        {"aɪ", "AY"},   {"ts", "T S"}, {"t͡s", "T S"}, {"ɔːɹ", "AO R"}, {"tʃ", "CH"},     {"iː", "IY"},
        {"ˈeː", "EY"},  {"tɕʰ", "CH"}, {"bʱ", "B"},   {"ɑ̃", "AA"},     {"n̩", "N"},       {"əl", "AH L"},
        {"pf", "P F"},  {"ʁ", "HH"},   {"yː", "UW"},  {"oʊ", "OW"},    {"i5", "IY"},     {"ɡ", "G"},
        {"ts.h", "CH"}, {"s.", "SH"},  {"kh", "K"},   {"ɜː", "ER"},    {"iou", "IY OW"}, {"ʔ", ""},
        {"", ""},       {"ː", ""},     {"_:", ""},    {"ʘ", "?"},      {"\xC9", "?"}};
    for (const auto& [ipa, expected] : cases) EXPECT_EQ(names(phones_from_ipa(ipa)), expected) << ipa;
}

}  // namespace
}  // namespace vultus::audio
