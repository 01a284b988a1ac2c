#include "speaking/live_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/rng.h"
#include "tiny_person_testonly.h"

namespace vultus::speaking {
namespace {

using Missing = LiveSession::Missing;

std::shared_ptr<SharedTalker> talker() {
    return std::make_shared<SharedTalker>(test::tiny_person(), TalkerOptions{});
}

std::vector<float> noise(std::int64_t count, std::uint64_t seed = 7) {
    Rng rng(seed);
    std::vector<float> sound(static_cast<std::size_t>(count));
    for (float& sample : sound) sample = static_cast<float>(0.3 * (rng.uniform() - 0.5));
    return sound;
}

double distance(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.size(); ++k) sum += std::pow(a[k] - b[k], 2);
    return std::sqrt(sum);
}

TEST(LiveSession, EqualsTheFileFrameForFrame) {
    const auto shared = talker();
    const std::vector<float> sound = noise(20000);
    for (const int look_ahead : {0, 2, -1}) {
        const std::vector<float> latents = shared->talker.latents_from_speech(sound, 32, {}, look_ahead);
        std::vector<std::uint8_t> rgb(64 * 64 * 3);
        for (const std::size_t part : {std::size_t{1}, std::size_t{777}, std::size_t{1000000}}) {
            LiveOptions options;
            options.look_ahead_frames = look_ahead;
            LiveSession session(shared, options);
            LiveFrame frame;
            std::size_t count = 0;
            std::vector<float> heard;
            const auto drain = [&] {
                for (; session.pull(Missing::kWait, frame, part == 777); ++count) {
                    ASSERT_EQ(frame.index, static_cast<std::int64_t>(count));
                    ASSERT_TRUE(std::equal(frame.latent.begin(), frame.latent.end(), &latents[count * 16]));
                    heard.insert(heard.end(), frame.sound.begin(), frame.sound.end());
                    if (part != 777) continue;
                    shared->talker.decode(&latents[count * 16], rgb.data());
                    ASSERT_EQ(frame.rgb, rgb);
                }
            };
            for (std::size_t at = 0; at < sound.size(); at += part) {
                session.push(&sound[at], static_cast<std::int64_t>(std::min(part, sound.size() - at)));
                drain();
            }
            session.end_speech();
            drain();
            EXPECT_EQ(count, 32u);
            heard.resize(sound.size());
            EXPECT_EQ(heard, sound);  // what a frame is heard with is what made it
        }
    }
}

TEST(LiveSession, IdlesWhenNobodySpeaks) {
    LiveSession session(talker(), {});
    LiveFrame frame;
    std::vector<float> before;
    int moves = 0;
    for (int i = 0; i < 250; ++i) {
        ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
        EXPECT_FALSE(frame.speaking);
        if (!before.empty() && distance(before, frame.latent) > 1e-3) ++moves;
        before = frame.latent;
    }
    EXPECT_GT(moves, 5);  // blinks at least
    EXPECT_FALSE(session.pull(Missing::kWait, frame, false));
}

TEST(LiveSession, InterruptComesToRestWithoutAJump) {
    LiveSession session(talker(), {});
    const std::vector<float> sound = noise(48000);
    session.push(sound.data(), 48000);
    LiveFrame frame;
    double most_speaking = 0;
    std::vector<float> before;
    for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
        EXPECT_TRUE(frame.speaking);
        if (i > 0) most_speaking = std::max(most_speaking, distance(before, frame.latent));
        before = frame.latent;
    }
    EXPECT_EQ(session.num_filled(), 0);
    session.interrupt();
    EXPECT_EQ(session.num_waiting(), 0);
    std::vector<std::vector<float>> after = {before};
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
        EXPECT_EQ(frame.index, 25 + i);
        EXPECT_FALSE(frame.speaking);
        after.push_back(frame.latent);
    }
    const double whole = distance(after.front(), after.back());
    for (std::size_t i = 0; i + 1 < after.size(); ++i)
        EXPECT_LT(distance(after[i], after[i + 1]), std::max(0.5 * whole, 1.5 * most_speaking)) << i;
    // At rest: what a session shows that heard nothing, but for the frames' own blinks and sway.
    session.push(sound.data(), 3000);
    ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
    EXPECT_EQ(frame.sample, 31 * 640);
}

TEST(LiveSession, CountsTheSilenceThatFillsSpeech) {
    LiveSession session(talker(), {});
    LiveFrame frame;
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
    EXPECT_EQ(session.num_filled(), 0) << "nobody speaks";
    const std::vector<float> sound(16000, 0.1f);
    session.push(sound.data(), 1600);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
    EXPECT_EQ(session.num_filled(), 10 * 640 - 1600) << "ten frames of 40 ms, 100 ms of them sound";
    session.end_speech();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
    EXPECT_EQ(session.num_filled(), 10 * 640 - 1600) << "the speech has ended";
}

TEST(LiveSession, SpeaksAgainAfterItsEnd) {
    LiveSession session(talker(), {});
    const std::vector<float> sound = noise(7000);
    LiveFrame frame;
    std::int64_t count = 0;
    for (int round = 0; round < 3; ++round) {
        session.push(sound.data(), 7000);  // 10.94 frames
        session.end_speech();
        session.end_speech();  // nothing new has begun: no second end
    }
    for (; session.pull(Missing::kWait, frame, false); ++count) {
        EXPECT_EQ(frame.sample, count * 640);
        EXPECT_EQ(frame.sound.size(), 640u);
    }
    EXPECT_EQ(count, 33);
}

// An hour's clock at 30000/1001 frames a second: where the sound of each frame begins, as a fraction.
TEST(LiveSession, TheClockIsAFraction) {
    person::Person person = test::tiny_person();
    person.fps_num = 30000;
    person.fps_den = 1001;
    LiveSession session(std::make_shared<SharedTalker>(person, TalkerOptions{}), {});
    LiveFrame frame;
    std::int64_t heard = 0;
    for (std::int64_t i = 0; i < 1800; ++i) {
        if (i % 500 == 499) session.interrupt();
        ASSERT_TRUE(session.pull(Missing::kSilence, frame, false));
        ASSERT_EQ(frame.sample, (i * 16000 * 1001 + 29999) / 30000);
        ASSERT_EQ(frame.sample, heard);
        heard += static_cast<std::int64_t>(frame.sound.size());
    }
}

TEST(LiveSession, TakesOtherRatesAndInt16) {
    const auto shared = talker();
    LiveOptions options;
    options.sample_rate_hz = 48000;
    LiveSession session(shared, options);
    std::vector<std::int16_t> sound(48000);
    for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = static_cast<std::int16_t>(i % 100 * 100);
    session.push(sound.data(), 48000);
    session.end_speech();
    LiveFrame frame;
    int count = 0;
    while (session.pull(Missing::kWait, frame, false)) ++count;
    EXPECT_EQ(count, 25);
    options.sample_rate_hz = 4000;
    EXPECT_THROW(LiveSession(shared, options), Error);
}

TEST(LiveSession, RefusesWhatIsNotSound) {
    LiveSession session(talker(), {});
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        std::vector<float> sound = noise(100);
        sound[50] = bad;
        EXPECT_THROW(session.push(sound.data(), 100), Error);
    }
    EXPECT_EQ(session.num_waiting(), 0);
    EXPECT_THROW(session.push(static_cast<const float*>(nullptr), -1), Error);
    session.push(static_cast<const float*>(nullptr), 0);
    const std::vector<float> million = noise(1000000);
    session.push(million.data(), 1000000);
    EXPECT_EQ(session.num_waiting(), 1000000);
}

TEST(LiveSession, TurnsItsHeadAndBack) {
    const auto shared = talker();
    LiveSession steered(shared, {}), free(shared, {});
    LiveFrame a, b;
    double most = 0, before = 0;
    for (int i = 0; i < 200; ++i) {
        if (i == 50) steered.turn_head({5.0f, std::nullopt, std::nullopt, 0});
        if (i == 100) steered.turn_head({});
        ASSERT_TRUE(steered.pull(Missing::kSilence, a, false));
        ASSERT_TRUE(free.pull(Missing::kSilence, b, false));
        const double apart = distance(a.latent, b.latent);
        if (i < 50) ASSERT_EQ(a.latent, b.latent);
        if (i > 190) ASSERT_EQ(a.latent, b.latent) << "as if nobody had turned it";
        EXPECT_LT(std::abs(apart - before), 0.3 * std::max(most, 0.5)) << i;
        before = apart;
        most = std::max(most, apart);
    }
    EXPECT_GT(most, 1e-3);
    EXPECT_THROW(steered.turn_head({std::numeric_limits<float>::quiet_NaN(), {}, {}, 0}), Error);
    EXPECT_THROW(steered.turn_head({1.0f, {}, {}, -1}), Error);
}

TEST(LiveSession, PushPullInterruptAndCloseFromThreads) {
    const auto shared = talker();
    LiveSession first(shared, {}), second(shared, {});
    std::atomic<int> frames{0}, cancelled{0};
    const auto pulls = [&](LiveSession& session) {
        LiveFrame frame;
        try {
            for (;;) {
                session.pull(Missing::kSilence, frame, frames % 8 == 0);
                ++frames;
            }
        } catch (const Error& error) {
            if (error.code() == ErrorCode::kCancelled) ++cancelled;
        }
    };
    std::thread one([&] { pulls(first); }), two([&] { pulls(first); }), three([&] { pulls(second); });
    const std::vector<float> sound = noise(3000);
    for (int i = 0; i < 40; ++i) {
        first.push(sound.data(), 3000);
        second.push(sound.data(), 100);
        if (i % 7 == 3) first.end_speech();
        if (i % 10 == 9) first.interrupt();
        std::this_thread::yield();
    }
    while (frames < 20) std::this_thread::yield();
    first.close();
    second.close();
    one.join();
    two.join();
    three.join();
    EXPECT_EQ(cancelled, 3);
    EXPECT_THROW(first.push(sound.data(), 10), Error);
}

}  // namespace
}  // namespace vultus::speaking
