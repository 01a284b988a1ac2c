// Talking for hours takes the memory of talking for a minute.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "resident_memory_testonly.h"
#include "speaking/latent_stream.h"
#include "tiny_person_testonly.h"

namespace vultus::speaking {
namespace {

TEST(LongSpeech, MemoryIsConstant) {
    TalkerOptions options;
    options.num_threads = 1;
    Talker talker(test::tiny_person(), options);
    LatentStream stream(talker, {});
    Rng rng(1);
    std::vector<float> second(16000), latents;
    std::int64_t frames = 0;
    double after_a_minute = 0;
    constexpr int kSeconds = 600;
    for (int s = 0; s < kSeconds; ++s) {
        for (float& sample : second)
            sample = static_cast<float>(0.2 * std::sin(0.7 * s) * (rng.uniform() - 0.5));
        latents.clear();
        stream.push(second.data(), 16000, latents);
        frames += static_cast<std::int64_t>(latents.size()) / talker.latent_dim();
        // What is held back is bounded: latents follow the sound within a few seconds.
        ASSERT_GE(frames, 25 * (s + 1) - 25 * 12) << "after " << s << " s";
        if (s == 60) after_a_minute = test::resident_mb();
    }
    latents.clear();
    stream.finish(-1, latents);
    frames += static_cast<std::int64_t>(latents.size()) / talker.latent_dim();
    EXPECT_EQ(frames, 25 * kSeconds);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer keeps freed memory: its size says nothing";
#endif
    // Nine minutes of samples alone would be 35 MB, of features 17 MB.
    EXPECT_LT(test::resident_mb() - after_a_minute, 6.0);
}

}  // namespace
}  // namespace vultus::speaking
