#include "models/config.h"

#include "base/error.h"

namespace vultus::models {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(UNetConfig, size_px, patch, base_channels, channel_mult, blocks_down,
                                   blocks_up, resample_blocks, attention_grid, embedding, latent, groups,
                                   dropout, latent_map, position_maps)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EncoderConfig, size_px, patch, base_channels, channel_mult, blocks,
                                   resample_blocks, attention_grid, latent, groups, flatten, normalise)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SpeechConfig, features, num_mels, rate_per_frame, width, heads,
                                   feed_forward, blocks, attention_left, attention_right, conv_left,
                                   conv_right, dropout, latent)

/// Files call the non-causal encoder "hindsight".
template <typename Config, typename F>
void for_each_field(Config& config, F field) {
    field("num_mels", config.num_mels);
    field("width", config.width);
    field("blocks", config.blocks);
    field("feed_forward", config.feed_forward);
    field("kernel_left", config.kernel_left);
    field("ahead_blocks", config.ahead_blocks);
    field("embedding", config.embedding);
    field("num_phones", config.num_phones);
    field("dropout", config.dropout);
    field("equalized", config.equalized);
    field("hindsight_blocks", config.non_causal_blocks);
    field("hindsight_kernel", config.non_causal_kernel);
    field("hindsight_feed_forward", config.non_causal_feed_forward);
}
static void to_json(Json& json, const SpeechEncoderConfig& config) {
    for_each_field(config, [&](const char* key, const auto& value) { json[key] = value; });
}
static void from_json(const Json& json, SpeechEncoderConfig& config) {
    for_each_field(config, [&](const char* key, auto& value) { json.at(key).get_to(value); });
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DiffusionConfig, timesteps, beta_first, beta_last, prediction, spacing,
                                   default_steps, residual, residual_scale)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelConfig, preset, unet, encoder, speech, diffusion)

namespace {

ModelConfig paper_preset(int size_px) {
    ModelConfig config;
    config.unet.size_px = config.encoder.size_px = size_px;
    return config;
}

ModelConfig live_preset(int size_px) {
    ModelConfig config;
    config.preset = "live";
    UNetConfig& unet = config.unet;
    // The bottom grid is 8 x 8 at every size; larger images get thin levels around the same inner ones.
    const std::vector<int> mult = size_px >= 512   ? std::vector<int>{1, 1, 3, 5, 6}
                                  : size_px >= 256 ? std::vector<int>{1, 3, 5, 6}
                                                   : std::vector<int>{3, 5, 6};
    unet = {size_px, 4, 32, mult, 1, 1, false, {}, 192, 128, 16, 0.0, true, true, 2};
    EncoderConfig& encoder = config.encoder;
    int encoder_px = size_px;  // the image is halved until it has at most 128 px
    while (encoder_px > 128) encoder_px /= 2;
    encoder = {encoder_px, 4, 48, {1, 2, 4}, 2, false, {}, 128, 16, true, true};
    config.speech.latent = 128;
    DiffusionConfig& diffusion = config.diffusion;
    diffusion.prediction = "v";
    diffusion.spacing = "trailing";
    diffusion.default_steps = 1;
    diffusion.residual = true;
    return config;
}

void check_range(const char* what, double value, double low, double high) {
    if (!(value >= low && value <= high))
        fail(ErrorCode::kCorruptData, "[models] {}: expected {} to {}, got {}", what, low, high, value);
}

void check_levels(const char* what, const std::vector<int>& mult, int grid) {
    check_range(what, static_cast<double>(mult.size()), 1, 8);
    for (const int factor : mult) check_range(what, factor, 1, 16);
    const int step = 1 << (mult.size() - 1);
    if (grid % step != 0)
        fail(ErrorCode::kCorruptData, "[models] {}: a grid of {} cannot be halved {} times", what, grid,
             mult.size() - 1);
}

void check_name(const char* what, const std::string& name, const std::string& first,
                const std::string& second) {
    if (name != first && name != second)
        fail(ErrorCode::kCorruptData, "[models] {}: expected {} or {}, got {}", what, first, second, name);
}

void check_diffusion(const DiffusionConfig& diffusion) {
    check_range("diffusion.timesteps", diffusion.timesteps, 2, 100000);
    check_range("diffusion.default_steps", diffusion.default_steps, 1, diffusion.timesteps);
    check_range("diffusion.beta_first", diffusion.beta_first, 1e-9, 0.999);
    check_range("diffusion.beta_last", diffusion.beta_last, diffusion.beta_first, 0.999);
    check_range("diffusion.residual_scale", diffusion.residual_scale, 1e-6, 1e6);
    check_name("diffusion.prediction", diffusion.prediction, "eps", "v");
    check_name("diffusion.spacing", diffusion.spacing, "leading", "trailing");
}

void check_sizes(const ModelConfig& config) {
    const UNetConfig& unet = config.unet;
    const EncoderConfig& encoder = config.encoder;
    const SpeechConfig& speech = config.speech;
    check_range("unet.size_px", unet.size_px, 16, 1024);
    check_range("unet.patch", unet.patch, 1, 16);
    check_range("unet.base_channels", unet.base_channels, 2, 512);
    check_range("unet.blocks_down", unet.blocks_down, 1, 8);
    check_range("unet.blocks_up", unet.blocks_up, 1, unet.blocks_down + 1);
    check_range("unet.embedding", unet.embedding, 1, 4096);
    check_range("unet.latent", unet.latent, 1, 4096);
    check_range("unet.groups", unet.groups, 1, 512);
    check_range("unet.references", unet.references, 0, 16);
    check_range("encoder.size_px", encoder.size_px, 16, 1024);
    check_range("encoder.patch", encoder.patch, 1, 16);
    check_range("encoder.base_channels", encoder.base_channels, 2, 512);
    check_range("encoder.blocks", encoder.blocks, 1, 8);
    check_range("encoder.groups", encoder.groups, 1, 512);
    check_range("speech.num_mels", speech.num_mels, 80, 80);  // what audio::log_mel makes
    if (speech.features != "log_mel" && !speech.small_encoder() && speech.features != "wav2vec2")
        fail(ErrorCode::kUnsupported,
             "[models] speech.features: expected log_mel, phonetic, phones or wav2vec2, got {}",
             speech.features);
    const int rate = speech.features == "log_mel" ? 4 : 2;
    check_range("speech.rate_per_frame", speech.rate_per_frame, rate, rate);
    if (speech.linear_path && rate != 2)
        fail(ErrorCode::kUnsupported,
             "[models] speech.linear_path: expected a speech encoder's features, got {}", speech.features);
    check_range("speech.heads", speech.heads, 1, 64);
    check_range("speech.width", speech.width, speech.heads, 4096);
    check_range("speech.feed_forward", speech.feed_forward, 1, 16384);
    check_range("speech.blocks", speech.blocks, 1, 32);
    check_range("speech.attention", std::min(speech.attention_left, speech.attention_right), 0, 1000);
    check_range("speech.attention", std::max(speech.attention_left, speech.attention_right), 0, 1000);
    check_range("speech.conv", std::min(speech.conv_left, speech.conv_right), 0, 100);
    check_range("speech.conv", std::max(speech.conv_left, speech.conv_right), 0, 100);
    check_range("unet.dropout", unet.dropout, 0, 0.99);
    check_range("speech.dropout", speech.dropout, 0, 0.99);
    check_diffusion(config.diffusion);
    const int halvings = unet.size_px / encoder.size_px;
    const bool halves = unet.size_px % encoder.size_px == 0 && (halvings & (halvings - 1)) == 0;
    if (unet.size_px % unet.patch || encoder.size_px % encoder.patch || !halves ||
        speech.width % speech.heads)
        fail(ErrorCode::kCorruptData, "[models] sizes do not divide: image {}, patches {} and {}, encoder {}",
             unet.size_px, unet.patch, encoder.patch, encoder.size_px);
    if (unet.latent != encoder.latent || unet.latent != speech.latent)
        fail(ErrorCode::kCorruptData, "[models] expected one width of z, got {}, {} and {}", unet.latent,
             encoder.latent, speech.latent);
    check_levels("unet.channel_mult", unet.channel_mult, unet.size_px / unet.patch);
    check_levels("encoder.channel_mult", encoder.channel_mult, encoder.size_px / encoder.patch);
}

}  // namespace

ModelConfig preset(const std::string& name, int size_px) {
    if (size_px < 64 || size_px > 512 || size_px % 64 != 0)
        fail(ErrorCode::kInvalidArgument,
             "[models] image size: expected a multiple of 64 up to 512 px, got {}", size_px);
    if (name == "paper") return paper_preset(size_px);
    if (name == "live") return live_preset(size_px);
    fail(ErrorCode::kInvalidArgument, "[models] preset: expected paper or live, got {}", name);
}

namespace {

constexpr int kEncoderState = 6;  ///< half-way up the bundled encoder

void listen_through(SpeechConfig& speech, const char* features) {
    speech.features = features;
    speech.encoder_state = 0;
    speech.rate_per_frame = 2;
    speech.width = 160;
    speech.feed_forward = 320;
    speech.blocks = 2;
}

}  // namespace

void use_speech_encoder(ModelConfig& config, const SpeechEncoderConfig& encoder, bool phones_alone) {
    config.speech_encoder = encoder;
    config.speech_encoder.non_causal_blocks = 0;  // a talking person cannot wait
    listen_through(config.speech, phones_alone ? "phones" : "phonetic");
    if (!phones_alone) config.speech.encoder_state = std::min(kEncoderState, encoder.blocks);
}

void use_speech_encoder(ModelConfig& config, const Wav2Vec2Config& encoder, const Wav2Vec2Options& layers) {
    check(encoder);
    check(layers, encoder);
    if (encoder.hop_samples() != 320)
        fail(ErrorCode::kUnsupported,
             "[models] speech features: expected one every 320 samples (50 Hz), got one every {}",
             encoder.hop_samples());
    config.wav2vec2 = encoder;
    config.wav2vec2_layers = layers;
    listen_through(config.speech, "wav2vec2");
}

Json to_json(const SpeechEncoderConfig& config) { return Json(config); }

SpeechEncoderConfig speech_encoder_config_from_json(const Json& json) {
    SpeechEncoderConfig config;
    try {
        Json complete = json;
        if (json.is_object()) {  // encoders trained before these
            complete.emplace("equalized", false);
            complete.emplace("hindsight_blocks", 0);
            complete.emplace("hindsight_kernel", config.non_causal_kernel);
            complete.emplace("hindsight_feed_forward", complete.value("feed_forward", Json{}));
        }
        config = complete.get<SpeechEncoderConfig>();
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[models] damaged configuration: {}", error.what());
    }
    check_range("speech_encoder.num_mels", config.num_mels, 80, 80);  // what audio::log_mel makes
    check_range("speech_encoder.width", config.width, 1, 4096);
    check_range("speech_encoder.blocks", config.blocks, 1, 64);
    check_range("speech_encoder.feed_forward", config.feed_forward, 1, 16384);
    check_range("speech_encoder.kernel_left", config.kernel_left, 0, 200);
    check_range("speech_encoder.ahead_blocks", config.ahead_blocks, 0, config.blocks);
    check_range("speech_encoder.embedding", config.embedding, 1, 4096);
    check_range("speech_encoder.num_phones", config.num_phones, 2, 1000);
    check_range("speech_encoder.hindsight_blocks", config.non_causal_blocks, 0, 64);
    check_range("speech_encoder.hindsight_kernel", config.non_causal_kernel, 0, 200);
    check_range("speech_encoder.hindsight_feed_forward", config.non_causal_feed_forward, 1, 16384);
    check_range("speech_encoder.dropout", config.dropout, 0, 0.99);
    return config;
}

Json to_json(const ModelConfig& config) {
    Json json = config;
    if (config.speech.small_encoder()) json["speech_encoder"] = Json(config.speech_encoder);
    if (config.speech.features == "wav2vec2") {
        json["wav2vec2"] = to_json(config.wav2vec2);
        json["wav2vec2_layers"] = to_json(config.wav2vec2_layers);
    }
    if (config.unet.references > 0) json["unet"]["references"] = config.unet.references;
    if (config.speech.linear_path) json["speech"]["linear_path"] = true;
    if (config.speech.encoder_state > 0) json["speech"]["encoder_state"] = config.speech.encoder_state;
    return json;
}

ModelConfig model_config_from_json(const Json& json) {
    ModelConfig config;
    try {
        config = json.get<ModelConfig>();
        config.unet.references = json.at("unet").value("references", 0);
        config.speech.linear_path = json.at("speech").value("linear_path", false);
        config.speech.encoder_state = json.at("speech").value("encoder_state", 0);
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[models] damaged configuration: {}", error.what());
    }
    check_sizes(config);
    if (config.speech.small_encoder())
        config.speech_encoder = speech_encoder_config_from_json(json.value("speech_encoder", Json{}));
    check_range("speech.encoder_state", config.speech.encoder_state, 0,
                config.speech.features == "phonetic" ? config.speech_encoder.blocks : 0);
    if (config.speech.features == "wav2vec2") {
        config.wav2vec2 = wav2vec2_config_from_json(json.value("wav2vec2", Json{}));
        config.wav2vec2_layers =
            wav2vec2_options_from_json(json.value("wav2vec2_layers", Json{}), config.wav2vec2);
        if (config.wav2vec2.hop_samples() != 320)
            fail(ErrorCode::kCorruptData, "[models] wav2vec2: expected a row every 320 samples, got {}",
                 config.wav2vec2.hop_samples());
    }
    return config;
}

}  // namespace vultus::models
