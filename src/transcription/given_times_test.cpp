#include "transcription/given_times.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "audio/phones.h"
#include "base/error.h"
#include "base/rng.h"
#include "transcription/phone_formats.h"

namespace vultus::transcription {
namespace {

/// "hello 0.1-0.5 | world 0.5-0.9".
std::string words(const std::string& file) {
    std::string result;
    for (const GivenLabel& word : read_given_times(file, "file").words)
        result +=
            fmt::format("{}{} {:g}-{:g}", result.empty() ? "" : " | ", word.text, word.start_s, word.end_s);
    return result;
}

std::string phones(const std::string& file) {
    std::string result;
    for (const auto& phone : read_given_times(file, "file").phones)
        result += fmt::format("{}{} {:g}-{:g}", result.empty() ? "" : " | ", audio::phone_name(phone.phone),
                              phone.start_s, phone.end_s);
    return result;
}

const std::string kHello = "hello 0.1-0.5 | world 0.5-0.9";

TEST(GivenTimes, WordsOfManyPrograms) {
    for (
        const char* file :
        {R"({"words":[{"word":"hello","start":0.1,"end":0.5},{"word":"world","start":0.5,"end":0.9}]})",
         R"([{"text":"hello","start_time":"0.1","end_time":"0.5"},{"text":"world","start_time":"0.5","end_time":"0.9"}])",
         R"({"text":"hello world","segments":[{"text":"hello world","start":0,"end":1,"words":[
              {"word":"hello","start":0.1,"end":0.5,"probability":1},{"word":"world","start":0.5,"end":0.9}]}]})",
         R"({"result":[{"conf":1,"word":"hello","start":0.1,"end":0.5},{"word":"world","start":0.5,"end":0.9}]})",
         R"({"timestamps":[{"word":"hello","start_time":0.1,"end_time":0.5},{"word":"world","start_time":0.5,"end_time":0.9}]})",
         R"({"results":{"items":[{"start_time":"0.1","end_time":"0.5","alternatives":[{"content":"hello"}]},
              {"start_time":"0.5","end_time":"0.9","alternatives":[{"content":"world"}]}]}})",
         R"({"words":[{"startTime":"0.1s","endTime":"0.5s","word":"hello"},{"startTime":"0.5s","endTime":"0.9s","word":"world"}]})",
         R"({"words":["hello","world"],"wtimes":[100,500],"wdurations":[400,400]})",
         R"([{"word":"hello","start_ms":100,"end_ms":500},{"word":"world","start_ms":500,"end_ms":900}])",
         R"({"alignment":{"characters":["h","e","l","l","o"," ","w","o","r","l","d"],
              "character_start_times_seconds":[0.1,0.2,0.3,0.35,0.4,0.5,0.5,0.6,0.7,0.8,0.85],
              "character_end_times_seconds":[0.2,0.3,0.35,0.4,0.5,0.5,0.6,0.7,0.8,0.85,0.9]}})",
         "1\n00:00:00,100 --> 00:00:00,500\nhello\n\n2\n00:00:00,500 --> 00:00:00,900\nworld\n",
         "WEBVTT\n\n00:00.100 --> 00:00.500 align:start\nhello\n\n00:00.500 --> 00:00.900\nworld\n",
         "start\tend\tword\n0.1\t0.5\thello\n0.5\t0.9\tworld\n",
         "\xEF\xBB\xBF"
         "0.1 0.5 hello\r\n0.5 0.9 world\r\n",
         "File type = \"ooTextFile\"\nObject class = "
         "\"TextGrid\"\n\n0\n1\n<exists>\n1\n\"IntervalTier\"\n\"words\"\n0\n1\n4\n"
         "0\n0.1\n\"\"\n0.1\n0.5\n\"hello\"\n0.5\n0.9\n\"world\"\n0.9\n1\n\"\"\n"})
        EXPECT_EQ(words(file), kHello) << file;
}

TEST(GivenTimes, PhonesAndVisemesOfVoices) {
    EXPECT_EQ(
        phones(R"({"phones":[{"start":0,"end":0.1,"phone":"HH"},{"start":0.1,"end":0.3,"phone":"AH0"}]})"),
        "HH 0-0.1 | AH 0.1-0.3");
    EXPECT_EQ(phones(R"({"sample_rate":16000,"phoneme_alignments":[{"phoneme":"h","num_samples":1600},
                         {"phoneme":"a\u026a","num_samples":3200},{"phoneme":"_","num_samples":800}]})"),
              "HH 0-0.1 | AY 0.1-0.3 | SIL 0.3-0.35");
    EXPECT_EQ(
        phones(
            R"([{"AudioOffset":0,"VisemeId":0},{"AudioOffset":1000000,"VisemeId":21},{"AudioOffset":3000000,"VisemeId":2}])"),
        "SIL 0-0.1 | P 0.1-0.3 | AA 0.3-0.4");
    EXPECT_EQ(phones(R"([{"audio_offset":0,"viseme_id":0},{"audio_offset":100,"viseme_id":21}])"),
              "SIL 0-0.1 | P 0.1-0.2");
    EXPECT_EQ(phones("{\"time\":0,\"type\":\"viseme\",\"value\":\"p\"}\n{\"time\":50,\"type\":\"viseme\","
                     "\"value\":\"@\"}\n"),
              "P 0-0.05 | AH 0.05-0.15");
    EXPECT_EQ(phones(R"([{"text":"hi","start_ts":0.2,"end_ts":0.6,"phonemes":"ha\u026a"}])"),
              "HH 0.2-0.4 | AY 0.4-0.6");
    EXPECT_EQ(
        phones(R"({"visemes":["sil","viseme_PP","aa"],"vtimes":[0,100,200],"vdurations":[100,100,50]})"),
        "SIL 0-0.1 | P 0.1-0.2 | AA 0.2-0.25");
    EXPECT_EQ(phones("0 0.1 SIL\n0.1 0.3 AA1\n"), "SIL 0-0.1 | AA 0.1-0.3");
    const GivenTimes both = read_given_times(
        R"({"tiers":{"words":{"type":"interval","entries":[[0.1,0.5,"hi"]]},"phones":{"entries":[[0.1,0.3,"HH"],[0.3,0.5,"AY1"]]}}})",
        "file");
    ASSERT_EQ(both.words.size(), 1u);
    EXPECT_EQ(both.words[0].text, "hi");
    EXPECT_EQ(both.phones.size(), 2u);
}

TEST(GivenTimes, OwnFilesComeBack) {
    alignment::PhoneTimes times;
    times.duration_s = 0.6;
    times.phones = {
        {0, 0.1, 0}, {0.1, 0.3, audio::phone_from_name("M")}, {0.3, 0.6, audio::phone_from_name("AY")}};
    times.words = {{0.1, 0.6, "my", 0}};
    for (const PhoneFormat format : {PhoneFormat::kJson, PhoneFormat::kTextGrid}) {
        const std::string file = format_phones(times, format);
        EXPECT_EQ(phones(file), "SIL 0-0.1 | M 0.1-0.3 | AY 0.3-0.6") << file;
        EXPECT_EQ(words(file), "my 0.1-0.6") << file;
    }
}

TEST(GivenTimes, OverlapsEndAndNoTimeIsSome) {
    EXPECT_EQ(
        words(
            R"([{"word":"b","start":0.5,"end":0.7},{"word":"a","start":0.1,"end":0.6},{"word":"c","start":0.7,"end":0.7}])"),
        "a 0.1-0.5 | b 0.5-0.7 | c 0.7-0.72");
}

TEST(GivenTimes, SaysWhatIsNone) {
    for (const char* file :
         {"", "  \n", "{}", "[1,2,3]", "{\"words\":", "hello world", "0.5 hello",
          "[{\"word\":\"a\",\"start\":-1,\"end\":2}]", "[{\"word\":\"a\",\"start\":1e9,\"end\":2e9}]",
          "[{\"viseme\":\"XX\",\"start\":0,\"end\":1}]", "1\nx --> y\nhello\n",
          "File type = \"ooTextFile\"\n\"IntervalTier\" \"words\" 0 1 99 0 1 \"a\""})
        EXPECT_THROW(read_given_times(file, "file"), Error) << file;
}

/// Random damage of good files: an error or times in order, nothing else.
TEST(GivenTimes, DamagedFiles) {
    const std::string files[] = {
        R"({"words":[{"word":"hello","start":0.1,"end":0.5},{"phone":"AY","start":0.5,"end":0.9}],"duration":2})",
        "1\n00:00:00,100 --> 00:00:00,500\nhello\n\n2\n00:00:00,500 --> 00:00:00,900\nworld\n",
        "File type = \"ooTextFile\"\n0 1 <exists> 1 \"IntervalTier\" \"words\" 0 1 2 0 0.5 \"hello\" 0.5 1 "
        "\"world\"\n",
        "0.1\t0.5\thello\n0.5\t0.9\tworld\n"};
    Rng rng(9);
    for (int trial = 0; trial < 2000; ++trial) {
        std::string file = files[rng.below(4)];
        for (std::size_t k = 0; k <= rng.below(4); ++k)
            file[rng.below(file.size())] = static_cast<char>(rng.below(256));
        try {
            const GivenTimes times = read_given_times(file, "file");
            double at_s = 0;
            for (const GivenLabel& word : times.words) {
                ASSERT_GE(word.start_s, at_s) << file;
                ASSERT_GT(word.end_s, word.start_s) << file;
                at_s = word.end_s;
            }
            ASSERT_GE(times.duration_s, at_s);
        } catch (const Error&) {
        }
    }
}

}  // namespace
}  // namespace vultus::transcription
