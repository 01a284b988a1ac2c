#include "transcription/caption_formats.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "pronunciation/text_words.h"
#include "transcription/phone_formats.h"

namespace vultus::transcription {
namespace {

/// Every word of a text takes 0.3 s; a pause of 1 s after the words in `pauses`.
alignment::PhoneTimes said(const std::string& text, const std::vector<std::string>& pauses = {}) {
    alignment::PhoneTimes times;
    double at_s = 0.5;
    int index = 0;
    for (const pronunciation::TextWord& word : pronunciation::text_words(text)) {
        times.words.push_back(
            {at_s, at_s + 0.3, word.written, 0, index++, word.begin_char, word.end_char, word.shown});
        at_s += std::find(pauses.begin(), pauses.end(), word.written) == pauses.end() ? 0.3 : 1.3;
    }
    times.duration_s = at_s + 2;
    return times;
}

std::vector<std::string> texts_of(const alignment::PhoneTimes& times) {
    std::vector<std::string> texts;
    for (const Caption& caption : captions(times)) {
        texts.push_back(caption.lines[0]);
        for (std::size_t k = 1; k < caption.lines.size(); ++k) texts.back() += "/" + caption.lines[k];
    }
    return texts;
}

TEST(Captions, EndWithSentencesAndPauses) {
    EXPECT_EQ(texts_of(said("\"Hello, world!\" It's me; here, re-use it. Yes", {"here"})),
              (std::vector<std::string>{"\"Hello, world!\"", "It's me; here,", "re-use it.", "Yes"}));
}

TEST(Captions, HaveTwoLinesOf42CharactersAndSevenSecondsAtMost) {
    std::string text;
    for (int k = 0; k < 60; ++k) text += k % 3 ? "wonderful " : "so ";
    const auto times = said(text);
    std::string all;
    for (const Caption& caption : captions(times)) {
        EXPECT_LE(caption.lines.size(), 2u);
        for (const std::string& line : caption.lines) {
            EXPECT_LE(line.size(), 42u);
            all += line + " ";
        }
        EXPECT_LE(caption.end_s - caption.start_s, 7.001);
    }
    EXPECT_EQ(all, text) << "every word once";
}

TEST(Captions, AreFilesOfTheirFormats) {
    const auto times = said("Tom & {Ann}! Now.");
    EXPECT_EQ(srt(times),
              "1\n00:00:00,500 --> 00:00:01,400\nTom & {Ann}!\n\n2\n00:00:01,400 --> 00:00:02,400\nNow.\n\n");
    EXPECT_EQ(
        vtt(said("Tom & Ann. Now.")),
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.400\nTom &amp; Ann.\n\n00:00:01.400 --> 00:00:02.400\nNow.\n\n");
    EXPECT_NE(ass(times).find("Dialogue: 0,0:00:00.50,0:00:01.40,Default,,0,0,0,,Tom & \\{Ann\\}!\n"),
              std::string::npos)
        << ass(times);
    EXPECT_THROW(captions({}), Error);
    EXPECT_THROW(format_phones({}, PhoneFormat::kSrt), Error);
}

}  // namespace
}  // namespace vultus::transcription
