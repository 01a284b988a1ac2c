#include <algorithm>

#include "base/error.h"
#include "models/config.h"

namespace vultus::models {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Wav2Vec2Config, conv_channels, conv_kernels, conv_strides, conv_bias,
                                   norm_every_conv, project_norm, width, blocks, heads, feed_forward,
                                   position_kernel, position_groups, norm_first, normalise_sound)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Wav2Vec2Options, layer, layer_weights)

namespace {

void check_range(const char* what, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
        fail(ErrorCode::kCorruptData, "[models] wav2vec2.{}: expected {} to {}, got {}", what, low, high,
             value);
}

void check_list(const char* what, const std::vector<int>& values, std::size_t count, int high) {
    check_range(what, static_cast<std::int64_t>(values.size()), static_cast<std::int64_t>(count),
                static_cast<std::int64_t>(count));
    for (const int value : values) check_range(what, value, 1, high);
}

}  // namespace

int Wav2Vec2Config::hop_samples() const {
    int hop = 1;
    for (const int stride : conv_strides) hop *= stride;
    return hop;
}

int Wav2Vec2Config::reach_samples() const {
    int reach = 1, hop = 1;
    for (std::size_t i = 0; i < conv_kernels.size(); ++i) {
        reach += (conv_kernels[i] - 1) * hop;
        hop *= conv_strides[i];
    }
    return reach;
}

std::int64_t Wav2Vec2Config::num_frames(std::int64_t samples) const {
    return samples < reach_samples() ? 0 : (samples - reach_samples()) / hop_samples() + 1;
}

int Wav2Vec2Options::last_layer(const Wav2Vec2Config& config) const {
    if (layer_weights.empty()) return layer < 0 ? config.blocks : layer;
    int last = static_cast<int>(layer_weights.size()) - 1;
    while (last > 0 && layer_weights[static_cast<std::size_t>(last)] == 0) --last;
    return last;
}

Wav2Vec2Config wav2vec2_preset(const std::string& name) {
    Wav2Vec2Config config;
    if (name == "base") return config;
    if (name != "large")
        fail(ErrorCode::kInvalidArgument, "[models] wav2vec 2.0: expected base or large, got {}", name);
    config.conv_bias = config.norm_every_conv = config.norm_first = true;
    config.width = 1024;
    config.blocks = 24;
    config.heads = 16;
    config.feed_forward = 4096;
    return config;
}

void check(const Wav2Vec2Config& config) {
    check_range("conv_channels", static_cast<std::int64_t>(config.conv_channels.size()), 1, 16);
    check_list("conv_channels", config.conv_channels, config.conv_channels.size(), 8192);
    check_list("conv_kernels", config.conv_kernels, config.conv_channels.size(), 64);
    check_list("conv_strides", config.conv_strides, config.conv_channels.size(), 64);
    std::int64_t hop = 1;
    for (const int stride : config.conv_strides) check_range("conv_strides", hop *= stride, 1, 16000);
    check_range("width", config.width, 1, 8192);
    check_range("blocks", config.blocks, 1, 128);
    check_range("heads", config.heads, 1, config.width);
    check_range("feed_forward", config.feed_forward, 1, 65536);
    check_range("position_kernel", config.position_kernel, 1, 1024);
    check_range("position_groups", config.position_groups, 1, config.width);
    if (config.width % config.heads != 0 || config.width % config.position_groups != 0)
        fail(ErrorCode::kCorruptData,
             "[models] wav2vec2: a width of {} does not divide into {} heads and {} groups", config.width,
             config.heads, config.position_groups);
}

void check(const Wav2Vec2Options& options, const Wav2Vec2Config& config) {
    if (options.layer < -1 || options.layer > config.blocks)
        fail(ErrorCode::kInvalidArgument, "[models] layer: expected 0 to {}, or -1 for the last, got {}",
             config.blocks, options.layer);
    const auto count = static_cast<int>(options.layer_weights.size());
    if (count != 0 && count != config.blocks + 1)
        fail(ErrorCode::kInvalidArgument, "[models] layer weights: expected {} numbers, got {}",
             config.blocks + 1, count);
    for (const float weight : options.layer_weights)
        if (!(weight >= -1e6f && weight <= 1e6f))
            fail(ErrorCode::kInvalidArgument, "[models] layer weights: expected finite numbers, got {}",
                 weight);
    if (count != 0 && std::all_of(options.layer_weights.begin(), options.layer_weights.end(),
                                  [](float weight) { return weight == 0; }))
        fail(ErrorCode::kInvalidArgument, "[models] layer weights: expected one that is not 0");
}

Json to_json(const Wav2Vec2Config& config) { return Json(config); }

Json to_json(const Wav2Vec2Options& options) { return Json(options); }

namespace {

template <typename T>
T read(const Json& json) {
    try {
        return json.get<T>();
    } catch (const Json::exception& error) {
        fail(ErrorCode::kCorruptData, "[models] damaged configuration: {}", error.what());
    }
}

}  // namespace

Wav2Vec2Config wav2vec2_config_from_json(const Json& json) {
    const auto config = read<Wav2Vec2Config>(json);
    check(config);
    return config;
}

Wav2Vec2Options wav2vec2_options_from_json(const Json& json, const Wav2Vec2Config& config) {
    const auto options = read<Wav2Vec2Options>(json);
    try {
        check(options, config);
    } catch (const Error& error) {
        throw Error(ErrorCode::kCorruptData, error.what());
    }
    return options;
}

}  // namespace vultus::models
