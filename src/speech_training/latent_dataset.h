// What the second stage learns from: for every clip its latents, head pose, mouth and blinks.
#pragma once

#include <torch/torch.h>

#include "corpus/frame_cache.h"
#include "person/person.h"

namespace vultus::speech_training {

/// One clip; T frames.
struct LatentClip {
    std::string name;
    bool validation = false;
    std::vector<float> audio;   ///< 16 kHz, -1..1
    torch::Tensor latent_mean;  ///< [D]: over the clip; how the person sat and was lit
    torch::Tensor latents;      ///< [T, D]: what the encoder gives, minus the clip's mean
    torch::Tensor pose_mean;    ///< [3], degrees
    torch::Tensor pose_deg;     ///< [T, 3] minus the clip's mean
    torch::Tensor mouth;  ///< [T, 40]: mouth landmarks 48..67 about their centre, in inter-ocular distances,
                          ///< minus the clip's mean
    torch::Tensor opening;  ///< [T]: corpus::lip_opening
    torch::Tensor blink;    ///< [T]: 0 open .. 1 closed, from the eye aspect ratio
    std::vector<std::uint8_t> valid;
};

/// Encodes every kept clip with the person's encoder (minutes of work: shows progress), or takes what the
/// same encoder gave for the same clips from `kept_latents`, which is written otherwise.
std::vector<LatentClip> encode_clips(const corpus::Corpus& corpus, const person::Person& person,
                                     torch::Device device, torch::Dtype compute,
                                     const std::filesystem::path& kept_latents);

/// 1 - eye aspect ratio over the clip's open eyes (its 80th percentile), so that a closed eye is near 1; [T].
std::vector<float> blink_signal(const std::vector<float>& landmarks_px);

/// Mean and spread [D] of the training clips' mean latents.
struct Postures {
    torch::Tensor mean, std;
};
Postures measure_postures(const std::vector<LatentClip>& clips);

/// Statistics that talking needs: normalisation of latents, pose and log-mel, blinks, recorded head motion.
person::Stats measure_stats(const std::vector<LatentClip>& clips, const person::Person& person);

/// Weights [D + 1, K] of the ridge regression of y [N, K] on x [N, D] and a constant (the last row).
torch::Tensor ridge(const torch::Tensor& x, const torch::Tensor& y, double lambda);

/// A direction [D] of latents z [N, D] less what it does to opening and width of the lips (mouth [N, 40]),
/// taken away the way in which z itself moves with them: a blink at rest must not part the lips.
torch::Tensor without_lip_motion(const torch::Tensor& direction, const torch::Tensor& z,
                                 const torch::Tensor& mouth);

}  // namespace vultus::speech_training
