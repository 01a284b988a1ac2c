#include "models/speech_to_latent.h"

#include <algorithm>

#include "models/layers.h"

namespace vultus::models {
namespace {

Value feed_forward(const Net& net, const SpeechConfig& config, const Value& x) {
    Value h = linear(net / "up", layer_norm(net / "norm", x), config.feed_forward);
    h = net->dropout(net->silu(h), config.dropout);
    return net->dropout(linear(net / "down", h, config.width), config.dropout);
}

/// How far one Conformer looks ahead; all of them share the frames that the whole network may.
struct Reach {
    int attention_right, conv_right;
};

/// The first blocks take what may be looked ahead, as much as one attention window holds each.
Reach reach_of(const SpeechConfig& config, int look_ahead_frames, int block) {
    if (look_ahead_frames < 0) return {config.attention_right, config.conv_right};
    const int left_over = look_ahead_frames - block * config.attention_right;
    return {std::clamp(left_over, 0, config.attention_right), 0};
}

Value self_attention(const Net& net, const SpeechConfig& config, const Value& x, int right) {
    const std::int64_t width = config.width;
    const Value qkv = linear(net / "qkv", layer_norm(net / "norm", x), 3 * width);
    const Window window{config.attention_left, right};
    Value bias =
        net.param("position", {config.heads, window.left + config.attention_right + 1}, Init::zeros());
    if (right < config.attention_right) bias = net->slice(bias, 0, window.left + right + 1);
    const Value mixed = net->attention(net->slice(qkv, 0, width), net->slice(qkv, width, width),
                                       net->slice(qkv, 2 * width, width), config.heads, window, bias);
    return net->dropout(linear(net / "out", mixed, width), config.dropout);
}

/// Log-mel frames at four times the video rate -> [B, T, width]: the encoder that is trained with the rest.
Value log_mel_features(const Net& net, const SpeechConfig& config, const Value& features) {
    Value h = net->silu(conv1d(net / 0, features, config.width, 5, 2));
    h = net->silu(conv1d(net / 1, layer_norm(net / "norm0", h), config.width, 5, 2));
    return net->dropout(linear(net / "out", layer_norm(net / "norm1", h), config.width), config.dropout);
}

/// A speech encoder's features at twice the video rate -> [B, T, width].
Value encoder_features(const Net& net, const SpeechConfig& config, const Value& features) {
    const Value h = net->silu(conv1d(net / 0, features, config.width, 3, 2));
    return net->dropout(linear(net / "out", layer_norm(net / "norm", h), config.width), config.dropout);
}

/// Conformer block: mixes global (attention) and local (convolution) context.
/// Source   Gulati et al. 2020, arXiv:2005.08100, sec. 2.4.
/// Differs  LayerNorm instead of BatchNorm in the convolution module (the same for any batch and chunk).
/// Compute  x += FFN1(x)/2;  x += MHSA(x);  x += Conv(x);  y = LayerNorm(x + FFN2(x)/2)
/// Input    x [B, T, width]; output the same
Value conformer(const Net& net, const SpeechConfig& config, Value x, Reach reach) {
    x = net->add(x, net->scale(feed_forward(net / "ffn1", config, x), 0.5));
    x = net->add(x, self_attention(net / "mhsa", config, x, reach.attention_right));
    x = net->add(x, gated_convolution(net / "conv", x, config.conv_left, reach.conv_right, config.conv_right,
                                      config.dropout));
    x = net->add(x, net->scale(feed_forward(net / "ffn2", config, x), 0.5));
    return layer_norm(net / "norm", x);
}

Value conformers(const Net& place, const SpeechConfig& config, Value h, int look_ahead_frames,
                 int first_block) {
    for (int i = 0; i < config.blocks; ++i)
        h = conformer(place / i, config, h, reach_of(config, look_ahead_frames, first_block + i));
    return h;
}

/// The line's two parts: what is heard, and, added to it, what the pose does.
Value line_of_speech(const Net& net, const SpeechConfig& config, const Value& features) {
    return conv1d(net / "out" / "audio", features, config.latent, 3, 2);
}
Value add_line_of_pose(const Net& net, const SpeechConfig& config, const Value& heard, const Value& pose) {
    return net->add(heard, linear(net / "out" / "pose", pose, config.latent));
}

}  // namespace

SpeechToPoseOutput speech_to_pose(const Net& net, const SpeechConfig& config, const Value& features,
                                  int look_ahead_frames) {
    SpeechToPoseOutput out;
    out.hidden = config.features == "log_mel" ? log_mel_features(net / "features", config, features)
                                              : encoder_features(net / "features", config, features);
    out.hidden = conformers(net / "encoder", config, out.hidden, look_ahead_frames, 0);
    const Net adaptor = net / "pose";
    const Value h = adaptor->silu(linear(adaptor / "predict" / 0, out.hidden, config.width));
    out.pose = linear(adaptor / "predict" / 1, h, 3);
    if (config.linear_path) out.direct = line_of_speech(net, config, features);
    return out;
}

Value pose_to_latent(const Net& net, const SpeechConfig& config, const SpeechToPoseOutput& heard,
                     const Value& pose, const Value& reference, int look_ahead_frames) {
    const Net adaptor = net / "pose";
    const Value shown = adaptor->silu(linear(adaptor / "project" / 0, pose, config.width));
    Value h = net->add(heard.hidden, linear(adaptor / "project" / 1, shown, config.width));
    if (reference) {
        const Value posture = linear(net / "reference", reference, config.width);
        h = net->add(h, net->reshape(posture, {posture.dim(0), 1, config.width}));
    }
    h = conformers(net / "decoder", config, h, look_ahead_frames, config.blocks);
    const Value latents = linear(net / "out", h, config.latent);
    if (!heard.direct) return latents;
    return net->add(latents, add_line_of_pose(net, config, heard.direct, pose));
}

SpeechToLatentOutput speech_to_latent(const Net& net, const SpeechConfig& config, const Value& features,
                                      const Value& pose, const Value& reference, int look_ahead_frames) {
    const SpeechToPoseOutput first = speech_to_pose(net, config, features, look_ahead_frames);
    return {pose_to_latent(net, config, first, pose ? pose : first.pose, reference, look_ahead_frames),
            first.pose};
}

Value line_to_latent(const Net& net, const SpeechConfig& config, const Value& features, const Value& pose) {
    return add_line_of_pose(net, config, line_of_speech(net, config, features), pose);
}

}  // namespace vultus::models
