#include "models/speech_encoder.h"

#include "models/layers.h"

namespace vultus::models {
namespace {

Value feed_forward(const Net& net, const SpeechEncoderConfig& config, int inner, const Value& x) {
    const Value h = net->silu(linear(net / "up", layer_norm(net / "norm", x), inner));
    return net->dropout(linear(net / "down", h, config.width), config.dropout);
}

}  // namespace

SpeechEncoderOutput speech_encoder(const Net& net, const SpeechEncoderConfig& config, const Value& log_mel,
                                   int state) {
    SpeechEncoderOutput out;
    Value h = net->silu(conv1d(net / "stem", log_mel, config.width, 5, 2));
    for (int i = 0; i < config.blocks; ++i) {
        const Net block = net / "block" / i;
        const int ahead = i < config.ahead_blocks ? 1 : 0;
        h = net->add(h,
                     gated_convolution(block / "conv", h, config.kernel_left, ahead, ahead, config.dropout));
        h = net->add(h, feed_forward(block / "ffn", config, config.feed_forward, h));
        if (i + 1 == state) out.features = net->layer_norm(h, Value{}, Value{});
    }
    out.hidden = h;
    out.embedding = net->layer_norm(linear(net / "embedding", layer_norm(net / "norm", h), config.embedding),
                                    Value{}, Value{});
    out.features = out.features ? net->concat(out.embedding, out.features) : out.embedding;
    out.phones = linear(net / "phones", out.embedding, config.num_phones);
    out.loudness = linear(net / "loudness", out.embedding, kLoudnessBands);
    return out;
}

Value non_causal_phones(const Net& net, const SpeechEncoderConfig& config, const SpeechEncoderOutput& heard) {
    if (config.non_causal_blocks == 0) return heard.phones;
    const int reach = config.non_causal_kernel;
    Value h = heard.hidden;
    for (int i = 0; i < config.non_causal_blocks; ++i) {
        const Net block = net / "block" / i;
        h = net->add(h, gated_convolution(block / "conv", h, reach, reach, reach, config.dropout));
        h = net->add(h, feed_forward(block / "ffn", config, config.non_causal_feed_forward, h));
    }
    return net->add(heard.phones,
                    linear(net / "phones", layer_norm(net / "norm", h), config.num_phones, /*zero=*/true));
}

}  // namespace vultus::models
