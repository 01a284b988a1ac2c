#include "models/wav2vec2.h"

#include "models/layers.h"

namespace vultus::models {
namespace {

/// Each channel to mean 0 and variance 1 over time.
Value norm_over_time(const Net& net, const Value& x) {
    const std::int64_t frames = x.dim(1), channels = x.dim(2);
    const Value image = net->sequence_to_image(x, frames, 1);
    return net->image_to_sequence(group_norm(net, image, static_cast<int>(channels)));
}

Value convolutions(const Net& net, const Wav2Vec2Config& config, const Value& audio) {
    Value h = audio;
    for (std::size_t i = 0; i < config.conv_channels.size(); ++i) {
        const Net place = net / static_cast<int>(i);
        const std::int64_t in = h.dim(2), out = config.conv_channels[i], kernel = config.conv_kernels[i];
        const Init init = Init::fan_in(in * kernel);
        const Value weight = place.param("conv.weight", {out, in, kernel}, init);
        const Value bias = config.conv_bias ? place.param("conv.bias", {out}, init) : Value{};
        h = net->conv1d(h, weight, bias, {config.conv_strides[i], 0, 0, 1});
        if (config.norm_every_conv)
            h = layer_norm(place / "layer_norm", h);
        else if (i == 0)
            h = norm_over_time(place / "layer_norm", h);
        h = net->gelu(h);
    }
    return h;
}

/// A kernel of even width sees one frame more before than after.
Value positions(const Net& net, const Wav2Vec2Config& config, const Value& x) {
    const int kernel = config.position_kernel, left = kernel / 2;
    const std::int64_t width = config.width, in = width / config.position_groups;
    const Init init = Init::fan_in(in * kernel);
    return net->gelu(net->conv1d(x, net.param("weight", {width, in, kernel}, init),
                                 net.param("bias", {width}, init),
                                 {1, left, kernel - 1 - left, config.position_groups}));
}

Value attention(const Net& net, const Wav2Vec2Config& config, const Value& x) {
    const auto project = [&](const char* name) { return linear(net / name, x, config.width); };
    const Value mixed =
        net->attention(project("q_proj"), project("k_proj"), project("v_proj"), config.heads, {}, {});
    return linear(net / "out_proj", mixed, config.width);
}

Value feed_forward(const Net& net, const Wav2Vec2Config& config, const Value& x) {
    return linear(net / "output_dense", net->gelu(linear(net / "intermediate_dense", x, config.feed_forward)),
                  config.width);
}

Value block(const Net& net, const Wav2Vec2Config& config, Value x) {
    if (config.norm_first) {
        x = net->add(x, attention(net / "attention", config, layer_norm(net / "layer_norm", x)));
        return net->add(x,
                        feed_forward(net / "feed_forward", config, layer_norm(net / "final_layer_norm", x)));
    }
    x = layer_norm(net / "layer_norm", net->add(x, attention(net / "attention", config, x)));
    return layer_norm(net / "final_layer_norm", net->add(x, feed_forward(net / "feed_forward", config, x)));
}

}  // namespace

std::vector<Value> wav2vec2_hidden_states(const Net& net, const Wav2Vec2Config& config, const Value& audio,
                                          int last) {
    Value h = convolutions(net / "feature_extractor.conv_layers", config, audio);
    const Net projection = net / "feature_projection", encoder = net / "encoder";
    if (config.project_norm) h = layer_norm(projection / "layer_norm", h);
    h = linear(projection / "projection", h, config.width);
    h = net->add(h, positions(encoder / "pos_conv_embed.conv", config, h));
    if (!config.norm_first) h = layer_norm(encoder / "layer_norm", h);
    std::vector<Value> states = {h};
    for (int i = 0; i < last; ++i) states.push_back(h = block(encoder / "layers" / i, config, h));
    if (config.norm_first && last == config.blocks)
        states.back() = layer_norm(encoder / "layer_norm", states.back());
    return states;
}

Value wav2vec2_features(const Net& net, const Wav2Vec2Config& config, const Wav2Vec2Options& options,
                        const Value& audio) {
    const int last = options.last_layer(config);
    const std::vector<Value> states = wav2vec2_hidden_states(net, config, audio, last);
    if (options.layer_weights.empty()) return states.back();
    Value sum;
    for (std::size_t i = 0; i < states.size(); ++i) {
        if (options.layer_weights[i] == 0) continue;
        const Value part = net->scale(states[i], options.layer_weights[i]);
        sum = sum ? net->add(sum, part) : part;
    }
    return sum;
}

}  // namespace vultus::models
