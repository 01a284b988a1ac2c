#include "alignment/phone_times.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "base/scratch_folder.h"

namespace vultus::alignment {
namespace {

int id(const std::string& name) { return audio::phone_from_name(name); }

struct Said {
    std::string phone;
    int frames;
};

constexpr int kFrameSamples = 320;

/// Posteriors of a recogniser that hears just this: `sure` for the phone, the rest spread.
std::vector<float> hears(const std::vector<Said>& said, float sure = 0.9f) {
    std::vector<float> posteriors;
    for (const Said& part : said)
        for (int t = 0; t < part.frames; ++t)
            for (int phone = 0; phone < audio::kNumPhones; ++phone)
                posteriors.push_back(std::log(phone == id(part.phone) ? sure : (1 - sure) / 39));
    return posteriors;
}

std::int64_t samples_of(const std::vector<float>& posteriors) {
    return static_cast<std::int64_t>(posteriors.size()) / audio::kNumPhones * kFrameSamples;
}

std::string phones_of(const PhoneTimes& times) {
    std::string text;
    for (const PhoneSegment& phone : times.phones) {
        if (!text.empty()) text += ' ';
        text += audio::phone_name(phone.phone);
    }
    return text;
}

const std::vector<Said> kCats = {{"SIL", 10}, {"DH", 3}, {"AH", 4}, {"K", 5}, {"AE", 8}, {"T", 4},
                                 {"SIL", 12}, {"S", 6},  {"AE", 9}, {"T", 5}, {"SIL", 7}};

std::vector<SpokenWord> words(const std::vector<std::pair<std::string, std::vector<std::string>>>& list) {
    std::vector<SpokenWord> result;
    for (const auto& [word, ways] : list) {
        result.push_back({word, {}});
        for (const std::string& way : ways) {
            std::istringstream in(way);
            pronunciation::Pronunciations::Phones phones;
            for (std::string name; in >> name;) phones.push_back(id(name));
            result.back().ways.push_back(phones);
        }
    }
    return result;
}

const auto kTheCatSat = words({{"the", {"DH IY", "DH AH"}}, {"cat", {"K AE T"}}, {"sat", {"S AE T"}}});

std::string error_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

TEST(DecodePhones, FindsPhonesAndTheirTimes) {
    const std::vector<float> heard = hears(kCats);
    const PhoneTimes times = decode_phones(heard, samples_of(heard) - 100);
    EXPECT_EQ(phones_of(times), "SIL DH AH K AE T SIL S AE T SIL");
    EXPECT_DOUBLE_EQ(times.phones[1].start_s, 0.19);
    EXPECT_DOUBLE_EQ(times.phones[1].end_s, 0.25);
    EXPECT_DOUBLE_EQ(times.phones.back().end_s, times.duration_s);
    EXPECT_DOUBLE_EQ(times.duration_s, 73 * 0.02 - 100 / 16000.0);
}

TEST(DecodePhones, SingleFramesAreNoPhones) {
    std::vector<Said> said = kCats;
    said.insert(said.begin() + 1, {{"M", 1}, {"SIL", 4}});
    const std::vector<float> heard = hears(said);
    EXPECT_EQ(phones_of(decode_phones(heard, samples_of(heard))), "SIL DH AH K AE T SIL S AE T SIL");
    DecodeOptions options;
    options.min_frames = 1;
    options.change_penalty = 0;
    EXPECT_EQ(phones_of(decode_phones(heard, samples_of(heard), options)),
              "SIL M SIL DH AH K AE T SIL S AE T SIL");
}

/// One frame whose posteriors are as given, the rest spread.
std::vector<float> hears_once(const std::map<std::string, float>& given) {
    float rest = 1;
    for (const auto& [phone, value] : given) rest -= value;
    std::vector<float> posteriors(audio::kNumPhones,
                                  std::log(rest / static_cast<float>(audio::kNumPhones - given.size())));
    for (const auto& [phone, value] : given)
        posteriors[static_cast<std::size_t>(id(phone))] = std::log(value);
    return posteriors;
}

TEST(DecodePhones, PhonesThatLookAlikeDecideTogether) {
    std::vector<float> heard;
    const std::vector<float> closed = hears_once({{"P", 0.26f}, {"B", 0.22f}, {"M", 0.2f}, {"AA", 0.3f}});
    for (int t = 0; t < 6; ++t) heard.insert(heard.end(), closed.begin(), closed.end());
    EXPECT_EQ(phones_of(decode_phones(heard, samples_of(heard))), "P");
    DecodeOptions each_for_itself;
    each_for_itself.lookalike_weight = 0;
    EXPECT_EQ(phones_of(decode_phones(heard, samples_of(heard), each_for_itself)), "AA");
}

/// A frame between two phones that is more of the second: the change lies in its first half, at 10 ms.
TEST(DecodePhones, PhonesChangeBetweenFrames) {
    const auto between = [](float first, float second) {
        std::vector<float> heard = hears({{"S", 8}});
        const std::vector<float> mixed = hears_once({{"S", first}, {"IY", second}});
        heard.insert(heard.end(), mixed.begin(), mixed.end());
        const std::vector<float> rest = hears({{"IY", 8}});
        heard.insert(heard.end(), rest.begin(), rest.end());
        return decode_phones(heard, samples_of(heard)).phones.back().start_s;
    };
    EXPECT_DOUBLE_EQ(between(0.1f, 0.85f), 0.15);
    EXPECT_DOUBLE_EQ(between(0.47f, 0.48f), 0.16);
    EXPECT_DOUBLE_EQ(between(0.85f, 0.1f), 0.17);
}

TEST(DecodePhones, ShortSoundsAndNonsense) {
    EXPECT_EQ(phones_of(decode_phones(hears({{"AA", 1}}), 1)), "AA");
    EXPECT_THROW(decode_phones(hears({{"AA", 1}}), 0), Error);
    EXPECT_THROW(decode_phones(hears({{"AA", 2}}), 320), Error);
    std::vector<float> nan = hears({{"AA", 1}});
    nan[3] = NAN;
    EXPECT_THROW(decode_phones(nan, 320), Error);
    nan[3] = 1;
    EXPECT_THROW(decode_phones(nan, 320), Error);
}

TEST(AlignPhones, TakesTheWayThatIsSaidAndFindsThePause) {
    const std::vector<float> heard = hears(kCats);
    const PhoneTimes times = align_phones(heard, samples_of(heard), kTheCatSat);
    EXPECT_EQ(phones_of(times), "SIL DH AH K AE T SIL S AE T SIL");
    ASSERT_EQ(times.words.size(), 3u);
    EXPECT_EQ(times.words[1].word, "cat");
    EXPECT_DOUBLE_EQ(times.words[1].start_s, 0.33);
    EXPECT_DOUBLE_EQ(times.words[1].end_s, 0.67);
    EXPECT_DOUBLE_EQ(times.words[2].start_s, 0.91);
    EXPECT_NEAR(times.words[1].fit, 0, 1e-6);
}

TEST(AlignPhones, TheSamePhoneInTwoWordsIsTwo) {
    const std::vector<float> heard = hears({{"B", 4}, {"AH", 6}, {"S", 10}, {"IY", 6}});
    const PhoneTimes times =
        align_phones(heard, samples_of(heard), words({{"bus", {"B AH S"}}, {"see", {"S IY"}}}));
    EXPECT_EQ(phones_of(times), "B AH S S IY");
}

/// Too long to be searched without a beam: the error says how far the text was said, and memory stays small.
TEST(AlignPhones, ALongTextThatGoesOnAfterTheSound) {
    std::vector<Said> said;
    std::vector<std::pair<std::string, std::vector<std::string>>> text;
    for (int i = 0; i < 1400; ++i) {
        if (i < 700) said.insert(said.end(), {{"K", 4}, {"AE", 4}, {"T", 4}});
        text.push_back({"cat", {"K AE T"}});
    }
    const std::vector<float> heard = hears(said);
    EXPECT_EQ(error_of([&] { align_phones(heard, samples_of(heard), words(text)); }),
              "[alignment] the text does not match the sound: it ends at 168.00 s in word 700 of 1400");
    text.resize(700);
    EXPECT_EQ(align_phones(heard, samples_of(heard), words(text)).words.size(), 700u);
}

/// What the recogniser hears is right in 70 of 100 frames.
TEST(AlignPhones, HoldsWithAPoorRecogniser) {
    Rng rng(2);
    std::vector<float> heard = hears(kCats, 0.6f);
    const std::size_t frames = heard.size() / audio::kNumPhones;
    for (std::size_t t = 0; t < frames; ++t)
        if (rng.uniform() < 0.3)
            std::swap(heard[t * 40 + rng.below(40)], *std::max_element(&heard[t * 40], &heard[t * 40 + 40]));
    const PhoneTimes times = align_phones(heard, samples_of(heard), kTheCatSat);
    ASSERT_EQ(times.words.size(), 3u);
    EXPECT_NEAR(times.words[1].start_s, 0.33, 0.05);
    EXPECT_NEAR(times.words[2].start_s, 0.91, 0.05);
}

TEST(AlignPhones, SaysWhereTheTextLeavesTheSound) {
    const std::vector<float> heard = hears(kCats);
    const auto wrong =
        words({{"the", {"DH AH"}}, {"cat", {"K AE T"}}, {"moved", {"M UW V D"}}, {"off", {"AO F"}}});
    const std::string line = error_of([&] { align_phones(heard, samples_of(heard), wrong); });
    // What is said after the cat lies in the pause: no phone of the text is near.
    EXPECT_NE(line.find("from 0.67 s on, after 'cat' (word 2)"), std::string::npos) << line;
    const auto early =
        words({{"moved", {"M UW V D"}}, {"off", {"AO F"}}, {"cat", {"K AE T"}}, {"sat", {"S AE T"}}});
    const std::string first = error_of([&] { align_phones(heard, samples_of(heard), early); });
    EXPECT_NE(first.find("at 'moved' (word 1)"), std::string::npos) << first;
    const std::string lacks = error_of([&] {
        align_phones(heard, samples_of(heard), words({{"the", {"DH AH"}}, {"cat", {"K AE T"}}}));
    });
    // The last word is stretched over what is said, or it is followed by what is no silence.
    EXPECT_NE(lacks.find("does not match"), std::string::npos) << lacks;
    const std::string only = error_of([&] {
        align_phones(heard, samples_of(heard), words({{"moo", {"M UW"}}}));
    });
    EXPECT_NE(only.find("'moo'"), std::string::npos) << only;
}

std::vector<float> joined(const std::vector<std::vector<Said>>& parts) {
    std::vector<Said> all;
    for (const std::vector<Said>& part : parts) all.insert(all.end(), part.begin(), part.end());
    return hears(all);
}

TEST(AlignPhones, SpeechInAPauseIsSpeechWhereverThePauseIs) {
    const std::vector<Said> more{{"M", 10}, {"UW", 14}, {"V", 8}}, silence{{"SIL", 100}};
    const std::vector<Said> cat(kCats.begin(), kCats.begin() + 7), sat(kCats.begin() + 7, kCats.end());
    const auto refusal = [](const std::vector<float>& heard) {
        return error_of([&] { align_phones(heard, samples_of(heard), kTheCatSat); });
    };
    EXPECT_NE(refusal(joined({more, silence, cat, sat})).find("before 'the' (word 1)"), std::string::npos);
    EXPECT_NE(refusal(joined({silence, more, silence, cat, sat})).find("before 'the' (word 1)"),
              std::string::npos);
    EXPECT_NE(refusal(joined({cat, silence, more, silence, sat})).find("after 'cat' (word 2)"),
              std::string::npos);
    EXPECT_NE(refusal(joined({cat, sat, silence, more})).find("after 'sat' (word 3)"), std::string::npos);
    EXPECT_EQ(refusal(joined({silence, cat, silence, sat, silence})), "no error");
}

SpokenWord::Reading reading(const std::vector<std::string>& spoken) {
    SpokenWord::Reading result;
    for (const SpokenWord& word : words({{"", {spoken.begin(), spoken.end()}}}))
        for (const auto& way : word.ways) result.push_back({way});
    return result;
}

TEST(AlignPhones, TheSoundChoosesAmongReadings) {
    const std::vector<Said> two{{"T", 5}, {"UW", 8}}, oh{{"OW", 8}}, of{{"AH", 5}, {"V", 5}},
        rest{{"SIL", 10}};
    // "2?" may be said "two", "two oh" or "oh of two", the mark not at all.
    auto text = words({{"the", {"DH AH"}}, {"2?", {}}, {"of", {"AH V"}}});
    text[1].slots = {{reading({"T UW"}), reading({"T UW", "OW"}), reading({"OW", "AH V", "T UW"})},
                     {reading({}), reading({"M AA R K"})}};
    const std::vector<Said> the{{"SIL", 5}, {"DH", 4}, {"AH", 4}};
    const auto phones = [&](const std::vector<float>& heard) {
        const PhoneTimes times = align_phones(heard, samples_of(heard), text);
        EXPECT_EQ(times.words.size(), 3u);
        EXPECT_EQ(times.words[1].word, "2?");
        EXPECT_EQ(times.words[1].index, 1);
        EXPECT_GT(times.words[1].fit, -0.5);
        return phones_of(times);
    };
    EXPECT_EQ(phones(joined({the, two, of, rest})), "SIL DH AH T UW AH V SIL");
    EXPECT_EQ(phones(joined({the, two, rest, oh, of, rest})), "SIL DH AH T UW SIL OW AH V SIL");
    EXPECT_EQ(phones(joined({the, oh, of, two, of, rest})), "SIL DH AH OW AH V T UW AH V SIL");
}

TEST(AlignPhones, WhatMayBeLeftOutIsLeftOutWhereItIsNotSaid) {
    // [moved off] the cat & sat
    auto text = words({{"moved", {"M UW V D"}},
                       {"off", {"AO F"}},
                       {"the", {"DH AH"}},
                       {"cat", {"K AE T"}},
                       {"&", {}},
                       {"sat", {"S AE T"}}});
    text[0].optional_until = 2;
    text[4].slots = {{reading({}), reading({"AE N D"})}};
    const std::vector<Said> moved{{"M", 5}, {"UW", 6}, {"V", 4}, {"D", 4}, {"AO", 6}, {"F", 5}};
    const auto said = [&](const std::vector<float>& heard) {
        std::string names;
        for (const WordSegment& word : align_phones(heard, samples_of(heard), text).words)
            names += word.word + " ";
        return names;
    };
    EXPECT_EQ(said(hears(kCats)), "the cat sat ");
    EXPECT_EQ(said(joined({moved, kCats})), "moved off the cat sat ");
    std::vector<Said> with_and = kCats;
    with_and.insert(with_and.begin() + 6, {{"AE", 5}, {"N", 5}, {"D", 5}});
    EXPECT_EQ(said(hears(with_and)), "the cat & sat ");
}

TEST(AlignPhones, ATextTooLongForTheSoundIsRefused) {
    const std::vector<float> heard = hears({{"AA", 5}});
    EXPECT_NE(error_of([&] { align_phones(heard, samples_of(heard), kTheCatSat); }).find("need 0.16 s"),
              std::string::npos);
}

TEST(SpokenWords, UnknownWordsAreNamed) {
    const bool has_espeak = pronunciation::Espeak::load() != nullptr;
    const ScratchFolder scratch("spoken");
    write_file(scratch / "d", "the DH AH0\nthe(2) DH IY0\ntwo T UW1\n");
    pronunciation::Pronouncer pronouncer(scratch / "d");
    const auto said = spoken_words("The 2!", pronouncer);
    ASSERT_EQ(said.size(), 2u);
    EXPECT_EQ(said[0].slots.at(0).at(0).at(0).size(), 2u);
    EXPECT_EQ(said[1].word, "2");
    EXPECT_EQ(said[1].begin_char, 4u);
    EXPECT_NE(error_of([&] { spoken_words("...", pronouncer); }).find("expected words"), std::string::npos);
    if (has_espeak) {
        EXPECT_EQ(spoken_words("the blorf", pronouncer)[1].slots.at(0).at(0).at(0).at(0),
                  (pronunciation::Pronunciations::Phones{id("B"), id("L"), id("AO"), id("R"), id("F")}));
    } else {
        EXPECT_NE(error_of([&] { spoken_words("the blorf", pronouncer); }).find("'blorf'"),
                  std::string::npos);
    }
}

}  // namespace
}  // namespace vultus::alignment
