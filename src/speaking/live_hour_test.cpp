// An hour of a live session: image and sound do not drift, memory does not grow.
#include <gtest/gtest.h>

#include "base/rng.h"
#include "resident_memory_testonly.h"
#include "speaking/live_session.h"
#include "tiny_person_testonly.h"

namespace vultus::speaking {
namespace {

TEST(LiveHour, DriftsByNothingAndStaysSmall) {
    person::Person person = test::tiny_person();
    person.fps_num = 30000;
    person.fps_den = 1001;
    LiveOptions options;
    options.sample_rate_hz = 44100;
    LiveSession session(std::make_shared<SharedTalker>(person, TalkerOptions{}), options);
    Rng rng(1);
    std::vector<float> part(1471);
    LiveFrame frame;
    std::int64_t heard = 0, speaking = 0;
    double after_a_minute = 0;
    constexpr std::int64_t kFrames = 107892;  // 3600 s
    for (std::int64_t i = 0; i < kFrames; ++i) {
        // Talks for two minutes of three, is interrupted now and then, ends its speech now and then.
        if (i / 1800 % 3 < 2) {
            for (float& sample : part) sample = static_cast<float>(0.4 * (rng.uniform() - 0.5));
            session.push(part.data(), static_cast<std::int64_t>(part.size()));
            if (i % 5000 == 4999) session.interrupt();
            if (i % 700 == 699) session.end_speech();
        }
        ASSERT_TRUE(session.pull(LiveSession::Missing::kSilence, frame, false));
        ASSERT_EQ(frame.index, i);
        ASSERT_EQ(frame.sample, (i * 16000 * 1001 + 29999) / 30000);
        ASSERT_EQ(frame.sample, heard);
        heard += static_cast<std::int64_t>(frame.sound.size());
        speaking += frame.speaking;
        if (i == 1800) after_a_minute = test::resident_mb();
    }
    EXPECT_NEAR(static_cast<double>(speaking) / kFrames, 2.0 / 3, 0.02);
    EXPECT_EQ(heard, (kFrames * 16000 * 1001 + 29999) / 30000);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer keeps freed memory: its size says nothing";
#endif
    EXPECT_LT(test::resident_mb() - after_a_minute, 4.0);
}

}  // namespace
}  // namespace vultus::speaking
