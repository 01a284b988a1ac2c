#include "infer/streaming_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "infer/random_weights_testonly.h"
#include "models/speech_encoder.h"
#include "models/speech_to_latent.h"

namespace vultus::infer {
namespace {

using models::Value;

constexpr std::int64_t kFrames = 31, kRate = 4, kMels = 10;

/// Everything a network gave in all its steps.
struct Given {
    std::vector<float> latents, pose;
    std::int64_t late = 0;  ///< frames that only the last step gave
};

Given stream(StreamingOps& ops, const models::SpeechConfig& config, const std::vector<float>& features,
             std::int64_t step, int look_ahead) {
    Given given;
    const std::vector<float> reference = RandomWeights::random_input({1, config.latent}, 9);
    for (std::int64_t begin = 0; begin <= kFrames; begin += step) {
        const std::int64_t count = std::min(step, kFrames - begin);
        const bool last = begin + step > kFrames;
        ops.begin_step(last);
        const Value rows = ops.frames(kRate * count, kMels, features.data() + kRate * begin * kMels);
        const models::SpeechToLatentOutput out =
            models::speech_to_latent({ops, "speech"}, config, rows, {},
                                     ops.constant({1, config.latent}, reference.data()), look_ahead);
        for (const float value : ops.rows(out.latents)) given.latents.push_back(value);
        for (const float value : ops.rows(out.pose)) given.pose.push_back(value);
        if (last) given.late = out.latents.dim(1) - count;
    }
    return given;
}

void expect_near(const std::vector<float>& got, const std::vector<double>& want) {
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i)
        ASSERT_NEAR(got[i], want[i], 1e-5 * (1 + std::abs(want[i]))) << i;
}

TEST(StreamingOps, StepsEqualTheWhole) {
    RandomWeights weights(3);
    models::SpeechConfig config = tiny_speech();
    config.blocks = 2;
    const std::vector<float> features = RandomWeights::random_input({1, kRate * kFrames, kMels}, 5);
    const std::vector<float> reference = RandomWeights::random_input({1, config.latent}, 9);
    for (const int look_ahead : {0, 1, 3, 8, -1}) {
        const models::SpeechToLatentOutput whole = models::speech_to_latent(
            {weights, "speech"}, config, RandomWeights::wrap_f32({1, kRate * kFrames, kMels}, features), {},
            RandomWeights::wrap_f32({1, config.latent}, reference), look_ahead);
        OnednnOps onednn(weights.archive(), 1, Precision::kF32);
        for (const std::int64_t step : {1, 2, 7, 40}) {
            SCOPED_TRACE(testing::Message() << "look-ahead " << look_ahead << ", step " << step);
            StreamingOps slow(weights), fast(onednn);
            const Given plain = stream(slow, config, features, step, look_ahead);
            expect_near(plain.latents, ReferenceOps::unwrap(whole.latents));
            expect_near(plain.pose, ReferenceOps::unwrap(whole.pose));
            const Given quick = stream(fast, config, features, step, look_ahead);
            expect_near(quick.latents, ReferenceOps::unwrap(whole.latents));
            // The frames held back are those whose look-ahead has not passed; the features hold one more.
            const std::int64_t held = config.context_right(look_ahead) - 2;
            EXPECT_EQ(quick.late, std::min(held, kFrames / step * step));
        }
    }
}

// The speech encoder's look-ahead is what its configuration says, and no frame is computed twice.
TEST(StreamingOps, SpeechEncoderStepsEqualTheWhole) {
    RandomWeights weights(8);
    const models::SpeechEncoderConfig config = tiny_speech_encoder();
    constexpr std::int64_t kRows = 61;
    const std::vector<float> rows = RandomWeights::random_input({1, kRows, kMels}, 5);
    const models::SpeechEncoderOutput whole = models::speech_encoder(
        {weights, "phonetic"}, config, RandomWeights::wrap_f32({1, kRows, kMels}, rows));
    const Value in_one = models::non_causal_phones({weights, "phonetic.hindsight"}, config, whole);
    OnednnOps onednn(weights.archive(), 1, Precision::kF32);
    for (const std::int64_t step : {1, 2, 7, 61}) {
        StreamingOps ops(onednn);
        std::vector<float> phones, later;
        for (std::int64_t begin = 0; begin < kRows; begin += step) {
            const std::int64_t count = std::min(step, kRows - begin);
            ops.begin_step(begin + count == kRows);
            const models::SpeechEncoderOutput out = models::speech_encoder(
                {ops, "phonetic"}, config, ops.frames(count, kMels, rows.data() + begin * kMels));
            for (const float value : ops.rows(out.phones)) phones.push_back(value);
            const Value non_causal = models::non_causal_phones({ops, "phonetic.hindsight"}, config, out);
            for (const float value : ops.rows(non_causal)) later.push_back(value);
            // Frame k stands for row 2 k and needs 2 rows and ahead_blocks frames more.
            const std::int64_t certain =
                std::max<std::int64_t>(0, (begin + count - 3) / 2 - config.ahead_blocks + 1);
            if (begin + count < kRows && begin + count >= 3) {
                EXPECT_EQ(static_cast<std::int64_t>(phones.size()), certain * config.num_phones);
                const std::int64_t reach = config.non_causal_blocks * config.non_causal_kernel;
                EXPECT_EQ(static_cast<std::int64_t>(later.size()),
                          std::max<std::int64_t>(0, certain - reach) * config.num_phones);
            }
        }
        expect_near(phones, ReferenceOps::unwrap(whole.phones));
        expect_near(later, ReferenceOps::unwrap(in_one));
    }
}

TEST(StreamingOps, StartsAfreshAfterRestart) {
    RandomWeights weights(4);
    const models::SpeechConfig config = tiny_speech();
    const std::vector<float> features = RandomWeights::random_input({1, kRate * kFrames, kMels}, 6);
    StreamingOps ops(weights);
    const Given first = stream(ops, config, features, 2, 1);
    ops.restart();
    const Given second = stream(ops, config, features, 2, 1);
    EXPECT_EQ(first.latents, second.latents);
}

TEST(StreamingOps, MemoryStaysWithTheReach) {
    RandomWeights weights(5);
    const models::SpeechConfig config = tiny_speech();
    OnednnOps onednn(weights.archive(), 1, Precision::kF32);
    models::speech_to_latent({weights, "speech"}, config,
                             RandomWeights::wrap_f32({1, 8, kMels}, std::vector<float>(80)), {}, {}, 0);
    StreamingOps ops(onednn);
    const std::vector<float> rows = RandomWeights::random_input({1, kRate, kMels}, 7);
    std::size_t after_hundred = 0;
    for (int step = 0; step < 2000; ++step) {
        ops.begin_step(false);
        models::speech_to_latent({ops, "speech"}, config, ops.frames(kRate, kMels, rows.data()), {}, {}, 0);
        if (step == 100) after_hundred = ops.num_values_kept();
    }
    EXPECT_GT(after_hundred, 0u);
    EXPECT_EQ(ops.num_values_kept(), after_hundred);
}

TEST(StreamingOps, RefusesImages) {
    RandomWeights weights(6);
    StreamingOps ops(weights);
    EXPECT_ANY_THROW(ops.upsample2(ops.constant({1, 1, 1, 1}, std::vector<float>(1).data())));
}

}  // namespace
}  // namespace vultus::infer
