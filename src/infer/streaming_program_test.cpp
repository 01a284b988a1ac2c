#include "infer/streaming_program.h"

#include <gtest/gtest.h>

#include "infer/random_weights_testonly.h"
#include "infer/weights.h"
#include "models/speech_to_latent.h"

namespace vultus::infer {
namespace {

using models::Value;

constexpr std::int64_t kRate = 4, kMels = 10, kMostFrames = 8;

/// The same network stepped with a record and without one.
class StreamingProgramTest : public testing::Test {
  protected:
    void begin(int look_ahead) {
        config_.blocks = 2;
        rows_.assign(kRate * kMostFrames * kMels, 0.0f);
        reference_ = RandomWeights::random_input({1, config_.latent}, 9);
        look_ahead_ = look_ahead;
        models::speech_to_latent({invent_, "speech"}, config_,
                                 RandomWeights::wrap_f32({1, 8, kMels}, rows_of(8)), {},
                                 RandomWeights::wrap_f32({1, config_.latent}, reference_), look_ahead);
        weights_ = std::make_shared<Weights>(invent_.archive());
        eager_ = std::make_unique<OnednnOps>(weights_, 1);
        ops_ = std::make_unique<StreamingOps>(*eager_);
        program_ = std::make_unique<StreamingProgram>(
            weights_, 1, [this](StreamingOps& ops, std::int64_t count) { return network(ops, count); });
    }
    static std::vector<float> rows_of(std::int64_t count) {
        return std::vector<float>(static_cast<std::size_t>(count * kMels), 0.5f);
    }
    Value network(StreamingOps& ops, std::int64_t count) {
        const Value in = ops.frames(count, kMels, rows_.data());
        // What the caller does between the operators sees every frame once.
        const Value seen = ops.apply(in, kMels, [this](const float* from, std::int64_t frames, float* to) {
            std::copy_n(from, frames * kMels, to);
            num_seen_ += frames;
        });
        return models::speech_to_latent({ops, "speech"}, config_, seen, {},
                                        ops.constant({1, config_.latent}, reference_.data()), look_ahead_)
            .latents;
    }
    /// A step of both; returns whether they agree bit for bit.
    bool step(std::int64_t frames, bool last) {
        for (float& value : rows_) value = static_cast<float>(rng_.normal());
        const std::int64_t seen = num_seen_;
        ops_->begin_step(last);
        const std::vector<float> want = ops_->rows(network(*ops_, kRate * frames));
        EXPECT_EQ(num_seen_ - seen, kRate * frames);
        num_replayed_ += program_->steady() && !last ? 1 : 0;
        const std::span<const float> got = program_->step(kRate * frames, last);
        EXPECT_EQ(num_seen_ - seen, 2 * kRate * frames);
        return std::equal(got.begin(), got.end(), want.begin(), want.end());
    }

    RandomWeights invent_{3};
    Rng rng_{4};
    models::SpeechConfig config_ = tiny_speech();
    std::vector<float> rows_, reference_;
    int look_ahead_ = 0;
    std::int64_t num_seen_ = 0;
    int num_replayed_ = 0;
    std::shared_ptr<Weights> weights_;
    std::unique_ptr<OnednnOps> eager_;
    std::unique_ptr<StreamingOps> ops_;
    std::unique_ptr<StreamingProgram> program_;
};

TEST_F(StreamingProgramTest, ReplaysTheSameBits) {
    for (const int look_ahead : {0, 1, 3, 8, -1}) {
        begin(look_ahead);
        for (int speech = 0; speech < 3; ++speech) {
            num_replayed_ = 0;
            for (int i = 0; i < 60; ++i)
                ASSERT_TRUE(step(1, false)) << look_ahead << ": " << speech << ", " << i;
            EXPECT_GT(num_replayed_, 20) << look_ahead;
            ASSERT_TRUE(step(speech, true)) << look_ahead;
            ops_->restart();
            program_->restart();
        }
    }
}

TEST_F(StreamingProgramTest, StepsOfOtherSizesMayComeBetween) {
    begin(1);
    for (int round = 0; round < 4; ++round) {
        for (const int frames : {1, 3, 8, 0, 2})
            for (int i = 0; i < (frames == 1 ? 50 : 3); ++i)
                ASSERT_TRUE(step(frames, false)) << round << ": " << frames << ", " << i;
    }
    EXPECT_GT(num_replayed_, 60);
}

}  // namespace
}  // namespace vultus::infer
