#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/process.h"
#include "base/scratch_folder.h"
#include "pronunciation/espeak.h"
#include "pronunciation/pronunciations.h"
#include "speech_data/make_speech_corpus.h"
#include "speech_data/speech_check.h"
#include "speech_data/speech_voices.h"
#include "speech_data/sphinx_alignment.h"
#include "speech_data/wav_file.h"

namespace vultus::speech_data {
namespace {

TEST(SentenceSource, TheSameSeedSaysTheSameAndSentencesDiffer) {
    SentenceSource one(3, {"walrus"}), two(3, {"walrus"});
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
        const std::string sentence = one.english();
        EXPECT_EQ(sentence, two.english());
        EXPECT_EQ(sentence.find('"'), std::string::npos);
        seen.insert(sentence);
    }
    EXPECT_GT(seen.size(), 190u);
    for (const std::string& language : SentenceSource::languages()) EXPECT_GT(one.in(language).size(), 8u);
}

TEST(FinishSpeech, ScalesTimesAndLengthensTheSilence) {
    Rng rng(1);
    LabelledSpeech speech{"v", "en", "t", std::vector<float>(3200, 0.5f), {}};
    const int aa = audio::phone_from_name("AA"), b = audio::phone_from_name("B");
    // 32 kHz: two pauses in a row, a phone of no length, one beyond the end.
    speech.phones = {{0, 0, 0}, {320, 0, 0}, {640, 0, aa}, {1600, 0, aa}, {1600, 0, b}, {4000, 0, aa}};
    const LabelledSpeech done = finish_speech(speech, 32000, rng);
    ASSERT_EQ(done.phones.size(), 4u);  // SIL AA B SIL
    EXPECT_EQ(done.phones[0].phone, audio::kSilence);
    EXPECT_GE(done.phones[0].end_sample, 1600);
    EXPECT_LE(done.phones[0].end_sample, 9600);
    EXPECT_EQ(done.phones[1].end_sample - done.phones[1].begin_sample, 480);
    EXPECT_EQ(done.phones[2].end_sample - done.phones[2].begin_sample, 800);
    EXPECT_EQ(done.phones[3].end_sample, static_cast<std::int64_t>(done.audio.size()));
    EXPECT_GE(done.phones[3].end_sample - done.phones[3].begin_sample, 1600);
    speech.phones = {{0, 0, 0}};
    EXPECT_TRUE(finish_speech(speech, 32000, rng).audio.empty());
}

TEST(WavFile, RefusesWhatIsNoPlainWav) {
    const ScratchFolder scratch("wav");
    std::string bytes = "RIFF    WAVEfmt ";
    bytes += std::string("\x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0", 20);
    bytes += std::string("data\x04\0\0\0\0\x40\0\xC0", 12);
    write_file(scratch / "good.wav", bytes);
    const WavFile wav = read_wav(scratch / "good.wav");
    EXPECT_EQ(wav.rate_hz, 16000);
    EXPECT_EQ(wav.audio, (std::vector<float>{0.5f, -0.5f}));
    for (std::size_t size = 0; size < 34; ++size) {
        write_file(scratch / "short.wav", bytes.substr(0, size));
        EXPECT_THROW(read_wav(scratch / "short.wav"), Error) << size;
    }
    bytes[22] = 2;  // stereo
    write_file(scratch / "stereo.wav", bytes);
    EXPECT_THROW(read_wav(scratch / "stereo.wav"), Error);
}

/// Bursts of a tone where the labels say AA, faint noise where they say SIL, labels late by `late_samples`.
corpus::SpeechCorpus bursts(const std::filesystem::path& folder, std::int64_t late_samples) {
    Rng rng(5);
    corpus::SpeechCorpusWriter writer(folder);
    std::vector<float> sound(32000);
    corpus::SpeechClip clip;
    clip.name = "a";
    clip.voice = "made/up+1";
    for (std::int64_t i = 0; i < 32000; ++i) {
        const bool tone = i / 1600 % 2 == 1;
        sound[static_cast<std::size_t>(i)] = static_cast<float>(
            (tone ? 0.3 * std::sin(0.2 * static_cast<double>(i)) : 0.0) + 0.001 * rng.normal());
    }
    for (std::int64_t at = 0; at < 32000; at += 1600) {
        const std::int64_t begin = at == 0 ? 0 : at + late_samples;
        clip.phones.push_back({begin, at + 1600 == 32000 ? 32000 : at + 1600 + late_samples,
                               at / 1600 % 2 == 1 ? audio::phone_from_name("AA") : audio::kSilence});
    }
    writer.add(clip, sound);
    writer.finish();
    return corpus::SpeechCorpus::open(folder);
}

TEST(SpeechCheck, FindsShiftedLabels) {
    const ScratchFolder scratch("check");
    const auto right = check_voices(bursts(scratch / "right", 0));
    ASSERT_EQ(right.size(), 1u);
    EXPECT_EQ(right[0].voice, "made/up");
    EXPECT_NEAR(right[0].best_shift_ms, 0, 4);
    EXPECT_GT(right[0].vowel_db, -20);
    EXPECT_LT(right[0].silence_db, -50);
    const auto late = check_voices(bursts(scratch / "late", 480));
    EXPECT_NEAR(late[0].best_shift_ms, -30, 4);
    EXPECT_LT(late[0].explained, right[0].explained);
}

TEST(SphinxAlignment, FindsTheWordsOfSynthesizedSpeech) {
    if (!find_program("pocketsphinx_batch") || !find_program("flite") ||
        pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx, pocketsphinx-en-us and flite";
    const ScratchFolder scratch("align");
    const ProgramResult said = run_program({"flite", "-voice", "slt", "-psdur", "-t",
                                            "Place white by five now.", "-o", (scratch / "s.wav").string()});
    const pronunciation::Pronunciations dictionary(pronunciation::Pronunciations::usual_place());
    AlignmentTask task{read_wav(scratch / "s.wav").audio, {}};
    for (const std::string& word : pronunciation::words_of("place white by five now"))
        task.words.push_back(dictionary.of(word));
    const auto found = align_with_sphinx({task});
    ASSERT_EQ(found.size(), 1u);
    // flite's own time of the vowel of "five", which is the last "v"'s begin.
    const std::size_t v = said.output.find(" v:");
    const double vowel_end_s = std::strtod(said.output.c_str() + said.output.rfind(':', v - 1) + 1, nullptr);
    std::string names;
    double found_s = 0;
    for (const corpus::PhoneSpan& span : found[0]) {
        names += std::string(audio::phone_name(span.phone)) + " ";
        if (audio::phone_name(span.phone) == "V") found_s = static_cast<double>(span.begin_sample) / 16000;
    }
    EXPECT_NE(names.find("P L EY S W AY T B AY F AY V N AW"), std::string::npos) << names;
    EXPECT_NEAR(found_s, vowel_end_s, 0.05);
}

/// Mean level of the first 20 ms of the phones that `wanted` picks after vowels.
double level_at_begin_db(const std::vector<LabelledSpeech>& speech,
                         const std::set<std::string_view>& wanted) {
    double sum = 0;
    int count = 0;
    for (const LabelledSpeech& said : speech)
        for (std::size_t i = 1; i < said.phones.size(); ++i) {
            const corpus::PhoneSpan& span = said.phones[i];
            if (span.phone < 0 || said.phones[i - 1].phone < 0 ||
                !wanted.contains(audio::phone_name(span.phone)) ||
                !audio::is_vowel(said.phones[i - 1].phone) || span.end_sample - span.begin_sample < 320)
                continue;
            double power = 1e-10;
            for (std::int64_t at = span.begin_sample; at < span.begin_sample + 320; ++at)
                power += std::pow(said.audio[static_cast<std::size_t>(at)], 2) / 320;
            sum += 10 * std::log10(power);
            ++count;
        }
    return count > 0 ? sum / count : 0;
}

TEST(SpeakWithEspeak, VoicelessStopsBeginWithTheirClosure) {
    if (!pronunciation::Espeak::load()) GTEST_SKIP() << "needs espeak-ng";
    SentenceSource text(1, {});
    Rng rng(1);
    std::vector<LabelledSpeech> speech;
    ASSERT_TRUE(speak_with_espeak({"en"}, text, rng, [&](LabelledSpeech said) {
        speech.push_back(std::move(said));
        return speech.size() < 20;
    }));
    // A burst alone is near -33 dB.
    EXPECT_LT(level_at_begin_db(speech, {"P", "T", "K"}), -50);
    EXPECT_GT(level_at_begin_db(speech, {"L", "N", "M"}), -40);
}

TEST(MakeSpeechCorpus, AFewSecondsOfEachSource) {
    if (!find_program("flite") && !pronunciation::Espeak::load()) GTEST_SKIP() << "needs flite or espeak-ng";
    const ScratchFolder scratch("make");
    SpeechCorpusOptions options;
    options.hours = 0.004;
    make_speech_corpus(scratch / "c", options);
    const auto corpus = corpus::SpeechCorpus::open(scratch / "c");
    EXPECT_GE(corpus.clips().size(), 2u);
    for (const VoiceCheck& voice : check_voices(corpus)) {
        EXPECT_GT(voice.vowel_db, voice.silence_db + 15) << voice.voice;
        EXPECT_LT(std::abs(voice.best_shift_ms), 40) << voice.voice;
    }
    EXPECT_THROW(make_speech_corpus(scratch / "c", options), Error);
}

}  // namespace
}  // namespace vultus::speech_data
