// Layers with weights, shared by the networks.
#pragma once

#include "models/ops.h"

namespace vultus::models {

/// K x K convolution [B, I, H, W] -> [B, O, H, W]; `zero` starts at zero so that a residual branch starts
/// silent.
Value conv2d(const Net& net, const Value& x, std::int64_t out_channels, int kernel = 3, bool zero = false);
Value conv1d(const Net& net, const Value& x, std::int64_t out_features, int kernel, int stride);
Value linear(const Net& net, const Value& x, std::int64_t out_features, bool zero = false);
/// The largest divisor of the channel count that is at most `groups` is used.
Value group_norm(const Net& net, const Value& x, int groups);
Value layer_norm(const Net& net, const Value& x);

/// The Conformer's convolution module (Gulati et al. 2020, arXiv:2005.08100, sec. 2.2) with LayerNorm instead
/// of BatchNorm. x [B, T, width] -> the same; frame t sees t-left .. t+right. The kernel is stored for `most`
/// frames to the right; a smaller `right` leaves its end out.
Value gated_convolution(const Net& net, const Value& x, int left, int right, int most, double dropout);

/// Self-attention over the positions of an image, as DiffAE: GN, qkv (1x1), softmax, zero-init projection,
/// residual.
Value image_attention(const Net& net, const Value& x, int groups, int heads);

}  // namespace vultus::models
