#include "speech_data/spoken_list.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "media/test_media.h"
#include "pronunciation/espeak.h"

namespace vultus::speech_data {
namespace {

struct Taken {
    corpus::SpeechClip clip;
    std::vector<float> audio;
};

std::vector<Taken> take_all(const std::filesystem::path& list) {
    std::vector<Taken> taken;
    take_spoken_list(list, {}, [&](corpus::SpeechClip clip, std::vector<float> audio) {
        taken.push_back({std::move(clip), std::move(audio)});
    });
    return taken;
}

/// What espeak-ng says in German, written to a file.
void say(const std::filesystem::path& file, const std::string& text) {
    const auto espeak = pronunciation::Espeak::load();
    ASSERT_TRUE(espeak->set_voice("de"));
    const pronunciation::Espeak::Speech speech = espeak->speak(text);
    std::vector<float> sound;
    for (const std::int16_t sample : speech.audio) sound.push_back(static_cast<float>(sample) / 32768.0f);
    media::test::write_wav(file, espeak->sample_rate_hz(), 16, sound);
}

TEST(SpokenList, ALineWithAnotherNumberOfPartsIsNamed) {
    const ScratchFolder scratch("spoken");
    write_file(scratch / "list.tsv", "# comment\n\na.wav\tme\tde\tguten Tag\nb.wav\tme\tde\n");
    try {
        take_all(scratch / "list.tsv");
        FAIL() << "expected an error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
        EXPECT_NE(std::string(error.what()).find("line 4"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("got 3 parts"), std::string::npos) << error.what();
    }
    write_file(scratch / "list.tsv", "# nothing\n");
    EXPECT_THROW(take_all(scratch / "list.tsv"), Error);
    EXPECT_THROW(take_all(scratch / "none.tsv"), Error);
}

TEST(SpokenList, JoinsWhatFitsAndLeavesTheRestOut) {
    if (!pronunciation::Espeak::load()) GTEST_SKIP() << "needs espeak-ng";
    const ScratchFolder scratch("spoken");
    say(scratch / "a.wav", "Guten Morgen, wir haben heute neue Leute");
    say(scratch / "b.wav", "Die Sonne scheint und das Kind ist müde");
    write_file(scratch / "list.tsv",
               "a.wav\tme\tde\tGuten Morgen, wir haben heute (heute) neue Leute\n"
               "missing.wav\tme\tde\tguten Morgen\n"
               "a.wav\tme\tde\tfünfundzwanzig Pfefferkuchen zwischen Jahrhunderten\n"
               "b.wav\tme\tde\tDie Sonne scheint und das Kind ist müde\n"
               "b.wav\tyou\tde\tDie Sonne scheint und das Kind ist müde\n");
    const std::vector<Taken> taken = take_all(scratch / "list.tsv");
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].clip.voice, "me");
    EXPECT_EQ(taken[1].clip.voice, "you");
    EXPECT_NE(taken[0].clip.text.find("Sonne"), std::string::npos);
    EXPECT_EQ(taken[0].clip.text.find("Pfeffer"), std::string::npos);
    EXPECT_EQ(taken[0].clip.text.find("(heute)"), std::string::npos);
    for (const Taken& one : taken) {
        std::int64_t at = 0;
        for (const corpus::PhoneSpan& span : one.clip.phones) {
            EXPECT_EQ(span.begin_sample, at);
            at = span.end_sample;
        }
        EXPECT_EQ(at, static_cast<std::int64_t>(one.audio.size()));
        EXPECT_GT(one.clip.phones.size(), 20u);
    }
    // The second recording's phones stand where it begins in the joined sound.
    const auto& joined = taken[0].clip.phones;
    const auto& alone = taken[1].clip.phones;
    const auto shift = static_cast<std::int64_t>(taken[0].audio.size() - taken[1].audio.size());
    for (std::size_t k = 1; k <= alone.size(); ++k)
        EXPECT_EQ(joined[joined.size() - k].begin_sample, alone[alone.size() - k].begin_sample + shift) << k;
}

}  // namespace
}  // namespace vultus::speech_data
