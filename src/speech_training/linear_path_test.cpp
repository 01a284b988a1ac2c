#include "speech_training/linear_path.h"

#include <gtest/gtest.h>

#include "autograd/torch_ops.h"
#include "models/speech_to_latent.h"

namespace vultus::speech_training {
namespace {

using torch::Tensor;

constexpr std::int64_t kFrames = 4000, kWidth = 5, kLatent = 7;
/// The lips are the first two of the latents.
Tensor lips() { return torch::eye(kLatent).narrow(1, 0, 2); }

/// Latents that are a straight line of the features about each frame and of the pose.
SpeechExample straight(std::uint64_t seed, bool pose_moves_lips = false) {
    torch::manual_seed(seed);
    SpeechExample example;
    const Tensor features = torch::randn({2 * kFrames, kWidth}) * 0.1 + 3;
    example.features = {features};
    example.pose = torch::randn({kFrames, 3});
    const Tensor before = torch::cat({torch::zeros({1, kWidth}), features}).slice(0, 0, 2 * kFrames, 2);
    const Tensor after = features.slice(0, 1, 2 * kFrames, 2);
    torch::manual_seed(99);
    const Tensor a = torch::randn({kWidth, kLatent}), b = torch::randn({kWidth, kLatent});
    Tensor of_pose = torch::randn({3, kLatent});
    if (!pose_moves_lips) of_pose.narrow(1, 0, 2).zero_();
    example.target = before.matmul(a) * 10 - after.matmul(b) * 5 + example.pose.matmul(of_pose);
    example.lips = example.target.matmul(lips());
    example.lips -= example.lips.mean(0);
    example.valid = torch::ones({kFrames});
    return example;
}

TEST(LinearPath, IsTheLineThatTheNetworkStartsFrom) {
    const SpeechExample example = straight(1), other = straight(2);
    autograd::Parameters parameters(torch::kCPU, torch::kFloat32, 3);
    parameters.load(fit_linear_path({example}, lips(), "speech"), "speech.");
    models::SpeechConfig config;
    config.features = "phonetic";
    config.rate_per_frame = 2;
    config.width = 8;
    config.heads = 2;
    config.feed_forward = 8;
    config.blocks = 1;
    config.latent = kLatent;
    config.linear_path = true;
    Archive nothing;
    nothing.tensors["speech.out.weight"] =
        HostTensor::from_f32({kLatent, 8}, std::vector<float>(kLatent * 8, 0.0f));
    nothing.tensors["speech.out.bias"] = HostTensor::from_f32({kLatent}, std::vector<float>(kLatent, 0.0f));
    parameters.load(nothing, "speech.");
    torch::NoGradGuard no_grad;
    autograd::TorchOps ops(parameters, torch::kFloat32, /*training=*/false);
    const auto out = models::speech_to_latent({ops, "speech"}, config,
                                              autograd::TorchOps::wrap(other.features[0].unsqueeze(0)),
                                              autograd::TorchOps::wrap(other.pose.unsqueeze(0)));
    const Tensor latents = autograd::TorchOps::unwrap(out.latents)[0];
    // The first frame has no row before it.
    const Tensor missed = (latents - other.target).slice(0, 1), meant = other.target.slice(0, 1);
    const double left = missed.square().mean().item<double>() / meant.var().item<double>();
    EXPECT_LT(left, 0.06) << "a penalty of 1000 on 4000 frames takes a fifth of each slope";
    const Tensor pose_error = missed - missed.mean(0);
    EXPECT_LT(pose_error.abs().max().item<double>(), 4 * meant.std().item<double>());
}

TEST(LinearPath, FramesThatAreNotValidTeachNothing) {
    SpeechExample clean = straight(1), spoilt = straight(1);
    for (SpeechExample* example : {&clean, &spoilt}) example->valid.slice(0, 0, kFrames, 3).zero_();
    spoilt.target.slice(0, 0, kFrames, 3).fill_(1e6);
    const Archive a = fit_linear_path({clean}, lips(), "speech"),
                  b = fit_linear_path({spoilt}, lips(), "speech");
    for (const auto& [name, tensor] : a.tensors) EXPECT_EQ(tensor.bytes, b.tensors.at(name).bytes) << name;
}

TEST(LinearPath, LipsAreTheRecordedOnesNotTheLatents) {
    // What the latents say of the lips is noise; what was recorded follows the features.
    SpeechExample example = straight(1);
    const Tensor recorded = example.lips.clone();
    example.target.narrow(1, 0, 2).copy_(torch::randn({kFrames, 2}));
    const Archive line = fit_linear_path({example}, lips(), "speech");
    const Tensor of_audio = autograd::from_host(line.tensors.at("speech.out.audio.weight"), torch::kCPU);
    const Tensor features = example.features[0];
    const Tensor rows =
        torch::stack({features.slice(0, 1, 2 * kFrames - 2, 2), features.slice(0, 2, 2 * kFrames - 1, 2),
                      features.slice(0, 3, 2 * kFrames, 2)},
                     2);  // [T - 1, F, 3], from the second frame on
    const Tensor said = torch::einsum("tfk,dfk->td", {rows, of_audio}).matmul(lips()),
                 meant = recorded.slice(0, 1);
    const Tensor a = said - said.mean(0), b = meant - meant.mean(0);
    const Tensor r = (a * b).sum(0) / (a.square().sum(0) * b.square().sum(0)).sqrt();
    EXPECT_GT(r.min().item<double>(), 0.98);
}

TEST(LinearPath, TheHeadDoesNothingToTheLips) {
    const SpeechExample example = straight(1, /*pose_moves_lips=*/true);
    const Archive line = fit_linear_path({example}, lips(), "speech");
    const Tensor of_pose =
        autograd::from_host(line.tensors.at("speech.out.pose.weight"), torch::kCPU);  // [D, 3]
    EXPECT_LT(lips().t().matmul(of_pose).abs().max().item<double>(), 1e-3);
    EXPECT_GT(of_pose.narrow(0, 2, kLatent - 2).abs().max().item<double>(), 0.3);
}

}  // namespace
}  // namespace vultus::speech_training
