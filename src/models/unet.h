// The two networks of the diffusion autoencoder.
#pragma once

#include "models/config.h"
#include "models/ops.h"
#include "models/reference_frames.h"

namespace vultus::models {

/// Conditional DDIM U-Net: the prediction (eps or v) for a noisy image.
///
/// Source   Preechakul et al. 2022, arXiv:2111.15640, and its published configuration; ResBlock:
///          GN, SiLU, [resample], conv, GN, * (1 + t_scale) + t_shift, * (1 + z_scale), SiLU, dropout, conv.
/// Differs  (preset live) patches instead of pixels, latent and position maps, plain resampling.
/// Input    x_t [B, 3, S, S]; time [B, base_channels] from time_embedding(); z [B, latent]
/// Output   [B, 3, S, S]
/// Weights  PREFIX.time.* PREFIX.in.* PREFIX.down.L.B.* PREFIX.mid.* PREFIX.up.L.B.* PREFIX.out.*
/// PREFIX.references.*
Value unet(const Net& net, const UNetConfig& config, const Value& x_t, const Value& time, const Value& z);
/// The same with how the reference frames were moved, where there are any.
Drawing unet_drawing(const Net& net, const UNetConfig& config, const Value& x_t, const Value& time,
                     const Value& z);

/// Semantic encoder: image [B, 3, S, S] in the same units as the U-Net's x_0 -> z [B, latent].
/// S may be larger than config.size_px by a power of two: the image is averaged down.
/// Source   as above: half a U-Net without time, one convolution a block, pool, linear.
Value encoder(const Net& net, const EncoderConfig& config, const Value& image);

/// Sinusoidal embedding of a timestep 0..T-1: cosines first, then sines, maximum period 10000. Result
/// [width].
std::vector<float> time_embedding(double timestep, int width);

}  // namespace vultus::models
