#include "voices/speech_marks.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"

namespace vultus::voices {
namespace {

using List = std::vector<Passage>;

Passage words(const std::string& text) { return {text, false, 0}; }
Passage pause(int ms) { return {"", false, ms}; }

TEST(SpeechMarks, SentencesComeOneByOne) {
    EXPECT_EQ(passages_of("One two. Three!  Four?\nFive… six"),
              (List{words("One two."), words("Three!"), words("Four?"), words("Five…"), words("six")}));
    EXPECT_EQ(passages_of("A title\n\nand a text"), (List{words("A title"), words("and a text")}));
    EXPECT_EQ(passages_of("我说。你说！"), (List{words("我说。"), words("你说！")}));
    EXPECT_EQ(passages_of("He said \"No.\" Then he left."),
              (List{words("He said \"No.\""), words("Then he left.")}));
}

TEST(SpeechMarks, NumbersAndAbbreviationsEndNothing) {
    EXPECT_EQ(passages_of("Dr. Who paid 3.50 to J. Smith, e.g. in vultus.example today."),
              (List{words("Dr. Who paid 3.50 to J. Smith, e.g. in vultus.example today.")}));
}

TEST(SpeechMarks, PausesOfBothKinds) {
    EXPECT_EQ(passages_of("One [pause 500] two[pause]three"),
              (List{words("One"), pause(500), words("two"), pause(500), words("three")}));
    EXPECT_EQ(passages_of("a <break time=\"1.5s\"/> b <break time='20ms' /> c <break strength=\"weak\"/> d"),
              (List{words("a"), pause(1500), words("b"), pause(20), words("c"), pause(250), words("d")}));
    EXPECT_EQ(passages_of("a [pause 99999999] b"), (List{words("a"), pause(10000), words("b")}));
}

TEST(SpeechMarks, WhatIsNoMarkIsText) {
    EXPECT_EQ(passages_of("a [pause here] < b & c [x]"), (List{words("a [pause here] < b & c [x]")}));
    EXPECT_EQ(passages_of("a <b>c</b>"), (List{words("a <b>c</b>")}));
    EXPECT_EQ(passages_of("fish &amp; chips"), (List{words("fish &amp; chips")}));
}

TEST(SpeechMarks, Ssml) {
    EXPECT_EQ(passages_of("<speak>fish &amp; <say-as interpret-as=\"characters\">chips</say-as>"
                          "<p>This is <emphasis level=\"strong\">very</emphasis> good</p></speak>"),
              (List{words("fish & chips"), words("This is"), Passage{"very", true, 0}, words("good")}));
    EXPECT_EQ(passages_of("no <emphasis level='none'>stress</emphasis>"),
              (List{words("no"), words("stress")}));
}

TEST(SpeechMarks, LongSentencesAreCut) {
    std::string text;
    for (int i = 0; i < 600; ++i) text += "word ";
    std::size_t total = 0;
    for (const Passage& passage : passages_of(text)) {
        EXPECT_LE(passage.text.size(), kMostPassageBytes);
        EXPECT_EQ(passage.text.substr(passage.text.size() - 4), "word");
        total += passage.text.size() + 1;
    }
    EXPECT_EQ(total, text.size());
    std::string letters;
    for (int i = 0; i < 3000; ++i) letters += "ü";
    std::string joined;
    for (const Passage& passage : passages_of(letters)) joined += passage.text;
    EXPECT_EQ(joined, letters);
}

TEST(SpeechMarks, NoTextIsRefused) {
    for (const char* text : {"", "  \n", "...", "[pause 500]", "<speak></speak>",
                             "\xff"
                             "abc",
                             "\xc0\xaf a", "\xed\xa0\x80 a"})
        EXPECT_THROW(passages_of(text), Error) << text;
    EXPECT_THROW(passages_of(std::string(kMostTextBytes + 1, 'a')), Error);
}

TEST(SpeechMarks, AnyBytesGiveBoundedPassagesOrAnError) {
    Rng rng(7);
    const std::string pool = "ab .!?\n[]<>/&;=\"'pause break emphasis speak 50ms \xc3\xa4\xe2\x80\xa6\xff";
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        for (int k = rng.below(80); k > 0; --k)
            text += rng.below(8) == 0 ? std::string("<break time=\"")
                                      : std::string(1, pool[rng.below(pool.size())]);
        try {
            for (const Passage& passage : passages_of(text)) {
                EXPECT_TRUE(passage.text.empty() != (passage.pause_ms == 0));
                EXPECT_LE(passage.pause_ms, 10000);
            }
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
        }
    }
}

}  // namespace
}  // namespace vultus::voices
