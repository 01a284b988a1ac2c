#include "speaking/latent_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rng.h"
#include "tiny_person_testonly.h"

namespace vultus::speaking {
namespace {

constexpr std::int64_t kWidth = 16;

std::vector<float> noise(std::int64_t count) {
    Rng rng(7);
    std::vector<float> sound(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < sound.size(); ++i)
        sound[i] = static_cast<float>(0.3 * std::sin(0.002 * static_cast<double>(i)) * (rng.uniform() - 0.5));
    return sound;
}

std::vector<float> in_parts(Talker& talker, const std::vector<float>& sound, std::int64_t part,
                            int look_ahead) {
    LatentStream stream(talker, {}, look_ahead);
    std::vector<float> latents;
    for (std::size_t at = 0; at < sound.size(); at += static_cast<std::size_t>(part))
        stream.push(&sound[at], std::min<std::int64_t>(part, static_cast<std::int64_t>(sound.size() - at)),
                    latents);
    stream.finish(-1, latents);
    return latents;
}

/// A person and the sound after a frame's time that its features need.
struct Listener {
    std::string name;
    models::ModelConfig model;
    std::int64_t reach_samples;
};

models::ModelConfig with_linear_path(models::ModelConfig model) {
    model.speech.linear_path = true;
    return model;
}

class AnyListener : public testing::TestWithParam<Listener> {};

INSTANTIATE_TEST_SUITE_P(LatentStream, AnyListener,
                         testing::Values(Listener{"log_mel", test::tiny_model(), 1160},
                                         Listener{"phonetic", test::tiny_phonetic_model(), 1480},
                                         Listener{"linear_path",
                                                  with_linear_path(test::tiny_phonetic_model()), 1480}),
                         [](const auto& info) { return info.param.name; });

TEST_P(AnyListener, AnyPartsGiveTheSameBits) {
    Talker talker(test::tiny_person(GetParam().model), {});
    const std::vector<float> sound = noise(40000);
    for (const int look_ahead : {-1, 0, 2}) {
        const std::vector<float> whole = talker.latents_from_speech(sound, 63, {}, look_ahead);
        ASSERT_EQ(whole.size(), 63u * kWidth);  // 62.5 frames of sound
        for (const std::int64_t part : {1, 33, 160, 639, 1000000})
            EXPECT_EQ(in_parts(talker, sound, part, look_ahead), whole) << part << ", " << look_ahead;
    }
}

TEST(LatentStream, PublishedEncodersSpeakInWindowsAndNotLive) {
    Talker talker(test::tiny_person(test::tiny_wav2vec2_model()), {});
    const std::vector<float> sound = noise(16000 * 20);
    const std::vector<float> whole = talker.latents_from_speech(sound, 500, {});
    ASSERT_EQ(whole.size(), 500u * kWidth);
    for (const std::int64_t part : {1601, 16000 * 20})
        EXPECT_EQ(in_parts(talker, sound, part, -1), whole) << part;
    EXPECT_THROW(LatentStream(talker, {}, 0), Error);
}

TEST_P(AnyListener, GivesAFrameOnceItsLookAheadHasPassed) {
    const std::int64_t reach = GetParam().reach_samples;
    Talker talker(test::tiny_person(GetParam().model), {});
    const std::vector<float> sound = noise(16000);
    for (const int look_ahead : {0, 1, 3}) {
        LatentStream stream(talker, {}, look_ahead);
        std::vector<float> latents;
        for (std::int64_t i = 0; i < 16000; ++i) {
            stream.push(&sound[static_cast<std::size_t>(i)], 1, latents);
            // Frame t needs the features' reach and the look-ahead after it.
            const std::int64_t due =
                std::max<std::int64_t>(0, (i + 1 - reach) / 640 + (i + 1 >= reach) - look_ahead);
            ASSERT_EQ(stream.num_frames(), due) << i;
        }
    }
}

TEST(LatentStream, LaterSoundChangesNothing) {
    Talker talker(test::tiny_person(), {});
    const std::vector<float> sound = noise(20000);
    std::vector<float> other = sound, first, second;
    std::fill(other.begin() + 8000 + 1160 + 640, other.end(), 0.0f);
    first = in_parts(talker, sound, 500, 1);
    second = in_parts(talker, other, 500, 1);
    EXPECT_TRUE(std::equal(first.begin(), first.begin() + 13 * kWidth, second.begin()));
    EXPECT_NE(first, second);
}

TEST(LatentStream, RestartLeadsOverWithoutAJump) {
    Talker talker(test::tiny_person(), {});
    const std::vector<float> sound = noise(32000), silence(16000, 0.0f);
    LatentStream stream(talker, {}, 0);
    std::vector<float> latents;
    stream.push(sound.data(), 32000, latents);
    const std::size_t before = latents.size();
    stream.restart(stream.num_frames(), &latents[before - kWidth]);
    stream.push(silence.data(), 16000, latents);
    const auto distance = [&](std::size_t a, std::size_t b) {
        double sum = 0;
        for (std::size_t k = 0; k < kWidth; ++k)
            sum += std::pow(latents[a * kWidth + k] - latents[b * kWidth + k], 2);
        return std::sqrt(sum);
    };
    const std::size_t last = before / kWidth - 1;
    const double whole = distance(last, last + 6);
    ASSERT_GT(whole, 0.1);
    // Five frames: no step may be more than half of the way.
    for (std::size_t i = last; i < last + 6; ++i) EXPECT_LT(distance(i, i + 1), 0.5 * whole) << i - last;
    // Afterwards it is what a new stream shows, but for blinks and idle motion, which go on.
    EXPECT_EQ(stream.num_frames(), static_cast<std::int64_t>(latents.size() / kWidth));
}

TEST(LatentStream, ARecordedHeadMovesAlikeHoweverTheSoundArrives) {
    person::Person person = test::tiny_person();
    person.stats.pose_motion.clear();
    for (int t = 0; t < 75; ++t)
        for (const double hz : {0.4, 0.3, 0.7})
            person.stats.pose_motion.push_back(static_cast<float>(std::sin(6.2832 * hz * t / 25)));
    Talker before(person, {});
    person.stats.motion_clips = {75};
    Talker talker(person, {});
    const std::vector<float> sound = noise(100000);  // longer than the recording: it is cut and joined
    const std::vector<float> whole = talker.latents_from_speech(sound, 157, {});
    for (const std::int64_t part : {333, 5000}) EXPECT_EQ(in_parts(talker, sound, part, -1), whole) << part;
    EXPECT_NE(before.latents_from_speech(sound, 157, {}), whole);
}

TEST(LatentStream, BrokenSamplesDoNotSpread) {
    Talker talker(test::tiny_person(), {});
    std::vector<float> sound = noise(16000);
    sound[3000] = std::numeric_limits<float>::max();
    sound[5000] = std::numeric_limits<float>::quiet_NaN();
    sound[7000] = -std::numeric_limits<float>::infinity();
    for (const float value : in_parts(talker, sound, 1000, 0)) ASSERT_TRUE(std::isfinite(value));
}

TEST(LatentStream, RefusesLookAheadsThatTheNetworksCannotUse) {
    Talker talker(test::tiny_person(), {});
    EXPECT_THROW(LatentStream(talker, {}, -2), Error);
    EXPECT_THROW(LatentStream(talker, {}, LatentStream::most_look_ahead(talker.person()) + 1), Error);
}

}  // namespace
}  // namespace vultus::speaking
