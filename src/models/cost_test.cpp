// The presets are what they say: parameters and multiply-accumulates against published counts.
#include <gtest/gtest.h>

#include "models/cost_ops.h"
#include "models/speech_to_latent.h"
#include "models/unet.h"

namespace vultus::models {
namespace {

struct Cost {
    double parameters, macs;
};

Cost unet_cost(const ModelConfig& model) {
    CostOps ops;
    const std::int64_t size = model.unet.size_px;
    const Value out =
        unet({ops, "unet"}, model.unet, CostOps::shaped({1, 3, size, size}),
             CostOps::shaped({1, model.unet.base_channels}), CostOps::shaped({1, model.unet.latent}));
    EXPECT_EQ(out.shape(), (Shape{1, 3, size, size}));
    return {static_cast<double>(ops.num_parameters()), static_cast<double>(ops.num_macs())};
}

Cost encoder_cost(const ModelConfig& model) {
    CostOps ops;
    const std::int64_t size = model.unet.size_px;
    const Value z = encoder({ops, "encoder"}, model.encoder, CostOps::shaped({1, 3, size, size}));
    EXPECT_EQ(z.shape(), (Shape{1, model.encoder.latent}));
    return {static_cast<double>(ops.num_parameters()), static_cast<double>(ops.num_macs())};
}

// Preechakul et al., ffhq256_autoenc: 138.3 M and 277.2 G for the U-Net, 30.2 M and 35.4 G for the encoder.
TEST(PaperPreset, HasTheSizeOfDiffAe256) {
    const ModelConfig model = preset("paper", 256);
    const Cost network = unet_cost(model), semantic = encoder_cost(model);
    EXPECT_NEAR(network.parameters / 1e6, 138.3, 0.1);
    EXPECT_NEAR(network.macs / 1e9, 277.2, 0.5);
    EXPECT_NEAR(semantic.parameters / 1e6, 30.2, 0.1);
    EXPECT_NEAR(semantic.macs / 1e9, 35.4, 0.2);
}

TEST(LivePreset, StaysUnder25GflopAStepAt256Px) {
    for (const int size : {64, 128, 256, 512}) {
        const Cost cost = unet_cost(preset("live", size));
        if (size == 256) {
            EXPECT_LT(2 * cost.macs, 25e9);
        }
        const std::int64_t recorded = 3 * 3 * size * size;  // two reference frames and the mean
        EXPECT_LT(cost.parameters - recorded, 11e6);
    }
}

TEST(LivePreset, SpeechNetworkIsSmall) {
    const ModelConfig model = preset("live", 256);
    CostOps ops;
    const SpeechToLatentOutput out =
        speech_to_latent({ops, "speech"}, model.speech, CostOps::shaped({1, 400, 80}), {});
    EXPECT_EQ(out.latents.shape(), (Shape{1, 100, model.speech.latent}));
    EXPECT_LT(ops.num_parameters(), 6e6);
}

}  // namespace
}  // namespace vultus::models
