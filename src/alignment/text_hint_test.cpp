#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "alignment/phone_times.h"
#include "audio/phones.h"
#include "base/error.h"

namespace vultus::alignment {
namespace {

/// Posteriors of a recogniser that hears these phones, six frames each; SIL may be longer: "SIL*20".
std::vector<float> hears(const std::string& said, float sure = 0.9f) {
    std::vector<float> posteriors;
    std::istringstream in(said);
    for (std::string name; in >> name;) {
        const std::size_t star = name.find('*');
        const int frames = star == std::string::npos ? 6 : std::stoi(name.substr(star + 1));
        const int heard = audio::phone_from_name(name.substr(0, star));
        for (int t = 0; t < frames; ++t)
            for (int phone = 0; phone < audio::kNumPhones; ++phone)
                posteriors.push_back(std::log(phone == heard ? sure : (1 - sure) / 39));
    }
    return posteriors;
}

std::int64_t samples_of(const std::vector<float>& posteriors) {
    return static_cast<std::int64_t>(posteriors.size()) / audio::kNumPhones * 320;
}

const std::pair<const char*, const char*> kDictionary[] = {
    {"hello", "HH AH L OW"},  {"world", "W ER L D"}, {"small", "S M AO L"}, {"test", "T EH S T"},
    {"zebra", "Z IY B R AH"}, {"fish", "F IH SH"},   {"you", "Y UW"}};

std::string phones_of(const std::string& word) {
    for (const auto& [name, phones] : kDictionary)
        if (name == word) return phones;
    return "";
}

std::string said(const std::string& text) {
    std::string phones = "SIL*10";
    std::istringstream in(text);
    for (std::string word; in >> word;) phones.append(" ").append(word == "..." ? "SIL*25" : phones_of(word));
    return phones.append(" SIL*10");
}

std::vector<SpokenWord> words(const std::string& text) {
    std::vector<SpokenWord> result;
    std::istringstream in(text);
    for (std::string name; in >> name;) {
        SpokenWord word{name, {}};
        word.ways.emplace_back();
        std::istringstream phones(phones_of(name));
        for (std::string phone; phones >> phone;) word.ways[0].push_back(audio::phone_from_name(phone));
        word.begin_char = result.empty() ? 0 : result.back().end_char + 1;
        word.end_char = word.begin_char + name.size();
        result.push_back(word);
    }
    return result;
}

PhoneTimes hint(const std::string& sound, const std::string& text) {
    const std::vector<float> heard = hears(said(sound));
    return align_phones(heard, samples_of(heard), words(text), {.exact = false});
}

std::string names(const PhoneTimes& times) {
    std::string result;
    for (const WordSegment& word : times.words) result += word.word + " ";
    return result;
}

std::string unsaid(const PhoneTimes& times) {
    std::string result;
    for (const UnsaidWord& word : times.unsaid) result += word.word + " ";
    return result;
}

TEST(TextHint, ATextThatFitsIsAsExact) {
    const std::vector<float> heard = hears(said("hello world ... small test"));
    const PhoneTimes exact = align_phones(heard, samples_of(heard), words("hello world small test")),
                     times = align_phones(heard, samples_of(heard), words("hello world small test"),
                                          {.exact = false});
    ASSERT_EQ(names(times), names(exact));
    for (std::size_t i = 0; i < times.words.size(); ++i)
        EXPECT_EQ(times.words[i].start_s, exact.words[i].start_s);
    EXPECT_TRUE(times.gaps.empty());
    EXPECT_TRUE(times.unsaid.empty());
}

TEST(TextHint, WhatTheTextLacksIsAGap) {
    for (const auto& [text, start_s, end_s] : {std::tuple{"small test fish", 0.2, 1.16},
                                               {"hello world fish", 1.16, 2.12},
                                               {"hello world small test", 2.12, 2.48}}) {
        const PhoneTimes times = hint("hello world small test fish", text);
        EXPECT_EQ(names(times), std::string(text) + " ");
        ASSERT_EQ(times.gaps.size(), 1u) << text;
        EXPECT_NEAR(times.gaps[0].start_s, start_s, 0.03) << text;
        EXPECT_NEAR(times.gaps[0].end_s, end_s, 0.03) << text;
        EXPECT_GT(times.gaps[0].sure, 0.9);
        EXPECT_TRUE(times.unsaid.empty());
        // What is said there is heard all the same.
        double at_s = 0;
        std::string phones;
        for (const PhoneSegment& phone : times.phones) {
            EXPECT_DOUBLE_EQ(phone.start_s, at_s);
            at_s = phone.end_s;
            phones += std::string(audio::phone_name(phone.phone)) + " ";
        }
        EXPECT_EQ(phones, "SIL HH AH L OW W ER L D S M AO L T EH S T F IH SH SIL ");
    }
}

TEST(TextHint, WhatIsTooMuchIsUnsaid) {
    const PhoneTimes times = hint("hello world small test", "hello zebra fish world small fish test zebra");
    EXPECT_EQ(names(times), "hello world small test ");
    EXPECT_EQ(unsaid(times), "zebra fish fish zebra ");
    EXPECT_TRUE(times.gaps.empty());
    EXPECT_EQ(times.unsaid[0].index, 1);
    EXPECT_EQ(times.unsaid[1].begin_char, 12u);
    EXPECT_NEAR(times.unsaid[1].at_s, times.words[0].end_s, 1e-9);
    for (const UnsaidWord& word : times.unsaid) EXPECT_GT(word.sure, 0.9) << word.word;
}

TEST(TextHint, OtherWordsAreBoth) {
    const PhoneTimes times = hint("hello world ... small test", "hello zebra small test");
    EXPECT_EQ(names(times), "hello small test ");
    EXPECT_EQ(unsaid(times), "zebra ");
    ASSERT_EQ(times.gaps.size(), 1u);
    EXPECT_NEAR(times.gaps[0].start_s, times.words[0].end_s, 0.03);
}

TEST(TextHint, APlaceInALongTextIsFound) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += i % 2 ? "zebra " : "fish ";
    const PhoneTimes times = hint("hello world small test", text + "hello world small test " + text);
    EXPECT_EQ(names(times), "hello world small test ");
    EXPECT_EQ(times.unsaid.size(), 800u);
    EXPECT_EQ(times.words[0].index, 400);
}

std::string refusal(const std::string& sound, const std::string& text) {
    try {
        return names(hint(sound, text));
    } catch (const Error& error) {
        return error.what();
    }
}

TEST(TextHint, AWrongTextIsRefused) {
    EXPECT_EQ(refusal("hello world small test", "zebra fish zebra fish zebra"),
              "[alignment] the text does not match the sound: of its 5 words none is said in these 2.32 s");
    EXPECT_EQ(
        refusal("hello world small test you hello world small",
                "zebra fish zebra fish zebra fish zebra fish test zebra fish zebra"),
        "[alignment] the text does not match the sound: of its 12 words hardly any are said in these 4.00 s");
    const std::vector<float> silence = hears("SIL*100");
    EXPECT_THROW(align_phones(silence, samples_of(silence), words("hello"), {.exact = false}), Error);
}

TEST(TextHint, WordsThatNobodyCanSayCostThemselves) {
    auto text = words("hello world small test");
    text[1].known = false;
    text[1].ways.clear();
    text[1].slots = {{SpokenWord::Reading()}};
    const std::vector<float> heard = hears(said("hello world small test"));
    const PhoneTimes times = align_phones(heard, samples_of(heard), text, {.exact = false});
    EXPECT_EQ(names(times), "hello small test ");
    ASSERT_EQ(times.unsaid.size(), 1u);
    EXPECT_FALSE(times.unsaid[0].known);
    EXPECT_EQ(times.gaps.size(), 1u);
}

}  // namespace
}  // namespace vultus::alignment
