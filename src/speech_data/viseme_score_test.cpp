#include "speech_data/viseme_score.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"

namespace vultus::speech_data {
namespace {

int id(const std::string& name) { return audio::phone_from_name(name); }

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

}  // namespace
}  // namespace vultus::speech_data
