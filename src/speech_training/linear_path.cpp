#include "speech_training/linear_path.h"

#include <algorithm>
#include <cmath>

#include "autograd/torch_ops.h"

namespace vultus::speech_training {

using torch::Tensor;

namespace {

constexpr double kLambda = 3000, kPoseLambda = 10;  ///< for clean features alone; more versions, more of it
constexpr std::size_t kVersions = 4;                ///< clean, and spoilt ones
constexpr std::int64_t kRows = 3;                   ///< as the convolution's kernel

/// Rows 2t-1, 2t, 2t+1 of features [2T, F] for every frame, zeros outside: [T, 3 F].
Tensor windows(const Tensor& features) {
    const std::int64_t frames = features.size(0) / 2, width = features.size(1);
    const Tensor padded = torch::cat({torch::zeros({1, width}), features});
    return torch::cat({padded.slice(0, 0, 2 * frames, 2), padded.slice(0, 1, 2 * frames + 1, 2),
                       padded.slice(0, 2, 2 * frames + 1, 2)},
                      1);
}

/// Valid rows of inputs, latents and lips, versions of the features below each other.
struct Rows {
    Tensor audio, pose, latents, lips;  ///< lips: as recorded, less what the probe reads off the latents
    double versions = 0;
};

Rows gather(const std::vector<SpeechExample>& examples, const Tensor& probe) {
    std::vector<Tensor> audio, pose, latents, lips;
    double frames = 0, rows = 0;
    for (const SpeechExample& example : examples) {
        const Tensor valid = example.valid.gt(0.5).nonzero().squeeze(1);
        const std::size_t versions = std::min(kVersions, example.features.size());
        const Tensor target = example.target.index_select(0, valid), read = target.matmul(probe);
        const Tensor missed = example.lips.index_select(0, valid) - (read - read.mean(0));
        for (std::size_t v = 0; v < versions; ++v) {
            audio.push_back(windows(example.features[v]).index_select(0, valid));
            pose.push_back(example.pose.index_select(0, valid));
            latents.push_back(target);
            lips.push_back(missed);
        }
        frames += static_cast<double>(valid.size(0));
        rows += static_cast<double>(valid.size(0)) * static_cast<double>(versions);
    }
    return {torch::cat(audio), torch::cat(pose), torch::cat(latents), torch::cat(lips),
            rows / std::max(1.0, frames)};
}

/// [2, D]: what a unit of each lip, as `lips` [D, 2] reads them, is to latents [N, D]; the way in which lips
/// move these.
Tensor latents_per_lip(const Tensor& latents, const Tensor& lips) {
    const Tensor centred = latents - latents.mean(0);
    const Tensor along = centred.t().matmul(centred.matmul(lips));
    const Tensor moved = lips.t().matmul(along) + 1e-6 * torch::eye(2) * along.norm();
    return torch::linalg_inv(moved).matmul(along.t());
}

}  // namespace

Archive fit_linear_path(const std::vector<SpeechExample>& examples, const Tensor& lips,
                        const std::string& prefix) {
    const Rows rows = gather(examples, lips);
    const Tensor per_lip = latents_per_lip(rows.latents, lips);
    const Tensor mean = rows.audio.mean(0), scale = rows.audio.std(0).clamp_min(1e-4);
    const Tensor pose_scale = (rows.pose.std(0) * std::sqrt(kPoseLambda / kLambda)).clamp_min(1e-4);
    const Tensor x = torch::cat({(rows.audio - mean) / scale, rows.pose / pose_scale}, 1);
    // To the latents whose lips are the recorded ones, not what is left of them in the latents.
    const Tensor meant = rows.latents + rows.lips.matmul(per_lip);
    const Tensor weights = ridge(x, meant, kLambda * rows.versions);  // [3 F + 3 + 1, D]
    const std::int64_t inputs = rows.audio.size(1), width = inputs / kRows;
    const Tensor audio = weights.narrow(0, 0, inputs) / scale.unsqueeze(1);
    const Tensor of_pose = weights.narrow(0, inputs, 3) / pose_scale.unsqueeze(1);
    const Tensor pose = of_pose - of_pose.matmul(lips).matmul(per_lip);
    const Tensor bias = weights[inputs + 3] - mean.matmul(audio);
    Archive archive;
    const std::string out = prefix + ".out.";
    archive.tensors[out + "audio.weight"] =
        autograd::to_host(audio.view({kRows, width, -1}).permute({2, 1, 0}).contiguous());
    archive.tensors[out + "audio.bias"] = autograd::to_host(bias.contiguous());
    archive.tensors[out + "pose.weight"] = autograd::to_host(pose.t().contiguous());
    archive.tensors[out + "pose.bias"] = autograd::to_host(torch::zeros_like(bias));
    return archive;
}

}  // namespace vultus::speech_training
