#include "pronunciation/text_words.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "pronunciation/text_file.h"

namespace vultus::pronunciation {
namespace {

/// "Hello|world".
std::string written(const std::string& text) {
    std::string result;
    for (const TextWord& word : text_words(text)) result += (result.empty() ? "" : "|") + word.written;
    return result;
}

/// All that the words of a text may sound like.
std::set<std::string> spoken(const std::string& text) {
    std::set<std::string> ways{""};
    for (const TextWord& word : text_words(text))
        for (const Readings& slot : word.slots) {
            std::set<std::string> longer;
            for (const std::string& way : ways)
                for (const Reading& reading : slot) {
                    std::string said = way;
                    for (const std::string& part : reading) said += (said.empty() ? "" : " ") + part;
                    longer.insert(said);
                }
            ways = std::move(longer);
        }
    return ways;
}

TEST(TextWords, ComeAsTheyAreWrittenWithTheirPlaces) {
    EXPECT_EQ(written("Hello world, it\xE2\x80\x99s \"re-use\" & 1st!"),
              "Hello|world|it\xE2\x80\x99s|re|use|&|1st");
    const auto words = text_words("\xC3\x89t\xC3\xA9: go \xF0\x9F\x98\x80 on");  // Ete, an emoji
    ASSERT_EQ(words.size(), 3u);
    EXPECT_EQ(words[0].begin_char, 0u);
    EXPECT_EQ(words[0].end_char, 3u);
    EXPECT_EQ(words[2].written, "on");
    EXPECT_EQ(words[2].begin_char, 10u);
    EXPECT_TRUE(text_words(" ... \xE2\x80\xA6 \xE3\x80\x82").empty());
}

TEST(TextWords, PlainEnglishHasOneReading) {
    EXPECT_EQ(spoken("bin green with o two now"), std::set<std::string>{"bin green with o two now"});
    EXPECT_EQ(spoken("Don't stop--\"now\"!"), std::set<std::string>{"don't stop now"});
    EXPECT_EQ(spoken("'quoted' Z\xC3\xBCrich"), std::set<std::string>{"quoted z\xC3\xBCrich"});
}

TEST(TextWords, NumbersHaveTheirReadings) {
    const std::pair<const char*, std::vector<const char*>> cases[] = {
        {"1st", {"first"}},
        {"22nd", {"twenty second"}},
        {"2,000,000,000", {"two billion"}},
        {"2.0", {"two point zero", "two point oh"}},
        {"3.5", {"three point five"}},
        {"0.25", {"zero point two five", "zero point twenty five"}},
        {".5", {"point five", "zero point five"}},
        {"3.14159", {"three point one four one five nine"}},
        {"555-1212", {"five five five one two one two"}},
        {"50%", {"fifty percent", "fifty per cent"}},
        {"$5", {"five dollars", "five bucks"}},
        {"$1", {"one dollar"}},
        {"$5.50", {"five dollars and fifty cents", "five fifty", "five dollars fifty"}},
        {"$3.5 million", {"three point five million dollars"}},
        {"\xE2\x82\xAC"
         "5",
         {"five euros"}},
        {"5\xE2\x82\xAC", {"five euros"}},
        {"-5", {"minus five", "negative five"}},
        {"\xE2\x88\x92"
         "5",
         {"minus five"}},
        {"#1", {"number one", "hashtag one"}},
        {"1990s", {"nineteen nineties"}},
        {"the '90s", {"the nineties"}},
        {"12:30", {"twelve thirty", "half past twelve"}},
        {"12:00", {"twelve o'clock", "twelve"}},
        {"7:05", {"seven oh five"}},
        {"7:05pm", {"seven oh five p m"}},
        {"3pm", {"three p m"}},
        {"1/2", {"one half", "a half", "half", "one slash two"}},
        {"3/4", {"three quarters", "three fourths"}},
        {"May 5", {"may five", "may fifth", "may the fifth"}},
        {"5 May", {"the fifth of may", "five may"}},
        {"Henry VIII", {"henry the eighth", "henry eight"}},
        {"World War II", {"world war two"}},
        {"5-10", {"five to ten"}},
        {"1.2.3", {"one point two point three"}},
        {"21\xC2\xB0"
         "C",
         {"twenty one degrees celsius", "twenty one degrees"}},
        {"mp3", {"m p three"}},
        {"5km", {"five kilometers"}},
        {"5 km", {"five kilometers"}},
        {"1\xC2\xBD", {"one and a half"}},
        {"\xEF\xBC\x92\xEF\xBC\x91", {"twenty one"}},  // full width
    };
    for (const auto& [text, said] : cases) {
        const auto ways = spoken(text);
        for (const char* way : said) EXPECT_TRUE(ways.contains(way)) << text << ": " << way;
    }
    for (const char* one :
         {"1st", "2,000,000,000", "$5.50", "-5", "555-1212", "12:30", "1/2", "#1", "1990s", "50%"})
        EXPECT_EQ(written(one), one);
}

TEST(TextWords, SymbolsAndAbbreviations) {
    const std::pair<const char*, std::vector<const char*>> cases[] = {
        {"you & me", {"you and me"}},
        {"AT&T", {"a t and t"}},
        {"1 + 1 = 2", {"one plus one equals two", "one plus one is two"}},
        {"2+2", {"two plus two"}},
        {"and/or", {"and or", "and slash or"}},
        {"snake_case", {"snake case", "snake underscore case"}},
        {"C++", {"c plus plus"}},
        {"C#", {"c sharp"}},
        {"e.g. this", {"for example this", "e g this"}},
        {"i.e.", {"that is", "i e"}},
        {"Dr. No", {"doctor no"}},
        {"U.S.A.", {"u s a"}},
        {"the FBI", {"the f b i", "the fbi"}},
        {"https://www.example.com/a",
         {"example dot com slash a", "h t t p s colon slash slash w w w dot example dot com a"}},
        {"me@example.org", {"me at example dot org"}},
        {"#HelloWorld", {"hashtag hello world", "hello world"}},
        {"rock\xC2\xA0"
         "'n'\xC2\xA0roll",
         {"rock n roll"}},
        {"co\xC2\xADoperate", {"cooperate"}},
        {"\xEF\xBB\xBFhello", {"hello"}},
        {"\xC2\xAB"
         "bonjour\xC2\xBB \xC2\xBFque? \xC2\xA1hola!",
         {"bonjour que hola"}},
        {"one\rtwo\r\nthree", {"one two three"}},
        {"yes \xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD no \xE2\x9D\xA4\xEF\xB8\x8F", {"yes no"}},
        {"a **bold** word", {"a bold word"}},
        {"<speak>Hi <break time=\"1s\"/>there &amp; bye</speak>", {"hi there and bye"}},
        {"1\n00:00:01,000 --> 00:00:02,000\nHi there\n\n2\n00:00:03,000 --> 00:00:04,000\nbye",
         {"hi there bye"}},
        {"WEBVTT\n\n00:01.000 --> 00:02.000\nHi", {"hi"}},
    };
    for (const auto& [text, said] : cases) {
        const auto ways = spoken(text);
        for (const char* way : said) EXPECT_TRUE(ways.contains(way)) << text << ": " << way;
    }
}

TEST(TextWords, DirectionsAndSpeakersMayBeLeftOut) {
    const auto words = text_words("ANNA: Hi [very cheerfully] you (laughs) there.\nBob: yes");
    std::vector<std::pair<std::string, std::size_t>> optional;
    for (const TextWord& word : words)
        if (word.optional_until > 0) optional.emplace_back(word.written, word.optional_until);
    EXPECT_EQ(optional, (std::vector<std::pair<std::string, std::size_t>>{
                            {"ANNA", 1}, {"very", 4}, {"laughs", 6}, {"Bob", 8}}));
    for (const char* none : {"He said: yes", "at 12:30 she left", "a (b"})
        for (const TextWord& word : text_words(none)) EXPECT_EQ(word.optional_until, 0u) << none;
}

TEST(TextWords, ShownTogetherTheyAreTheText) {
    const auto shown = [](const std::string& text) {
        std::string all;
        for (const TextWord& word : text_words(text)) all += word.shown;
        return all;
    };
    EXPECT_EQ(shown("\"Hello,\" she said -- twice;  re-use it!"), "\"Hello,\" she said -- twice; re-use it!");
    EXPECT_EQ(shown("<i>Hi</i> there"), "Hi there");
    EXPECT_EQ(shown("1\n00:00:01,000 --> 00:00:02,000\nHi\nyou"), "Hi you");
}

TEST(TextWords, AnyBytesGiveWordsWithPlaces) {
    Rng rng(3);
    const std::string pieces[] = {"a",        "B",
                                  "1",        ".",
                                  "-",        "$",
                                  "/",        ":",
                                  "#",        "@",
                                  "&",        "(",
                                  ")",        "[",
                                  "<",        ">",
                                  "*",        "'",
                                  " ",        "\n",
                                  "\r",       "\xC2",
                                  "\xFF",     "\xE2\x80\x99",
                                  "\xC2\xBD", "\xF0\x9F\x98\x80",
                                  "%",        ",",
                                  "+"};
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (int k = 0; k < 24; ++k)
            text += pieces[static_cast<std::size_t>(rng.uniform() * std::size(pieces))];
        std::size_t at = 0;
        const auto words = text_words(text);
        for (const TextWord& word : words) {
            ASSERT_LE(at, word.begin_char) << text;
            ASSERT_LT(word.begin_char, word.end_char) << text;
            ASSERT_LE(word.optional_until, words.size()) << text;
            ASSERT_FALSE(word.slots.empty()) << text;
            for (const Readings& slot : word.slots)
                ASSERT_FALSE(slot.empty()) << text << ": " << word.written;
            at = word.end_char;
        }
    }
    for (const char* language : {"zh", "de", "fr", "ja"})  // what ICU takes for one word need not be a number
        for (const TextWord& word : text_words("2;24 1_2 3\xE2\x80\x99"
                                               "4 5.6.7",
                                               language))
            for (const Readings& slot : word.slots)
                ASSERT_FALSE(slot.empty()) << language << " " << word.written;
    EXPECT_EQ(text_words(std::string(200000, '7')).size(), 1u);
    EXPECT_EQ(text_words(std::string(200000, 'a') + ".com").size(), 2u);
}

TEST(DecodeText, SaysWhatIsNoText) {
    EXPECT_EQ(decode_text(std::string("\xFF\xFEH\0i\0\x3D\xD8\x00\xDE", 10), "t"), "Hi\xF0\x9F\x98\x80");
    EXPECT_EQ(decode_text(std::string("\xFE\xFF\0H\0i", 6), "t"), "Hi");
    EXPECT_EQ(decode_text("Hi \xC3\xA9", "t"), "Hi \xC3\xA9");
    const std::pair<std::string, const char*> cases[] = {
        {std::string("PK\x03\x04 .. word/document.xml"), ".docx"},
        {std::string("PK\x03\x04 .."), "ZIP"},
        {"%PDF-1.7", "PDF"},
        {"{\\rtf1", "rtf"},
        {std::string("RIFF\0\0WAVE", 10), "binary"},
    };
    for (const auto& [bytes, says] : cases) try {
            decode_text(bytes, "notes");
            ADD_FAILURE() << says;
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find("notes"), std::string::npos) << error.what();
        }
}

}  // namespace
}  // namespace vultus::pronunciation
