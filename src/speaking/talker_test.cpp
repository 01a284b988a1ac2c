#include "speaking/talker.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/allocation_count_testonly.h"
#include "base/rng.h"
#include "infer/onednn_ops.h"
#include "person/random_person.h"
#include "resident_memory_testonly.h"
#include "speaking/live_session.h"

namespace vultus::speaking {
namespace {

using Picture = std::vector<std::uint8_t>;

std::vector<float> latent(const Talker& talker, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<float> z(static_cast<std::size_t>(talker.latent_dim()));
    for (float& value : z) value = static_cast<float>(rng.normal());
    return z;
}

Picture picture(Talker& talker, const std::vector<float>& z) {
    Picture rgb(static_cast<std::size_t>(3 * talker.size_px() * talker.size_px()));
    talker.decode(z.data(), rgb.data());
    return rgb;
}

TalkerOptions with_steps(int steps) {
    TalkerOptions options;
    options.steps = steps;
    return options;
}

TEST(Talker, PicturesDependOnNothingButTheLatent) {
    Talker talker(person::random_person("live", 64), with_steps(2));
    const std::vector<float> a = latent(talker, 1), b = latent(talker, 2);
    const Picture first = picture(talker, a), second = picture(talker, b);
    EXPECT_NE(first, second);
    EXPECT_EQ(picture(talker, a), first);
    Talker one_step(talker, with_steps(1));
    EXPECT_NE(picture(one_step, a), first);
    EXPECT_EQ(picture(talker, b), second);
}

TEST(Talker, SessionsOfOnePersonRunSideBySide) {
    Talker first(person::random_person("live", 128), {});
    Talker second(first, {});
    const std::vector<float> z = latent(first, 1);
    const Picture want = picture(first, z);
    std::vector<std::thread> threads;
    std::vector<int> same(2, 0);
    for (const auto& [talker, count] : {std::pair{&first, &same[0]}, std::pair{&second, &same[1]}})
        threads.emplace_back([&z, &want, talker = talker, count = count] {
            for (int i = 0; i < 10; ++i) *count += picture(*talker, z) == want;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(same, std::vector<int>(2, 10));
}

#ifdef VULTUS_COUNTS_ALLOCATIONS
TEST(Talker, DecodesWithoutAllocating) {
    if (infer::OnednnOps::isa_name() != "AVX2") GTEST_SKIP() << "oneDNN's convolutions allocate inside";
    for (const int steps : {1, 3}) {
        Talker talker(person::random_person("live", 128), with_steps(steps));
        const std::vector<float> z = latent(talker, 1);
        Picture rgb = picture(talker, z);
        const long before = test::allocations;
        for (int i = 0; i < 5; ++i) talker.decode(z.data(), rgb.data());
        EXPECT_EQ(test::allocations - before, 0) << steps << " steps";
    }
}

/// Counts what a stream asks of the allocator, sound to image, once it is under way.
long allocations_of_live_speech(int look_ahead, int sample_rate_hz, int num_threads) {
    TalkerOptions talker;
    talker.num_threads = num_threads;
    LiveOptions options;
    options.sample_rate_hz = sample_rate_hz;
    options.look_ahead_frames = look_ahead;
    LiveSession session(std::make_shared<SharedTalker>(person::random_person("live", 128), talker), options);
    std::vector<float> sound(static_cast<std::size_t>(sample_rate_hz / 25));
    LiveFrame frame;
    Rng rng(3);
    long before = 0;
    for (int i = 0; i < 100; ++i) {
        if (i == 80) before = test::allocations;
        for (float& sample : sound) sample = static_cast<float>(0.1 * rng.normal());
        session.push(sound.data(), static_cast<std::int64_t>(sound.size()));
        // Drawing takes most of the time: only once the reach of the networks is filled.
        while (session.pull(LiveSession::Missing::kWait, frame, i >= 75)) {
        }
    }
    return test::allocations - before;
}

TEST(LiveSession, SteadySpeechAllocatesNothing) {
    if (infer::OnednnOps::isa_name() != "AVX2") GTEST_SKIP() << "oneDNN's convolutions allocate inside";
    EXPECT_EQ(allocations_of_live_speech(0, 16000, 1), 0);
    EXPECT_EQ(allocations_of_live_speech(2, 48000, 2), 0);
}

TEST(Talker, OneMoreSessionSharesTheWeights) {
    const person::Person person = person::random_person("live", 256);
    Talker first(person, {});
    const std::vector<float> z = latent(first, 1);
    picture(first, z);
    const double one = test::resident_mb();
    Talker second(first, {});
    picture(second, z);
    EXPECT_LT(test::resident_mb() - one, 40);
}
#endif

}  // namespace
}  // namespace vultus::speaking
