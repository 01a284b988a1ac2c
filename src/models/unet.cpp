#include "models/unet.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/layers.h"

namespace vultus::models {
namespace {

enum class Resample { kNone, kDown, kUp };

/// What modulates a residual block; both empty in the encoder.
struct Condition {
    Value time;  ///< [B, embedding]
    Value z;     ///< [B, latent]
};

struct BlockOptions {
    std::int64_t out_channels = 0;
    int groups = 32;
    double dropout = 0;
    Resample resample = Resample::kNone;
};

Value resampled(const Net& net, const Value& x, Resample resample) {
    if (resample == Resample::kDown) return net->avg_pool2(x);
    return resample == Resample::kUp ? net->upsample2(x) : x;
}

/// DiffAE residual block. Without a condition it has one convolution only (as in its semantic encoder).
Value res_block(const Net& net, const Value& x, const Condition& condition, const BlockOptions& options) {
    const std::int64_t out = options.out_channels;
    Value h = net->silu(group_norm(net / "norm1", x, options.groups));
    h = conv2d(net / "conv1", resampled(net, h, options.resample), out);
    if (condition.time) {
        h = group_norm(net / "norm2", h, options.groups);
        const Value t = linear(net / "time", net->silu(condition.time), 2 * out);
        const Value z_scale = linear(net / "z", net->silu(condition.z), out);
        h = net->modulate(h, net->slice(t, 0, out), net->slice(t, out, out));
        h = net->modulate(h, z_scale, {});
        h = net->dropout(net->silu(h), options.dropout);
        h = conv2d(net / "conv2", h, out, 3, /*zero=*/true);
    }
    const Value skip = resampled(net, x, options.resample);
    return net->add(h, skip.dim(1) == out ? skip : conv2d(net / "skip", skip, out, 1));
}

bool contains(const std::vector<int>& values, std::int64_t value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

/// Adds the learnt map of this level: where in the image a feature is.
Value with_position(const Net& net, const UNetConfig& config, const Value& x) {
    if (!config.position_maps) return x;
    return net->add(x, net.param("position", {1, x.dim(1), x.dim(2), x.dim(3)}, Init::normal(0.02)));
}

/// The pieces that every stage of the U-Net needs.
struct Stage {
    const UNetConfig& config;
    Condition condition;

    Value block(const Net& net, const Value& x, std::int64_t out_channels) const {
        Value h = res_block(net, x, condition, {out_channels, config.groups, config.dropout});
        if (contains(config.attention_grid, h.dim(2)))
            h = image_attention(net / "attention", h, config.groups, 1);
        return h;
    }
    Value resize(const Net& net, const Value& x, Resample resample) const {
        if (!config.resample_blocks) return resampled(net, x, resample);
        return res_block(net, x, condition, {x.dim(1), config.groups, config.dropout, resample});
    }
    std::int64_t channels(std::size_t level) const {
        return config.base_channels * config.channel_mult[level];
    }
};

using Laterals = std::vector<std::vector<Value>>;

Value go_down(const Net& net, const Stage& stage, Value h, Laterals& laterals) {
    const std::size_t levels = stage.config.channel_mult.size();
    laterals.resize(levels);
    laterals[0].push_back(h);
    for (std::size_t level = 0; level < levels; ++level) {
        const Net here = net / static_cast<int>(level);
        h = with_position(here, stage.config, h);
        for (int i = 0; i < stage.config.blocks_down; ++i) {
            h = stage.block(here / i, h, stage.channels(level));
            laterals[level].push_back(h);
        }
        if (level + 1 == levels) break;
        h = stage.resize(here / "down", h, Resample::kDown);
        laterals[level + 1].push_back(h);
    }
    return h;
}

Value middle(const Net& net, const Stage& stage, Value h) {
    const std::int64_t channels = h.dim(1);
    if (stage.config.latent_map) {
        const Value map = linear(net / "latent_map", stage.condition.z, channels * h.dim(2) * h.dim(3));
        h = net->add(h, net->reshape(map, h.shape()));
    }
    const BlockOptions options{channels, stage.config.groups, stage.config.dropout};
    h = res_block(net / 0, h, stage.condition, options);
    h = image_attention(net / "attention", h, stage.config.groups, 1);
    return res_block(net / 1, h, stage.condition, options);
}

Value go_up(const Net& net, const Stage& stage, Value h, Laterals& laterals) {
    for (std::size_t level = laterals.size(); level-- > 0;) {
        const Net here = net / static_cast<int>(level);
        for (int i = 0; i < stage.config.blocks_up; ++i) {
            h = net->concat(h, laterals[level].back());
            laterals[level].pop_back();
            h = stage.block(here / i, h, stage.channels(level));
        }
        if (level > 0) h = stage.resize(here / "up", h, Resample::kUp);
    }
    return h;
}

}  // namespace

Value unet(const Net& net, const UNetConfig& config, const Value& x_t, const Value& time, const Value& z) {
    return unet_drawing(net, config, x_t, time, z).prediction;
}

Drawing unet_drawing(const Net& net, const UNetConfig& config, const Value& x_t, const Value& time,
                     const Value& z) {
    Value embedded = linear(net / "time" / 0, time, config.embedding);
    embedded = linear(net / "time" / 1, net->silu(embedded), config.embedding);
    const Stage stage{config, {embedded, z}};

    Laterals laterals;
    Value h = conv2d(net / "in", net->space_to_depth(x_t, config.patch), config.base_channels);
    h = go_down(net / "down", stage, h, laterals);
    h = middle(net / "mid", stage, h);
    h = go_up(net / "up", stage, h, laterals);
    h = net->silu(group_norm(net / "out" / "norm", h, config.groups));
    const Value drawn = net->depth_to_space(
        conv2d(net / "out" / "conv", h, 3 * config.patch * config.patch, 3, /*zero=*/true), config.patch);
    if (config.references == 0) return {drawn, {}};
    return with_references(net / "references", config, h, z, drawn);
}

Value encoder(const Net& net, const EncoderConfig& config, const Value& image) {
    Value x = image;
    while (x.dim(2) > config.size_px) x = net->avg_pool2(x);
    require(x.dim(2) == config.size_px, "[models] encoder of {} px cannot take {} px", config.size_px,
            image.dim(2));
    Value h = conv2d(net / "in", net->space_to_depth(x, config.patch), config.base_channels);
    const std::size_t levels = config.channel_mult.size();
    for (std::size_t level = 0; level < levels; ++level) {
        const Net here = net / "down" / static_cast<int>(level);
        BlockOptions options{config.base_channels * config.channel_mult[level], config.groups};
        for (int i = 0; i < config.blocks; ++i) {
            h = res_block(here / i, h, {}, options);
            if (contains(config.attention_grid, h.dim(2)))
                h = image_attention(here / i / "attention", h, config.groups, 1);
        }
        if (level + 1 == levels) break;
        options.resample = Resample::kDown;
        h = config.resample_blocks ? res_block(here / "down", h, {}, options) : net->avg_pool2(h);
    }
    const BlockOptions options{h.dim(1), config.groups};
    h = res_block(net / "mid" / 0, h, {}, options);
    h = image_attention(net / "mid" / "attention", h, config.groups, 1);
    h = res_block(net / "mid" / 1, h, {}, options);
    h = net->silu(group_norm(net / "out" / "norm", h, config.groups));
    h = config.flatten ? net->reshape(h, {h.dim(0), h.dim(1) * h.dim(2) * h.dim(3)})
                       : net->global_avg_pool(h);
    const Value z = linear(net / "out" / "z", h, config.latent);
    return config.normalise ? net->layer_norm(z, {}, {}) : z;
}

std::vector<float> time_embedding(double timestep, int width) {
    std::vector<float> embedding(static_cast<std::size_t>(width), 0.0f);
    const int half = width / 2;
    for (int i = 0; i < half; ++i) {
        const double angle = timestep * std::exp(-std::log(10000.0) * i / half);
        embedding[static_cast<std::size_t>(i)] = static_cast<float>(std::cos(angle));
        embedding[static_cast<std::size_t>(half + i)] = static_cast<float>(std::sin(angle));
    }
    return embedding;
}

}  // namespace vultus::models
