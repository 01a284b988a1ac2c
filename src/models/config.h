// Sizes of all networks of a person; stored as JSON in the person file.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vultus::models {

/// Conditional DDIM U-Net (x_t, t, z) -> prediction.
struct UNetConfig {
    int size_px = 256;        ///< of the image
    int patch = 1;            ///< patches of patch x patch pixels are the pixels of the network
    int base_channels = 128;  ///< of the first level
    std::vector<int> channel_mult = {1, 1, 2, 2, 4, 4};
    int blocks_down = 2;  ///< residual blocks a level on the way down
    int blocks_up = 3;    ///< and on the way up, at most blocks_down + 1; each takes one lateral
    bool resample_blocks =
        true;  ///< DiffAE: residual blocks that change the size; else plain pool and repeat
    std::vector<int> attention_grid = {16};  ///< grid sizes with self-attention after each block
    int embedding = 512;                     ///< width of the time embedding
    int latent = 512;                        ///< width of z
    int groups = 32;                         ///< of group normalisation
    double dropout = 0.1;
    /// One person under one camera: z and the place in the image also enter as maps (not in DiffAE).
    bool latent_map = false;     ///< z -> linear -> [C, bottom, bottom], added at the bottom
    bool position_maps = false;  ///< a learnt map added at the start of each level
    /// Recorded frames that the network moves and lays over what it draws, so that texture need not be
    /// learnt by heart; see models/reference_frames.h. 0: none.
    int references = 0;
};

/// Semantic encoder: image -> z.
struct EncoderConfig {
    int size_px = 256;  ///< images are averaged down to this
    int patch = 1;
    int base_channels = 128;
    std::vector<int> channel_mult = {1, 1, 2, 2, 4, 4, 4};
    int blocks = 2;
    bool resample_blocks = true;
    std::vector<int> attention_grid = {16};
    int latent = 512;
    int groups = 32;
    bool flatten = false;    ///< read the last grid as one vector; else average over it (DiffAE)
    bool normalise = false;  ///< plain layer normalisation of z, so that noise on z has a known scale
};

/// Speech to latents: features -> convolutions to the video rate -> N Conformers -> pose adaptor -> N
/// Conformers -> z.
struct SpeechConfig {
    /// "log_mel": 80 bands, 4 rows a video frame. "phonetic": the small speech encoder's embedding, 2 rows a
    /// video frame (the encoder is part of the person: ModelConfig::speech_encoder). "phones": its posteriors
    /// alone. "wav2vec2": 2 rows of wav2vec 2.0 or HuBERT (ModelConfig::wav2vec2).
    std::string features = "log_mel";
    int num_mels = 80;
    int rate_per_frame = 4;  ///< rows of features per video frame
    int width = 192;
    int heads = 4;
    int feed_forward = 384;
    int blocks = 3;                                ///< N: speech encoder and latent decoder each
    int attention_left = 16, attention_right = 6;  ///< video frames that one block may look at
    int conv_left = 4, conv_right = 4;             ///< of the convolution module
    double dropout = 0.1;
    int latent = 512;
    /// Straight lines from features and pose to latents beside the Conformers: the ridge regression that
    /// training starts from, so that what a short recording can't teach the Conformers is still said. Not for
    /// log_mel.
    bool linear_path = false;
    /// Beside the "phonetic" embedding the encoder's state after this many of its blocks: the embedding was
    /// taught which phone it is, and drops part of how it is spoken (docs/experiments.md). 0: none.
    int encoder_state = 0;

    bool small_encoder() const { return features == "phonetic" || features == "phones"; }
    /// Rows after a video frame's own that its convolution to the video rate sees.
    int rows_ahead() const { return features == "log_mel" ? 3 : 0; }
    /// Frames before and after that an output frame depends on.
    int context_left() const { return 2 * blocks * (attention_left + conv_left) + 3; }
    int context_right(int look_ahead_frames = -1) const {
        return (look_ahead_frames < 0 ? 2 * blocks * (attention_right + conv_right) : look_ahead_frames) + 3;
    }
};

/// The small speech encoder: log-mel at 100 Hz -> phonetic features at 50 Hz; see models/speech_encoder.h.
struct SpeechEncoderConfig {
    int num_mels = 80;
    int width = 128;
    int blocks = 12;
    int feed_forward = 384;
    int kernel_left = 15;  ///< frames back that one block's convolution sees
    int ahead_blocks = 2;  ///< the first blocks, which see one frame ahead each
    int embedding = 96;
    int num_phones = 40;
    double dropout = 0.1;
    bool equalized = true;              ///< log-mel comes through audio::ChannelEqualizer
    int non_causal_blocks = 4;          ///< of the cascaded non-causal encoder, for files; 0: there is none
    int non_causal_kernel = 15;         ///< frames back and ahead that one of its blocks' convolutions sees
    int non_causal_feed_forward = 360;  ///< channels inside one of its blocks' feed-forward

    /// Audio after an output frame's time that it depends on, with log-mel's half window of 12.5 ms.
    double look_ahead_ms() const { return 12.5 + 20.0 + 20.0 * ahead_blocks; }
};

/// wav2vec 2.0 and HuBERT: audio at 16 kHz -> features; see models/wav2vec2.h.
struct Wav2Vec2Config {
    std::vector<int> conv_channels = {512, 512, 512, 512, 512, 512, 512};
    std::vector<int> conv_kernels = {10, 3, 3, 3, 3, 2, 2};
    std::vector<int> conv_strides = {5, 2, 2, 2, 2, 2, 2};
    bool conv_bias = false;
    bool norm_every_conv = false;  ///< layer norm after each convolution ("layer"); else group norm over time
                                   ///< after the first one only ("group")
    bool project_norm = true;      ///< layer norm before the projection to `width`
    int width = 768;
    int blocks = 12;
    int heads = 12;
    int feed_forward = 3072;
    int position_kernel = 128, position_groups = 16;
    bool norm_first = false;      ///< layer norm before attention and feed-forward ("stable"), not after
    bool normalise_sound = true;  ///< to mean 0 and variance 1

    /// Samples from one output frame to the next, and samples that an output frame of the convolutions sees.
    int hop_samples() const;
    int reach_samples() const;
    /// Frames of that many samples; 0 when they are fewer than reach_samples().
    std::int64_t num_frames(std::int64_t samples) const;
};

/// Which hidden states become features. Hidden state 0 enters the first block, k comes out of block k.
struct Wav2Vec2Options {
    int layer = -1;                    ///< one of them; -1: the last
    std::vector<float> layer_weights;  ///< blocks + 1 factors: their weighted sum instead; empty: one layer

    /// The last hidden state that is asked for.
    int last_layer(const Wav2Vec2Config& config) const;
};

/// Noise schedule and what the U-Net predicts; see diffusion/schedule.h.
struct DiffusionConfig {
    int timesteps = 1000;
    double beta_first = 1e-4, beta_last = 0.02;  ///< linear
    std::string prediction = "eps";              ///< "eps" or "v"
    std::string spacing = "leading";             ///< of few-step timesteps: "leading" (DiffAE) or "trailing"
    int default_steps = 20;
    /// Images are diffused as (image - mean image) / residual_scale when true; else in [-1, 1].
    bool residual = false;
    double residual_scale = 1.0;
};

struct ModelConfig {
    std::string preset = "paper";
    UNetConfig unet;
    EncoderConfig encoder;
    SpeechConfig speech;
    SpeechEncoderConfig speech_encoder;  ///< where speech.small_encoder()
    Wav2Vec2Config wav2vec2;             ///< where it is "wav2vec2"
    Wav2Vec2Options wav2vec2_layers;
    DiffusionConfig diffusion;

    /// Values in a row of the speech features.
    int speech_feature_width() const {
        if (speech.features == "wav2vec2") return wav2vec2.width;
        if (speech.features == "phones") return speech_encoder.num_phones;
        if (speech.features != "phonetic") return speech.num_mels;
        return speech_encoder.embedding + (speech.encoder_state > 0 ? speech_encoder.width : 0);
    }
};

/// "paper": DiffAE ffhq256_autoenc exactly. "live": video rate on two CPU cores.
/// size_px: of the image; a multiple of 64. Errors: kInvalidArgument on another name or size.
ModelConfig preset(const std::string& name, int size_px);

/// Lets the person listen through a speech encoder. Its embedding is closer to what lips do than log-mel: a
/// smaller network after it does more.
void use_speech_encoder(ModelConfig& config, const SpeechEncoderConfig& encoder, bool phones_alone = false);
/// The same through published features. Errors: kUnsupported unless they come at 50 Hz; those of check().
void use_speech_encoder(ModelConfig& config, const Wav2Vec2Config& encoder, const Wav2Vec2Options& layers);

nlohmann::json to_json(const SpeechEncoderConfig& config);
/// Errors: as model_config_from_json.
SpeechEncoderConfig speech_encoder_config_from_json(const nlohmann::json& json);

/// "base" (95 million weights) or "large" (317 million, layer norms throughout). Errors: kInvalidArgument.
Wav2Vec2Config wav2vec2_preset(const std::string& name);
nlohmann::json to_json(const Wav2Vec2Config& config);
/// Errors: as model_config_from_json.
Wav2Vec2Config wav2vec2_config_from_json(const nlohmann::json& json);
nlohmann::json to_json(const Wav2Vec2Options& options);
/// Errors: kCorruptData when damaged or when the network has no such layers.
Wav2Vec2Options wav2vec2_options_from_json(const nlohmann::json& json, const Wav2Vec2Config& config);
/// Errors: kCorruptData naming the size that no such network has.
void check(const Wav2Vec2Config& config);
/// Errors: kInvalidArgument when the network has no such layers.
void check(const Wav2Vec2Options& options, const Wav2Vec2Config& config);

nlohmann::json to_json(const ModelConfig& config);
/// Errors: kCorruptData on missing keys, wrong types or sizes that no network of ours can have.
ModelConfig model_config_from_json(const nlohmann::json& json);

}  // namespace vultus::models
