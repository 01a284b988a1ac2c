// For tests: a person whose weights are drawn at random; small, quick, and complete.
#pragma once

#include "infer/random_weights_testonly.h"
#include "models/speech_encoder.h"
#include "models/speech_to_latent.h"
#include "models/unet.h"
#include "models/wav2vec2.h"
#include "person/person.h"

namespace vultus::test {

inline models::ModelConfig tiny_model() {
    models::ModelConfig model = models::preset("live", 64);
    model.unet.base_channels = 4;
    model.unet.embedding = 16;
    model.unet.groups = 4;
    model.encoder.base_channels = 4;
    model.encoder.blocks = 1;
    model.encoder.groups = 4;
    model.speech.width = 16;
    model.speech.heads = 2;
    model.speech.feed_forward = 16;
    model.speech.blocks = 1;
    model.unet.latent = model.encoder.latent = model.speech.latent = 16;
    return model;
}

/// Every weight that the networks ask for, drawn at random.
inline Archive random_weights(const models::ModelConfig& model) {
    infer::RandomWeights ops(11);
    const auto zeros = [](const Shape& shape) {
        return infer::ReferenceOps::wrap(
            shape, infer::ReferenceOps::Array(static_cast<std::size_t>(num_elements(shape)), 0.0));
    };
    const std::int64_t size = model.unet.size_px;
    models::encoder({ops, "encoder"}, model.encoder, zeros({1, 3, size, size}));
    models::unet({ops, "unet"}, model.unet, zeros({1, 3, size, size}), zeros({1, model.unet.base_channels}),
                 zeros({1, model.unet.latent}));
    if (model.speech.small_encoder())
        models::speech_encoder({ops, "phonetic"}, model.speech_encoder, zeros({1, 8, model.speech.num_mels}));
    if (model.speech.features == "wav2vec2")
        models::wav2vec2_features({ops, "wav2vec2"}, model.wav2vec2, model.wav2vec2_layers,
                                  zeros({1, model.wav2vec2.reach_samples(), 1}));
    models::speech_to_latent({ops, "speech"}, model.speech, zeros({1, 8, model.speech_feature_width()}), {});
    Archive weights;
    for (const auto& [name, tensor] : ops.archive().tensors) weights.tensors[name] = tensor.to_bf16();
    return weights;
}

/// The same, listening through a small speech encoder.
inline models::ModelConfig tiny_phonetic_model() {
    models::ModelConfig model = tiny_model();
    model.speech.features = "phonetic";
    model.speech.rate_per_frame = 2;
    model.speech_encoder.width = 16;
    model.speech_encoder.blocks = 3;
    model.speech_encoder.feed_forward = 16;
    model.speech_encoder.kernel_left = 4;
    model.speech_encoder.embedding = 12;
    model.speech_encoder.non_causal_blocks = 0;  // as every person's
    return model;
}

/// The same, listening through a small network of wav2vec 2.0's kind.
inline models::ModelConfig tiny_wav2vec2_model() {
    models::ModelConfig model = tiny_model();
    models::Wav2Vec2Config encoder = infer::tiny_wav2vec2(/*large=*/true);
    encoder.conv_strides = {16, 5, 4};
    encoder.conv_kernels = {20, 7, 6};
    models::use_speech_encoder(model, encoder, {1, {}});
    model.speech.width = 16;
    model.speech.feed_forward = 16;
    model.speech.blocks = 1;
    return model;
}

inline person::Person tiny_person(const models::ModelConfig& model = tiny_model()) {
    person::Person person;
    person.model = model;
    person.card.name = "Nobody";
    person.card.licence = "CC0";
    person.weights = random_weights(person.model);
    const auto filled = [](int count, float value) {
        return std::vector<float>(static_cast<std::size_t>(count), value);
    };
    person::Stats& stats = person.stats;
    stats.mean_image.assign(64 * 64 * 3, 120);
    stats.latent_mean = filled(16, 0);
    stats.latent_std = filled(16, 1);
    stats.pose_mean = filled(3, 0);
    stats.pose_std = filled(3, 4);
    stats.mel_mean = filled(80, -5);
    stats.mel_std = filled(80, 2);
    stats.blink_direction = filled(16, 0.1f);
    stats.blink_shape = {0, 0.5f, 1, 0.5f, 0};
    stats.blinks_per_minute = 20;
    stats.pose_motion = filled(30, 0.1f);
    stats.footage_crop = {8, 0, 48, 64, 64};
    return person;
}

}  // namespace vultus::test
