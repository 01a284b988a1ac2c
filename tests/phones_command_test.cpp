// `vultus phones` from outside: every format of a real recording, odd sounds, and what cannot be heard.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "audio/phones.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "media/audio_reader.h"
#include "media/test_media.h"
#include "person/speech_model.h"
#include "pronunciation/espeak.h"
#include "pronunciation/ngram_model.h"
#include "pronunciation/pronunciations.h"
#include "run_program_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using media::test::write_wav;
using test::Finished;

const std::string kSample =
    std::string(VULTUS_SOURCE_DIR) + "/samples/bgwo2n.mkv";  // bin green with O two now
const std::string kEncoder = std::string(VULTUS_SOURCE_DIR) + "/models/speech-small.safetensors";

class PhonesCommand : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }

    static Finished phones(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "phones");
        return test::run("vultus", arguments);
    }

    void expect_refused(const std::string& sound, const std::string& says,
                        std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{sound, "-o", path("out.tsv")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Finished end = phones(arguments);
        EXPECT_EQ(end.exit_code, 1) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find(says), std::string::npos) << end.complaints()[0];
        EXPECT_FALSE(fs::exists(path("out.tsv")));
    }

    media::test::Scratch scratch_;
};

struct Line {
    double start_s = 0, end_s = 0;
    std::string phone;
};

std::vector<Line> lines_of(const std::string& tsv) {
    std::vector<Line> lines;
    std::istringstream in(tsv);
    for (std::string text; std::getline(in, text);) {
        std::istringstream parts(text);
        Line line;
        if (parts >> line.start_s >> line.end_s >> line.phone) lines.push_back(line);
    }
    return lines;
}

/// From 0 to the end without gaps.
void expect_covers(const std::vector<Line>& lines, double duration_s) {
    ASSERT_FALSE(lines.empty());
    double at = 0;
    for (const Line& line : lines) {
        EXPECT_NEAR(line.start_s, at, 1e-9);
        EXPECT_GE(line.end_s, line.start_s);
        at = line.end_s;
    }
    EXPECT_NEAR(at, duration_s, 0.011);
}

TEST_F(PhonesCommand, EveryFormatOfARealRecording) {
    const double duration_s = static_cast<double>(media::read_audio(kSample, 16000 * 60).size()) / 16000;
    for (const char* format :
         {"text", "tsv", "json", "textgrid", "rhubarb-tsv", "rhubarb-xml", "rhubarb-json", "dat"}) {
        const Finished end = phones({kSample, "-f", format, "-o", path(format)});
        ASSERT_EQ(end.exit_code, 0) << format << ": " << end.err;
        EXPECT_GT(fs::file_size(path(format)), 40u) << format;
    }
    const std::vector<Line> lines = lines_of(read_file(path("tsv")));
    expect_covers(lines, duration_s);
    EXPECT_EQ(lines.front().phone, "SIL");
    EXPECT_EQ(lines.back().phone, "SIL");
    const auto json = nlohmann::json::parse(read_file(path("json")));
    ASSERT_EQ(json["phones"].size(), lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(json["phones"][i]["phone"], lines[i].phone);
        const int phone = audio::phone_from_name(lines[i].phone);
        ASSERT_GE(phone, 0) << lines[i].phone;
        EXPECT_EQ(json["phones"][i]["viseme"], std::string(audio::viseme_name(audio::viseme_of(phone))));
    }
    EXPECT_NE(phones({kSample}).out.find("SIL"), std::string::npos) << "standard output without -o";
}

TEST_F(PhonesCommand, FindsTheWordsOfATextAndSaysWhereAnotherBreaks) {
    if (pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary";
    const Finished end = phones({kSample, "--text", "bin green with o two now", "-f", "json"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const auto json = nlohmann::json::parse(end.out);
    std::string said;
    for (const auto& word : json["words"]) said += word["word"].get<std::string>() + " ";
    EXPECT_EQ(said, "bin green with o two now ");
    expect_refused(kSample, "does not match the sound",
                   {"--text", "the quick brown fox jumps over the lazy dog"});
    expect_refused(kSample, "expected words, got none", {"--text", "?!"});
}

TEST_F(PhonesCommand, WordsComeBackAsTheyAreWrittenAndAsCaptions) {
    if (pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary";
    const std::string text = "JIM: Bin green [slowly], with O 2 now!";
    const Finished end = phones({kSample, "--text", text, "-f", "json"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    std::string said;
    const auto json = nlohmann::json::parse(end.out);
    for (const auto& word : json["words"]) {
        const std::string written = word["word"];
        const std::size_t begin = word["text_start"], after = word["text_end"];
        EXPECT_EQ(text.substr(begin, after - begin), written);
        EXPECT_FALSE(word["phones"].empty()) << written;
        EXPECT_EQ(word["phones"].front()["start"], word["start"]) << written;
        EXPECT_EQ(word["phones"].back()["end"], word["end"]) << written;
        said += written + " ";
    }
    EXPECT_EQ(said, "Bin green with O 2 now ");
    const Finished captions = phones({kSample, "--text", text, "-f", "srt"});
    EXPECT_TRUE(captions.out.starts_with("1\n00:00:00,")) << captions.out;
    EXPECT_NE(captions.out.find(" with O 2 now!\n\n"), std::string::npos) << captions.out;
    expect_refused(kSample, "expected words, got phones alone", {"-f", "vtt"});
    write_file(path("notes.docx"), "PK\x03\x04 word/document.xml");
    expect_refused(kSample, "a Word document (.docx)", {"--text-file", path("notes.docx")});
}

TEST_F(PhonesCommand, SpeechBeforeTheFirstWordIsNoticed) {
    if (pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary";
    expect_refused(kSample, "before 'o' (word 1)", {"--text", "o two now", "--exact"});
    expect_refused(std::string(VULTUS_SOURCE_DIR) + "/samples/three-sentences.wav", "before 'set' (word 1)",
                   {"--exact", "--text", "set white by o nine soon"});
}

TEST_F(PhonesCommand, ATextIsAHintUnlessItIsExact) {
    if (pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary";
    const std::string text = "set elephant white by o nine soon",
                      sound = std::string(VULTUS_SOURCE_DIR) + "/samples/three-sentences.wav";
    const Finished end = phones({sound, "--text", text, "-f", "json"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const auto json = nlohmann::json::parse(end.out);
    std::string said;
    for (const auto& word : json["words"]) {
        said += word["word"].get<std::string>() + " ";
        EXPECT_GT(word["start"], 6.4) << "in the third sentence";
        EXPECT_GT(word["sure"], 0.5);
    }
    EXPECT_EQ(said, "set white by o nine soon ");
    ASSERT_EQ(json["unsaid"].size(), 1u) << end.out;
    EXPECT_EQ(json["unsaid"][0]["word"], "elephant");
    EXPECT_EQ(json["unsaid"][0]["text_start"], 4);
    ASSERT_EQ(json["gaps"].size(), 2u) << end.out;
    EXPECT_LT(json["gaps"][0]["end"], json["gaps"][1]["start"]);
    EXPECT_NE(end.err.find("text: English (en), as it seems"), std::string::npos) << end.err;
    EXPECT_NE(end.err.find("1 of 7 words are not said: 'elephant' (word 2, "), std::string::npos) << end.err;
    EXPECT_NE(end.err.find("said without it: "), std::string::npos) << end.err;
    expect_refused(sound, "does not match the sound", {"--exact", "--text", text});
}

TEST_F(PhonesCommand, TextsInOtherLanguages) {
    if (!pronunciation::Espeak::load()) GTEST_SKIP() << "needs espeak-ng";
    struct Case {
        const char *voice, *spoken, *written, *language;
    };
    const Case cases[] = {
        {"de", "Guten Morgen, ich wohne seit neunzehnhundertvierundachtzig in Berlin.",
         "Guten Morgen, ich wohne seit 1984 in Berlin.", "de"},
        {"ru", "\u041F\u0440\u0438\u0432\u0435\u0442, \u0410\u043D\u043D\u0430",
         "\u041F\u0440\u0438\u0432\u0435\u0442, \u0410\u043D\u043D\u0430!", "ru"},
        {"cmn-latn-pinyin", "ni3 hao3 shi4 jie4", "\u4F60\u597D\uFF0C\u4E16\u754C\u3002", "zh"}};
    for (const Case& one : cases) {
        {
            const auto espeak = pronunciation::Espeak::load();
            ASSERT_TRUE(espeak->set_voice(one.voice));
            std::vector<float> sound;
            for (const std::int16_t sample : espeak->speak(one.spoken).audio)
                sound.push_back(static_cast<float>(sample) / 32768);
            write_wav(path("voice.wav"), espeak->sample_rate_hz(), 16, sound);
        }
        const Finished end = phones({path("voice.wav"), "--exact", "--text", one.written, "-f", "json"});
        ASSERT_EQ(end.exit_code, 0) << one.language << ": " << end.err;
        EXPECT_EQ(nlohmann::json::parse(end.out)["language"], one.language);
        EXPECT_NE(end.err.find(std::string("(") + one.language + "), as it seems"), std::string::npos)
            << end.err;
        const Finished named =
            phones({path("voice.wav"), "--language", one.language, "--text", one.written, "-f", "json"});
        EXPECT_EQ(named.out, end.out);
        EXPECT_EQ(named.err, "");
    }
    expect_refused(kSample, "expected a tag such as en", {"--text", "bin green", "--language", "english"});
}

TEST_F(PhonesCommand, FindsOutWhichWordsAreSaid) {
    if (pronunciation::NgramModel::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary and language model";
    const Finished end = phones({kSample, "--words", "-f", "json"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const auto json = nlohmann::json::parse(end.out);
    std::set<std::string> said;
    for (const auto& word : json["words"]) said.insert(word["word"]);
    for (const char* word : {"green", "now"}) EXPECT_TRUE(said.contains(word)) << end.out;
    write_file(path("model"), "no language model");
    expect_refused(kSample, "expected a language model", {"--words", "--language-model", path("model")});
    expect_refused(kSample, "cannot open", {"--words", "--dictionary", path("absent")});
    EXPECT_NE(phones({kSample, "--words", "--text", "green"}).exit_code, 0);
}

TEST_F(PhonesCommand, SoundOfAnyKindIsHeard) {
    const std::vector<float> speech = media::read_audio(kSample, 16000 * 60);
    std::vector<float> loud, offset, twice;
    for (const float sample : speech) {
        loud.push_back(std::clamp(30 * sample, -1.0f, 1.0f));  // clipped hard
        offset.push_back(0.5f * sample + 0.3f);
        twice.insert(twice.end(), 3, sample);
    }
    write_wav(path("loud.wav"), 16000, 16, loud);
    write_wav(path("offset.wav"), 16000, 16, offset);
    write_wav(path("eight.wav"), 16000, 8, speech);
    write_wav(path("fast.wav"), 48000, 32, twice);
    write_wav(path("one.wav"), 16000, 16, {0.5f});
    write_wav(path("silent.wav"), 44100, 16, std::vector<float>(44100, 0.0f));
    for (const char* name : {"loud.wav", "offset.wav", "eight.wav", "fast.wav"}) {
        const Finished end = phones({path(name), "-f", "tsv"});
        ASSERT_EQ(end.exit_code, 0) << name << ": " << end.err;
        const std::vector<Line> lines = lines_of(end.out);
        expect_covers(lines, static_cast<double>(speech.size()) / 16000);
        EXPECT_GT(lines.size(), 8u) << name << ": the sentence was not heard";
    }
    EXPECT_EQ(lines_of(phones({path("one.wav"), "-f", "tsv"}).out).size(), 1u);
    const std::vector<Line> silent = lines_of(phones({path("silent.wav"), "-f", "tsv"}).out);
    expect_covers(silent, 1);
    for (const Line& line : silent) EXPECT_EQ(line.phone, "SIL");
}

TEST_F(PhonesCommand, OneLineForWhatIsNoSound) {
    expect_refused(path("absent.wav"), "absent.wav");
    write_file(path("text.wav"), "Dear diary, today I learnt nothing about sound.\n");
    expect_refused(path("text.wav"), "text.wav");
    write_wav(path("empty.wav"), 16000, 16, {});
    expect_refused(path("empty.wav"), "");
    std::vector<float> samples = media::test::tone(32000, 16000, 220);
    samples[20000] = std::numeric_limits<float>::quiet_NaN();
    write_wav(path("nan.wav"), 16000, 32, samples);
    expect_refused(path("nan.wav"), "nan.wav");
}

TEST_F(PhonesCommand, OneLineForWhatIsNoSpeechEncoder) {
    expect_refused(kSample, "absent.safetensors", {"-m", path("absent.safetensors")});
    write_file(path("cut.safetensors"), read_file(kEncoder).substr(0, 100000));
    expect_refused(kSample, "cut.safetensors", {"-m", path("cut.safetensors")});
    expect_refused(kSample, "grid-s1", {"-m", std::string(VULTUS_SOURCE_DIR) + "/models/grid-s1.vultus"});
    person::SpeechModel model = person::load_speech_model(kEncoder);
    model.weights.tensors.erase("phonetic.stem.weight");
    person::save_speech_model(path("missing.safetensors"), model);
    expect_refused(kSample, "phonetic.stem.weight", {"-m", path("missing.safetensors")});
}

}  // namespace
}  // namespace vultus
