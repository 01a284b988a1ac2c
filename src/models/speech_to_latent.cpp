#include "models/speech_to_latent.h"

#include "models/layers.h"

namespace vultus::models {
namespace {

Value feed_forward(const Net& net, const SpeechConfig& config, const Value& x) {
    Value h = linear(net / "up", layer_norm(net / "norm", x), config.feed_forward);
    h = net->dropout(net->silu(h), config.dropout);
    return net->dropout(linear(net / "down", h, config.width), config.dropout);
}

Value self_attention(const Net& net, const SpeechConfig& config, const Value& x) {
    const std::int64_t width = config.width;
    const Value qkv = linear(net / "qkv", layer_norm(net / "norm", x), 3 * width);
    const Window window{config.attention_left, config.attention_right};
    const Value bias = net.param("position", {config.heads, window.left + window.right + 1}, Init::zeros());
    const Value mixed = net->attention(net->slice(qkv, 0, width), net->slice(qkv, width, width),
                                       net->slice(qkv, 2 * width, width), config.heads, window, bias);
    return net->dropout(linear(net / "out", mixed, width), config.dropout);
}

Value convolution(const Net& net, const SpeechConfig& config, const Value& x) {
    const std::int64_t width = config.width;
    const int kernel = config.conv_left + config.conv_right + 1;
    const Value gates = linear(net / "up", layer_norm(net / "norm", x), 2 * width);
    Value h = net->mul(net->slice(gates, 0, width), net->sigmoid(net->slice(gates, width, width)));
    h = net->depthwise_conv1d(h, net.param("depthwise.weight", {width, kernel}, Init::fan_in(kernel)),
                              net.param("depthwise.bias", {width}, Init::zeros()), config.conv_left);
    h = net->silu(layer_norm(net / "norm2", h));
    return net->dropout(linear(net / "down", h, width), config.dropout);
}

/// Log-mel frames at four times the video rate -> [B, T, width]: the encoder that is trained with the rest.
Value log_mel_features(const Net& net, const SpeechConfig& config, const Value& features) {
    Value h = net->silu(conv1d(net / 0, features, config.width, 5, 2));
    h = net->silu(conv1d(net / 1, layer_norm(net / "norm0", h), config.width, 5, 2));
    return net->dropout(linear(net / "out", layer_norm(net / "norm1", h), config.width), config.dropout);
}

Value conformers(const Net& net, const SpeechConfig& config, Value h) {
    for (int i = 0; i < config.blocks; ++i) h = conformer(net / i, config, h);
    return h;
}

}  // namespace

Value conformer(const Net& net, const SpeechConfig& config, Value x) {
    x = net->add(x, net->scale(feed_forward(net / "ffn1", config, x), 0.5));
    x = net->add(x, self_attention(net / "mhsa", config, x));
    x = net->add(x, convolution(net / "conv", config, x));
    x = net->add(x, net->scale(feed_forward(net / "ffn2", config, x), 0.5));
    return layer_norm(net / "norm", x);
}

SpeechToLatentOutput speech_to_latent(const Net& net, const SpeechConfig& config, const Value& features,
                                      const Value& pose, const Value& reference) {
    SpeechToLatentOutput out;
    Value h = log_mel_features(net / "features", config, features);
    h = conformers(net / "encoder", config, h);

    const Net adaptor = net / "pose";
    const Value hidden = adaptor->silu(linear(adaptor / "predict" / 0, h, config.width));
    out.pose = linear(adaptor / "predict" / 1, hidden, 3);
    const Value shown = adaptor->silu(linear(adaptor / "project" / 0, pose ? pose : out.pose, config.width));
    h = net->add(h, linear(adaptor / "project" / 1, shown, config.width));

    if (reference) {
        const Value posture = linear(net / "reference", reference, config.width);
        h = net->add(h, net->reshape(posture, {posture.dim(0), 1, config.width}));
    }
    h = conformers(net / "decoder", config, h);
    out.latents = linear(net / "out", h, config.latent);
    return out;
}

}  // namespace vultus::models
