#include "speech_training/tempo.h"

#include <gtest/gtest.h>

namespace vultus::speech_training {
namespace {

TEST(Tempo, SoundAndFaceStayInStep) {
    Rng rng(6);
    for (const std::int64_t frames : {2, 40, 75}) {
        const torch::Tensor tempo = speech_training::draw_tempo(frames, 0.25, rng);
        EXPECT_EQ(tempo[0].item<float>(), 0);
        EXPECT_NEAR(tempo[frames - 1].item<float>(), static_cast<float>(frames - 1), 1e-3);
        const torch::Tensor steps = tempo.diff();
        EXPECT_GT(steps.min().item<float>(), 0.55);
        EXPECT_LT(steps.max().item<float>(), 1.7);
        // A row that tells its own time, seen through the tempo, tells the time of the frame it lies at.
        const torch::Tensor clock = (torch::arange(frames * 4, torch::kFloat32) / 4).unsqueeze(1);
        const torch::Tensor heard =
            speech_training::rows_at(clock, speech_training::tempo_of_rows(tempo, 4)).view({frames, 4});
        EXPECT_LT((heard.select(1, 0) - tempo).abs().max().item<float>(), 1e-3);
    }
}

}  // namespace
}  // namespace vultus::speech_training
