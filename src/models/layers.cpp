#include "models/layers.h"

#include <algorithm>
#include <cmath>

namespace vultus::models {

Init Init::fan_in(std::int64_t fan_in) {
    return {Kind::kUniform, 1.0 / std::sqrt(static_cast<double>(std::max<std::int64_t>(fan_in, 1)))};
}

namespace {
Init weight_init(std::int64_t fan_in, bool zero) { return zero ? Init::zeros() : Init::fan_in(fan_in); }
}  // namespace

Value conv2d(const Net& net, const Value& x, std::int64_t out_channels, int kernel, bool zero) {
    const std::int64_t in = x.dim(1);
    const Init init = weight_init(in * kernel * kernel, zero);
    return net->conv2d(x, net.param("weight", {out_channels, in, kernel, kernel}, init),
                       net.param("bias", {out_channels}, init), 1);
}

Value conv1d(const Net& net, const Value& x, std::int64_t out_features, int kernel, int stride) {
    const std::int64_t in = x.dim(2);
    const Init init = weight_init(in * kernel, false);
    return net->conv1d(x, net.param("weight", {out_features, in, kernel}, init),
                       net.param("bias", {out_features}, init), {stride, (kernel - 1) / 2, (kernel - 1) / 2});
}

Value linear(const Net& net, const Value& x, std::int64_t out_features, bool zero) {
    const std::int64_t in = x.shape().back();
    const Init init = weight_init(in, zero);
    return net->linear(x, net.param("weight", {out_features, in}, init),
                       net.param("bias", {out_features}, init));
}

Value group_norm(const Net& net, const Value& x, int groups) {
    const std::int64_t channels = x.dim(1);
    while (channels % groups != 0) --groups;
    return net->group_norm(x, groups, net.param("weight", {channels}, Init::ones()),
                           net.param("bias", {channels}, Init::zeros()));
}

Value layer_norm(const Net& net, const Value& x) {
    const std::int64_t features = x.shape().back();
    return net->layer_norm(x, net.param("weight", {features}, Init::ones()),
                           net.param("bias", {features}, Init::zeros()));
}

Value gated_convolution(const Net& net, const Value& x, int left, int right, int most, double dropout) {
    const std::int64_t width = x.shape().back();
    const int kernel = left + most + 1;
    const Value gates = linear(net / "up", layer_norm(net / "norm", x), 2 * width);
    Value h = net->mul(net->slice(gates, 0, width), net->sigmoid(net->slice(gates, width, width)));
    Value weight = net.param("depthwise.weight", {width, kernel}, Init::fan_in(kernel));
    if (right < most) weight = net->slice(weight, 0, left + right + 1);
    h = net->depthwise_conv1d(h, weight, net.param("depthwise.bias", {width}, Init::zeros()), left);
    h = net->silu(layer_norm(net / "norm2", h));
    return net->dropout(linear(net / "down", h, width), dropout);
}

Value image_attention(const Net& net, const Value& x, int groups, int heads) {
    const std::int64_t channels = x.dim(1);
    const Value tokens = net->image_to_sequence(group_norm(net / "norm", x, groups));
    const Value qkv = linear(net / "qkv", tokens, 3 * channels);
    const Value mixed = net->attention(net->slice(qkv, 0, channels), net->slice(qkv, channels, channels),
                                       net->slice(qkv, 2 * channels, channels), heads, {}, {});
    const Value out = linear(net / "out", mixed, channels, /*zero=*/true);
    return net->add(x, net->sequence_to_image(out, x.dim(2), x.dim(3)));
}

}  // namespace vultus::models
