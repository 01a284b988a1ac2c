// wav2vec 2.0 and HuBERT: published encoders of speech that people listen with unchanged.
#pragma once

#include "models/config.h"
#include "models/ops.h"

namespace vultus::models {

/// Source   Baevski et al. 2020, arXiv:2006.11477; HuBERT is the same network: Hsu et al. 2021,
///          arXiv:2106.07447. Names and order of the hidden states are those of Hugging Face's transformers.
/// Compute  strided convolutions over samples, a projection, positions by a grouped convolution, transformer
///          blocks over all frames. What only training has (masks, dropped layers, dropout) is left out.
/// Input    audio [B, T, 1] at 16 kHz, at least reach_samples(), of mean 0 and variance 1 where the
///          configuration says so (the caller normalises)
/// Output   hidden states 0 .. last (at most `blocks`) [B, num_frames(T), width], at 50 Hz for the published
///          sizes. The last of a network with norm_first is normalised, those before it are not.
/// Weights  PREFIX.feature_extractor.* PREFIX.feature_projection.* PREFIX.encoder.*, as published, but for
///          PREFIX.encoder.pos_conv_embed.conv.weight, in which the weight normalisation is folded
std::vector<Value> wav2vec2_hidden_states(const Net& net, const Wav2Vec2Config& config, const Value& audio,
                                          int last);

/// The chosen hidden state, or the weighted sum of all.
Value wav2vec2_features(const Net& net, const Wav2Vec2Config& config, const Wav2Vec2Options& options,
                        const Value& audio);

}  // namespace vultus::models
