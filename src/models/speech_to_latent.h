// Speech to latents: the second stage of DAE-Talker.
#pragma once

#include "models/config.h"
#include "models/ops.h"

namespace vultus::models {

struct SpeechToPoseOutput {
    Value hidden;  ///< [B, T, width], what the decoder goes on with
    Value pose;    ///< [B, T, 3], predicted yaw, pitch, roll, normalised per angle
    Value direct;  ///< [B, T, latent], straight from the features; empty without SpeechConfig::linear_path
};

struct SpeechToLatentOutput {
    Value latents;  ///< [B, T, latent], normalised per dimension
    Value pose;     ///< [B, T, 3], predicted yaw, pitch, roll, normalised per angle
};

/// Source   Du et al. 2023, arXiv:2303.17550: speech features, convolution to the video rate, N Conformers,
/// pose
///          adaptor, N Conformers, linear.
/// Differs  speech features are the small speech encoder's embedding, or a small encoder over log-mel that is
///          trained with the rest; attention sees a window of frames, with a learnt bias for each relative
///          position, so that any length runs in constant memory and chunked equals whole.
/// Input    features [B, rate_per_frame * T, width], see SpeechConfig::features; log-mel normalised;
///          pose [B, T, 3]: the pose to show, normalised; empty: the predicted one
///          reference [B, latent]: how the person sits and is lit, the mean latent of a recording,
///          normalised; latents are predicted as deviations from it, since speech does not tell it; empty:
///          none
///          look_ahead_frames: video frames after frame t that the Conformers may see for it; negative: as
///          many as the configuration holds (the whole context). The features before them see 72.5 (log-mel)
///          or 92.5 ms of audio after a frame's time. One set of weights serves every look-ahead (trained
///          with several).
/// Weights  PREFIX.features.* PREFIX.encoder.N.* PREFIX.pose.* PREFIX.reference.* PREFIX.decoder.N.*
/// PREFIX.out.*, with linear_path PREFIX.out.audio.* and PREFIX.out.pose.*, too
SpeechToLatentOutput speech_to_latent(const Net& net, const SpeechConfig& config, const Value& features,
                                      const Value& pose, const Value& reference = {},
                                      int look_ahead_frames = -1);

/// The two halves of speech_to_latent, for callers who choose the pose when they know the predicted one.
SpeechToPoseOutput speech_to_pose(const Net& net, const SpeechConfig& config, const Value& features,
                                  int look_ahead_frames = -1);
/// pose [B, T, 3]: the pose to show, normalised; result [B, T, latent].
Value pose_to_latent(const Net& net, const SpeechConfig& config, const SpeechToPoseOutput& heard,
                     const Value& pose, const Value& reference, int look_ahead_frames = -1);

/// The straight line beside the Conformers alone, of persons with SpeechConfig::linear_path: inputs as
/// speech_to_latent's, [B, T, latent]. latents = conformers(features, pose, reference) + line(features, pose)
Value line_to_latent(const Net& net, const SpeechConfig& config, const Value& features, const Value& pose);

}  // namespace vultus::models
