// For tests: weights drawn at random for whatever a network asks for.
#pragma once

#include "base/rng.h"
#include "infer/reference_ops.h"
#include "models/config.h"

namespace vultus::infer {

/// A reference backend that invents its weights and keeps them for other backends. Nothing starts at zero
/// here, so that no branch of a network is silent.
class RandomWeights : public ReferenceOps {
  public:
    explicit RandomWeights(std::uint64_t seed) : ReferenceOps(archive_), rng_(seed) {}

    Value param(const std::string& name, const Shape& shape, const models::Init& init) override {
        if (!archive_.has(name)) {
            std::vector<float> values(static_cast<std::size_t>(num_elements(shape)));
            for (float& value : values) value = static_cast<float>(0.2 * rng_.normal());
            if (init.kind == models::Init::Kind::kOnes)
                for (float& value : values) value += 1;
            archive_.tensors[name] = HostTensor::from_f32(shape, values);
        }
        return ReferenceOps::param(name, shape, init);
    }
    const Archive& archive() const { return archive_; }

    static std::vector<float> random_input(const Shape& shape, std::uint64_t seed) {
        Rng rng(seed);
        std::vector<float> values(static_cast<std::size_t>(num_elements(shape)));
        for (float& value : values) value = static_cast<float>(rng.normal());
        return values;
    }
    static Value wrap_f32(const Shape& shape, const std::vector<float>& values) {
        return wrap(shape, Array(values.begin(), values.end()));
    }

  private:
    Archive archive_;
    Rng rng_;
};

/// Small configurations that use every part of the networks.
inline models::UNetConfig tiny_unet(bool live) {
    models::UNetConfig config;
    config.size_px = 16;
    config.patch = live ? 2 : 1;
    config.base_channels = 8;
    config.channel_mult = {1, 2};
    config.blocks_down = live ? 1 : 2;
    config.blocks_up = live ? 1 : 3;
    config.resample_blocks = !live;
    config.attention_grid = {8};
    config.embedding = 12;
    config.latent = 6;
    config.groups = 4;
    config.latent_map = config.position_maps = live;
    return config;
}

inline models::EncoderConfig tiny_encoder(bool live) {
    models::EncoderConfig config;
    config.size_px = live ? 8 : 16;
    config.patch = live ? 2 : 1;
    config.base_channels = 8;
    config.channel_mult = {1, 2};
    config.blocks = 1;
    config.resample_blocks = !live;
    config.attention_grid = {8};
    config.latent = 6;
    config.groups = 4;
    config.flatten = config.normalise = live;
    return config;
}

inline models::SpeechConfig tiny_speech() {
    models::SpeechConfig config;
    config.num_mels = 10;
    config.width = 8;
    config.heads = 2;
    config.feed_forward = 12;
    config.blocks = 1;
    config.attention_left = 3;
    config.attention_right = 2;
    config.conv_left = config.conv_right = 2;
    config.latent = 6;
    return config;
}

inline models::SpeechEncoderConfig tiny_speech_encoder() {
    models::SpeechEncoderConfig config;
    config.num_mels = 10;
    config.width = 8;
    config.blocks = 3;
    config.feed_forward = 12;
    config.kernel_left = 4;
    config.ahead_blocks = 2;
    config.embedding = 6;
    config.num_phones = 5;
    config.non_causal_blocks = 2;
    config.non_causal_kernel = 3;
    return config;
}

/// large: layer norms throughout, before the parts of a block; else one norm over time, and after.
inline models::Wav2Vec2Config tiny_wav2vec2(bool large) {
    models::Wav2Vec2Config config;
    config.conv_channels = {8, 8, 8};
    config.conv_kernels = {10, 3, 2};
    config.conv_strides = {5, 2, 2};
    config.conv_bias = config.norm_every_conv = config.norm_first = large;
    config.width = 12;
    config.blocks = 2;
    config.heads = 3;
    config.feed_forward = 10;
    config.position_kernel = large ? 5 : 4;
    config.position_groups = 3;
    return config;
}

}  // namespace vultus::infer
