#include "speech_training/lip_concordance.h"

#include <gtest/gtest.h>

namespace vultus::speech_training {
namespace {

using torch::Tensor;

Tensor tracks(std::int64_t clips = 2) {
    torch::manual_seed(3);
    return torch::randn({clips, 40, 2}, torch::kFloat64);
}

double discordance(const Tensor& meant, const Tensor& recorded) {
    return lip_concordance_loss(meant, recorded,
                                torch::ones({recorded.size(0), recorded.size(1), 1}, torch::kFloat64))
        .item<double>();
}

TEST(LipConcordance, TellsTheSameFromTooLittleAndFromTheOpposite) {
    const Tensor recorded = tracks(), centred = recorded - recorded.mean(1, true);
    EXPECT_NEAR(discordance(recorded, recorded), 0, 1e-12);
    EXPECT_NEAR(discordance(recorded + 5, recorded), 0, 1e-12) << "where the mouth rests is not asked";
    EXPECT_NEAR(discordance(-recorded, recorded), 2, 1e-12);
    EXPECT_NEAR(discordance(0.5 * recorded, recorded), 0.2, 1e-12) << "1 - 2 a / (1 + a^2)";
    EXPECT_NEAR(discordance(2 * recorded, recorded), 0.2, 1e-12);
    EXPECT_NEAR(discordance(torch::zeros_like(recorded), recorded), 1, 1e-12);
    EXPECT_NEAR(discordance(1e-4 * centred, 1e-4 * centred), 1, 1e-5) << "lips at rest say nothing";
}

TEST(LipConcordance, FramesWithoutAFaceDoNotCount) {
    const Tensor recorded = tracks(1), meant = recorded + 0.3 * tracks(1).flip(1);
    Tensor valid = torch::ones({1, 40, 1}, torch::kFloat64), spoilt = meant.clone(), cut = recorded.clone();
    for (const int t : {0, 7, 8, 39}) {
        valid[0][t] = 0;
        spoilt[0][t] = 100;
        cut[0][t] = -100;
    }
    EXPECT_NEAR(lip_concordance_loss(spoilt, cut, valid).item<double>(),
                lip_concordance_loss(meant, recorded, valid).item<double>(), 1e-12);
    EXPECT_EQ(lip_concordance_loss(spoilt, cut, torch::zeros_like(valid)).item<double>(), 1);
}

TEST(LipConcordance, GradientAgreesWithDifferences) {
    const Tensor recorded = tracks(1);
    Tensor meant = (recorded * 0.7 + 0.2 * tracks(1).flip(1)).requires_grad_(true);
    lip_concordance_loss(meant, recorded, torch::ones({1, 40, 1}, torch::kFloat64)).backward();
    constexpr double kStep = 1e-6;
    for (const int t : {0, 13, 39})
        for (const int k : {0, 1}) {
            Tensor more = meant.detach().clone(), less = meant.detach().clone();
            more[0][t][k] += kStep;
            less[0][t][k] -= kStep;
            EXPECT_NEAR(meant.grad()[0][t][k].item<double>(),
                        (discordance(more, recorded) - discordance(less, recorded)) / (2 * kStep), 1e-8);
        }
}

}  // namespace
}  // namespace vultus::speech_training
