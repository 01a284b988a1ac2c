#include "evaluation/eval_rest.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audio/phones.h"
#include "base/scratch_folder.h"
#include "corpus/speech_corpus.h"
#include "evaluation/rest_sounds.h"

namespace vultus::evaluation {
namespace {

constexpr double kFps = 25;

/// Ten silent frames at 0.05 that shake by 0.002, then ten spoken ones from 0.1 to 0.28.
RecordedClip recording() {
    RecordedClip clip;
    clip.name = "one";
    for (int i = 0; i < 20; ++i) {
        clip.silent.push_back(i < 10);
        clip.video.lips.opening.push_back(i < 10 ? 0.05f + 0.002f * static_cast<float>(i % 2)
                                                 : 0.1f + 0.02f * static_cast<float>(i - 10));
    }
    return clip;
}

TEST(LipBounds, ComeFromTheRecordings) {
    const LipBounds bounds = lip_bounds({recording()});
    EXPECT_NEAR(bounds.closed, 0.051, 1e-6);
    EXPECT_NEAR(bounds.open, 0.262, 1e-6);  // 90th percentile of 0.1, 0.12 ... 0.28
    EXPECT_NEAR(bounds.silent_motion, 0.002, 1e-6);
    EXPECT_NEAR(bounds.threshold(), 0.051 + (0.262 - 0.051) / 3, 1e-6);
}

TEST(SummariseRests, CountsOpeningsAndMotion) {
    const LipBounds bounds = lip_bounds({recording()});
    RestClip still{"still", metrics::Series(50, 0.05f)}, moved{"moved", metrics::Series(50, 0.05f)};
    for (const std::size_t i : {10u, 11u, 30u}) moved.opening[i] = 0.25f;
    const auto json = summarise_rests({still, moved}, bounds);
    EXPECT_EQ(json["sounds"][0]["openings"], 0);
    EXPECT_NEAR(json["sounds"][0]["motion_ratio"].get<double>(), 0, 1e-6);
    EXPECT_EQ(json["sounds"][1]["openings"], 2);
    EXPECT_NEAR(json["sounds"][1]["motion_ratio"].get<double>(), 4 * 0.2 / 49 / 0.002, 1e-3);
    EXPECT_EQ(json["openings"], 2);
}

TEST(SummariseClosures, CountsThoseThatTheRecordingShows) {
    RecordedClip own = recording();
    metrics::Series& opening = own.video.lips.opening;
    opening = metrics::Series(40, 0.2f);
    own.silent.assign(40, 0);
    own.silent[0] = own.silent[1] = 1;
    opening[0] = opening[1] = 0.05f;
    opening[10] = opening[20] = opening[30] = 0.06f;
    GeneratedClip generated;
    generated.video.lips.opening = metrics::Series(40, 0.2f);
    generated.video.lips.opening[11] = 0.06f;  // a frame late is still at the sound
    generated.video.lips.opening[35] = 0.06f;
    const auto at = [](int frame) {
        return std::pair<std::int64_t, std::int64_t>{frame * 640, frame * 640 + 640};
    };
    // The recording's lips stay open at frame 15.
    const std::map<std::string, Closures> closures{{"one", {at(10), at(15), at(20), at(30)}}};
    const auto json = summarise_closures({generated}, {own}, closures, kFps);
    EXPECT_EQ(json["spoken"], 4);
    EXPECT_EQ(json["recorded"], 3);
    EXPECT_EQ(json["generated"], 1);
}

TEST(ClosuresOf, FindsTheLipsThatMeetByTheClipsName) {
    const ScratchFolder scratch("labels");
    corpus::SpeechCorpusWriter writer(scratch / "c");
    corpus::SpeechClip clip;
    clip.name = "grid-s1-one";
    clip.voice = "grid/s1";
    clip.phones = {{0, 100, audio::phone_from_name("SIL")},
                   {100, 200, audio::phone_from_name("B")},
                   {200, 300, audio::phone_from_name("IY")},
                   {300, 400, audio::phone_from_name("M")}};
    writer.add(clip, std::vector<float>(400, 0.1f));
    writer.finish();
    const auto closures = closures_of(scratch / "c", {recording()});
    ASSERT_EQ(closures.size(), 1u);
    EXPECT_EQ(closures.at("one"), (Closures{{100, 200}, {300, 400}}));
}

TEST(RestSounds, HaveTheLevelTheyPromise) {
    const std::vector<RestSound> sounds = rest_sounds(4);
    ASSERT_EQ(sounds.size(), 6u);
    for (const RestSound& sound : sounds) {
        ASSERT_EQ(sound.audio.size(), 64000u);
        double sum = 0;
        for (const float sample : sound.audio) {
            ASSERT_TRUE(std::isfinite(sample));
            sum += static_cast<double>(sample) * sample;
        }
        if (sound.name == "digital silence")
            EXPECT_EQ(sum, 0);
        else
            EXPECT_NEAR(10 * std::log10(sum / 64000), kRestLevelDb, 0.01) << sound.name;
    }
}

}  // namespace
}  // namespace vultus::evaluation
