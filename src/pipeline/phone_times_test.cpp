#include "pipeline/phone_times.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "base/scratch_folder.h"
#include "pipeline/phone_formats.h"
#include "pipeline/viseme_score.h"

namespace vultus::pipeline {
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
              "[pipeline] the text does not match the sound: it ends at 168.00 s in word 700 of 1400");
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
    EXPECT_EQ(said[0].ways.size(), 2u);
    EXPECT_NE(error_of([&] { spoken_words("...", pronouncer); }).find("expected words"), std::string::npos);
    if (has_espeak) {
        EXPECT_EQ(spoken_words("the blorf", pronouncer)[1].ways[0],
                  (pronunciation::Pronunciations::Phones{id("B"), id("L"), id("AO"), id("R"), id("F")}));
    } else {
        EXPECT_NE(error_of([&] { spoken_words("the blorf", pronouncer); }).find("'blorf'"),
                  std::string::npos);
    }
}

TEST(VisemeScore, CountsFramesOfTheSameViseme) {
    VisemeScore score;
    const int p = id("P"), b = id("B"), aa = id("AA");
    // 10 frames: 4 of silence, 2 unknown, 4 of P.
    score.add({{0, 640, 0}, {640, 960, -1}, {960, 1600, p}}, {{0, 480, 0}, {480, 1120, aa}, {1120, 1440, b}});
    EXPECT_EQ(score.frames(), 8);
    EXPECT_DOUBLE_EQ(score.viseme_accuracy(), (3 + 2) / 8.0);  // the hole at the end is silence
    EXPECT_DOUBLE_EQ(score.phone_accuracy(), 3 / 8.0);
    EXPECT_DOUBLE_EQ(score.speech_viseme_accuracy(), 0.5);
    EXPECT_EQ(score.confusions()[1][0], 1);
}

TEST(VisemeScore, ReadsTheFilesThatPhonesWrites) {
    const ScratchFolder scratch("scores");
    corpus::SpeechCorpusWriter writer(scratch / "c");
    corpus::SpeechClip clip;
    clip.name = "a";
    clip.voice = "v+1";
    clip.validation = true;
    clip.phones = {{0, 8000, 0}, {8000, 16000, id("AA")}};
    writer.add(clip, std::vector<float>(16000));
    writer.finish();
    const auto corpus = corpus::SpeechCorpus::open(scratch / "c");
    std::filesystem::create_directory(scratch / "p");
    EXPECT_THROW(score_folder(corpus, scratch / "p"), Error);
    write_file(scratch / "p" / "a.tsv",
               "start\tend\tphone\tviseme\tword\n0.000\t0.750\tSIL\tsil\t\n0.75\t1\tAE\taa\tx\n");
    const auto scores = score_folder(corpus, scratch / "p");
    ASSERT_EQ(scores.size(), 1u);
    EXPECT_EQ(scores[0].voice, "v");
    EXPECT_DOUBLE_EQ(scores[0].score.viseme_accuracy(), 0.75);
    for (const char* damaged : {"start\n0\t1\tQQ\n", "start\n1\t0\tAA\n", "start\n0\t1\n", "start\nx\n"}) {
        write_file(scratch / "p" / "a.tsv", damaged);
        EXPECT_THROW(score_folder(corpus, scratch / "p"), Error) << damaged;
    }
}

TEST(VisemeScore, ASpoiltCorpusHoldsWhatIsScored) {
    const ScratchFolder scratch("spoilt");
    corpus::SpeechCorpusWriter writer(scratch / "c");
    std::vector<float> tone(16000);
    for (std::size_t i = 0; i < tone.size(); ++i) tone[i] = 0.3f * std::sin(0.2f * static_cast<float>(i));
    for (const char* name : {"learnt", "a", "b"}) {
        corpus::SpeechClip clip;
        clip.name = name;
        clip.voice = "v";
        clip.validation = clip.name != "learnt";
        clip.phones = {{0, 16000, id("AA")}};
        writer.add(clip, tone);
    }
    writer.finish();
    const auto corpus = corpus::SpeechCorpus::open(scratch / "c");
    spoil_corpus(corpus, "noise", scratch / "noise");
    spoil_corpus(corpus, "noise", scratch / "again");
    const auto spoilt = corpus::SpeechCorpus::open(scratch / "noise");
    ASSERT_EQ(spoilt.clips().size(), 2u);
    EXPECT_EQ(spoilt.clips()[0].name, "a");
    EXPECT_EQ(spoilt.clips()[0].phones, corpus.clips()[1].phones);
    EXPECT_EQ(spoilt.audio(0), corpus::SpeechCorpus::open(scratch / "again").audio(0));
    EXPECT_NE(spoilt.audio(0), spoilt.audio(1)) << "the same noise in every clip";
    double tone_power = 0, noise_power = 0;
    const std::vector<float> sound = spoilt.audio(1);
    for (std::size_t i = 0; i < tone.size(); ++i) {
        tone_power += tone[i] * tone[i];
        noise_power += (sound[i] - tone[i]) * (sound[i] - tone[i]);
    }
    EXPECT_NEAR(10 * std::log10(tone_power / noise_power), 10, 0.5);
    EXPECT_THROW(spoil_corpus(corpus, "fog", scratch / "fog"), Error);
    EXPECT_FALSE(std::filesystem::exists(scratch / "fog"));
    EXPECT_THROW(spoil_corpus(corpus, "room", scratch / "noise"), Error) << "is there already";
}

// ---- formats

/// "my cat": SIL M AY K AE T SIL.
PhoneTimes my_cat() {
    PhoneTimes times;
    times.duration_s = 1.2;
    const std::pair<const char*, double> ends[] = {{"SIL", 0.1}, {"M", 0.2},  {"AY", 0.4}, {"K", 0.48},
                                                   {"AE", 0.6},  {"T", 0.68}, {"SIL", 1.2}};
    double at = 0;
    for (const auto& [name, end] : ends) {
        times.phones.push_back({at, end, id(name)});
        at = end;
    }
    times.words = {{0.1, 0.4, "my", 0}, {0.4, 0.68, "\"cat\"", -0.5}};
    return times;
}

void expect_golden(PhoneFormat format, const std::string& file, const PhoneFormatOptions& options = {}) {
    const std::string path = std::string(VULTUS_SOURCE_DIR) + "/tests/golden/phone_formats/" + file;
    EXPECT_EQ(format_phones(my_cat(), format, options), read_file(path)) << file;
}

TEST(PhoneFormats, OwnFormatsAreAsTheyWere) {
    expect_golden(PhoneFormat::kText, "my_cat.txt");
    expect_golden(PhoneFormat::kTsv, "my_cat.tsv");
    expect_golden(PhoneFormat::kJson, "my_cat.json");
    expect_golden(PhoneFormat::kTextGrid, "my_cat.TextGrid");
}

TEST(PhoneFormats, RhubarbsFormatsAreRhubarbs) {
    PhoneFormatOptions options;
    options.sound_file = "/my & sound.wav";
    expect_golden(PhoneFormat::kRhubarbTsv, "my_cat.rhubarb.tsv", options);
    expect_golden(PhoneFormat::kRhubarbXml, "my_cat.rhubarb.xml", options);
    expect_golden(PhoneFormat::kRhubarbJson, "my_cat.rhubarb.json", options);
    expect_golden(PhoneFormat::kDat, "my_cat.dat", options);
    options.dat_preston_blair = true;
    options.dat_frame_rate = 30;
    expect_golden(PhoneFormat::kDat, "my_cat.preston_blair.dat", options);
}

TEST(PhoneFormats, ShapesThatAreNotDrawnHaveStandIns) {
    const std::vector<MouthCue> all = mouth_cues(my_cat(), "GHX"), basic = mouth_cues(my_cat(), "");
    EXPECT_EQ(all.front(), (MouthCue{0, 10, 'X'}));
    EXPECT_EQ(basic.front(), (MouthCue{0, 20, 'A'}));
    for (const MouthCue& cue : basic) EXPECT_LE(cue.shape, 'F');
    for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_EQ(all[i].start_cs, all[i - 1].end_cs);
        EXPECT_NE(all[i].shape, all[i - 1].shape);
    }
    EXPECT_THROW(mouth_cues(my_cat(), "GQ"), Error);
    PhoneFormatOptions options;
    options.dat_frame_rate = 9;
    EXPECT_THROW(format_phones(my_cat(), PhoneFormat::kDat, options), Error);
}

TEST(PhoneFormats, EmptySoundIsStillAFile) {
    EXPECT_EQ(format_phones({}, PhoneFormat::kRhubarbTsv), "0.00\tX\n");
    EXPECT_NE(format_phones({}, PhoneFormat::kRhubarbXml)
                  .find("<mouthCue start=\"0.00\" end=\"0.00\">X</mouthCue>"),
              std::string::npos);
    EXPECT_EQ(format_phones({}, PhoneFormat::kDat), "MohoSwitch1\n1 X\n");
}

}  // namespace
}  // namespace vultus::pipeline
