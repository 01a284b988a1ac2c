// Speech to latents: the second stage of DAE-Talker.
#pragma once

#include "models/config.h"
#include "models/ops.h"

namespace vultus::models {

struct SpeechToLatentOutput {
    Value latents;  ///< [B, T, latent], normalised per dimension
    Value pose;     ///< [B, T, 3], predicted yaw, pitch, roll, normalised per angle
};

/// Source   Du et al. 2023, arXiv:2303.17550: speech features, convolution to the video rate, N Conformers,
/// pose
///          adaptor, N Conformers, linear.
/// Differs  speech features are a small encoder over log-mel, trained with the rest; attention sees a window
/// of
///          frames, with a learnt bias for each relative position, so that any length runs in constant memory
///          and chunked equals whole.
/// Input    features [B, 4 * T, num_mels] at four times the video rate, normalised;
///          pose [B, T, 3]: the pose to show, normalised; empty: the predicted one
///          reference [B, latent]: how the person sits and is lit, the mean latent of a recording,
///          normalised; latents are predicted as deviations from it, since speech does not tell it; empty:
///          none
/// Weights  PREFIX.features.* PREFIX.encoder.N.* PREFIX.pose.* PREFIX.reference.* PREFIX.decoder.N.*
/// PREFIX.out.*
SpeechToLatentOutput speech_to_latent(const Net& net, const SpeechConfig& config, const Value& features,
                                      const Value& pose, const Value& reference = {});

/// Conformer block: mixes global (attention) and local (convolution) context.
/// Source   Gulati et al. 2020, arXiv:2005.08100, sec. 2.4.
/// Differs  LayerNorm instead of BatchNorm in the convolution module (the same for any batch and chunk).
/// Compute  x += FFN1(x)/2;  x += MHSA(x);  x += Conv(x);  y = LayerNorm(x + FFN2(x)/2)
/// Input    x [B, T, width]; output the same
Value conformer(const Net& net, const SpeechConfig& config, Value x);

}  // namespace vultus::models
