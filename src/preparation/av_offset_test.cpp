#include "preparation/av_offset.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audio/phones.h"
#include "base/rng.h"

namespace vultus::preparation {
namespace {

constexpr double kFps = 25;

/// Visemes of 60 to 240 ms; lips glide to an opening of each, and wander by themselves.
SeenAndHeard speak(int frames, int delay_frames, Rng& rng, double noise = 0.02) {
    constexpr int kAround = 20;  // so that moved sound has something on both sides
    std::vector<int> said(static_cast<std::size_t>(frames + 2 * kAround));
    for (std::size_t t = 0, left = 0; t < said.size(); ++t, --left) {
        if (left == 0) left = 2 + rng.below(5);
        said[t] = t > 0 && left > 1 ? said[t - 1] : static_cast<int>(rng.below(audio::kNumVisemes));
    }
    const auto opening = [&](std::size_t t) { return 0.1 * std::sin(1 + 2.3 * said[t]); };
    SeenAndHeard recording;
    double wandering = 0;
    for (int t = 0; t < frames; ++t) {
        const auto at = static_cast<std::size_t>(t + kAround);
        wandering = 0.8 * wandering + noise * rng.normal();
        recording.opening.push_back(
            static_cast<float>((opening(at - 1) + 2 * opening(at) + opening(at + 1)) / 4 + wandering));
        for (int viseme = 0; viseme < audio::kNumVisemes; ++viseme)
            recording.visemes.push_back(said[at - static_cast<std::size_t>(delay_frames)] == viseme ? 1.0f
                                                                                                    : 0.0f);
    }
    return recording;
}

TEST(AvOffset, LongRecordingsTellByThemselves) {
    Rng rng(3);
    std::vector<SeenAndHeard> recordings;
    const std::vector<int> delays = {0, 5, -8, 2, 1};
    for (const int delay : delays) recordings.push_back(speak(1000, delay, rng));
    std::vector<int> found = audio_delays_frames(recordings, kFps);
    EXPECT_EQ(found.back(), 0) << "a frame is what people differ by";
    found.back() = 1;
    EXPECT_EQ(found, delays);
}

TEST(AvOffset, ShortRecordingsAreHeldAgainstTheOthers) {
    for (const int common : {0, 4}) {
        Rng rng(5);
        std::vector<SeenAndHeard> recordings;
        std::vector<int> delays(60, common);
        delays[7] = common - 4;
        delays[30] = common + 3;
        for (const int delay : delays) recordings.push_back(speak(75, delay, rng, 0.01));
        EXPECT_EQ(audio_delays_frames(recordings, kFps), delays);
    }
}

TEST(AvOffset, WhereNothingIsCertainSoundStays) {
    Rng rng(7);
    std::vector<SeenAndHeard> unrelated;
    for (int i = 0; i < 40; ++i) {
        unrelated.push_back(speak(75, 0, rng));
        unrelated.back().opening = speak(75, 0, rng).opening;
    }
    EXPECT_EQ(audio_delays_frames(unrelated, kFps), std::vector<int>(40, 0));
    unrelated = {speak(1000, 0, rng)};
    unrelated[0].opening = speak(1000, 0, rng).opening;
    EXPECT_EQ(audio_delays_frames(unrelated, kFps), std::vector<int>{0});

    std::vector<SeenAndHeard> few = {speak(75, 6, rng), speak(75, 6, rng)};
    EXPECT_EQ(audio_delays_frames(few, kFps), (std::vector<int>{0, 0})) << "six seconds are too little";
    SeenAndHeard still = speak(1000, 5, rng);
    still.opening.assign(1000, 0.1f);
    SeenAndHeard silent = speak(1000, 5, rng);
    for (std::size_t i = 0; i < silent.visemes.size(); ++i)
        silent.visemes[i] = i % audio::kNumVisemes == 0 ? 1.0f : 0.0f;
    EXPECT_EQ(audio_delays_frames({still, silent, {}}, kFps), (std::vector<int>{0, 0, 0}));
    EXPECT_TRUE(audio_delays_frames({}, kFps).empty());
}

TEST(AvOffset, VisemesOfAFrameAreTheMeanOfWhatIsHeardInIt) {
    // 0.2 s: silence, then AA from 0.1 s on; frames of 40 ms, whose parts lie 5, 15, 25, 35 ms in.
    std::vector<float> posteriors(10 * audio::kNumPhones, std::log(1e-6f));
    const int aa = audio::phone_from_name("AA");
    for (int k = 0; k < 10; ++k)
        posteriors[static_cast<std::size_t>(k * audio::kNumPhones + (k < 5 ? audio::kSilence : aa))] = 0;
    const std::vector<float> visemes = visemes_per_frame(posteriors, 5, kFps);
    ASSERT_EQ(visemes.size(), 5u * audio::kNumVisemes);
    const auto open = static_cast<std::size_t>(audio::viseme_of(aa));
    const float expected[] = {0, 0, 0.75f, 1, 1};
    for (std::size_t t = 0; t < 5; ++t) {
        EXPECT_NEAR(visemes[t * audio::kNumVisemes + open], expected[t], 1e-3) << t;
        EXPECT_NEAR(visemes[t * audio::kNumVisemes], 1 - expected[t], 1e-3) << t;
    }
    EXPECT_EQ(visemes_per_frame({}, 2, kFps), std::vector<float>(2 * audio::kNumVisemes, 0.0f));
}

}  // namespace
}  // namespace vultus::preparation
