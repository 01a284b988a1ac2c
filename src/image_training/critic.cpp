#include "image_training/critic.h"

#include "models/auxiliary.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr double kFeatureWeight = 4.0;
const std::string kPrefix = "critic";

/// [P, ...] -> [P]: mean.
Tensor by_patch(const Tensor& values) { return values.flatten(1).mean(1); }

}  // namespace

Critic::Critic(torch::Device device, std::uint64_t seed, const FaceRegions& places, Tensor mean, double scale)
    : regions_(places),
      mean_(mean.unsqueeze(0).to(device)),
      scale_(scale),
      parameters_(device, torch::kFloat32, seed),
      adam_(parameters_, {0.5, 0.99, 1e-8, 1.0, 0, 0.999}) {}

Tensor Critic::patches(const Tensor& images, const Tensor& frames) const {
    constexpr std::int64_t kPatches = FaceRegions::kPatches;
    const Tensor shown = images * scale_ + mean_;
    const std::int64_t batch = images.size(0), size = images.size(3), side = size / 4;
    const Tensor corners = regions_.corners(frames, side);  // [B, patches, 2]
    const Tensor along = torch::arange(side, corners.options());
    const Tensor columns = corners.select(2, 0).unsqueeze(2) + along,  // [B, patches, side]
        rows = corners.select(2, 1).unsqueeze(2) + along;
    const Tensor bands =
        shown.unsqueeze(1)
            .expand({batch, kPatches, 3, size, size})
            .gather(3, rows.view({batch, kPatches, 1, side, 1}).expand({batch, kPatches, 3, side, size}));
    const Tensor rgb =
        bands.gather(4, columns.view({batch, kPatches, 1, 1, side}).expand({batch, kPatches, 3, side, side}));
    const Tensor mouth = torch::full({batch, 1, 1, side, side}, 1.0, rgb.options());
    const Tensor kinds = torch::cat({mouth, -mouth}, 1);
    return torch::cat({rgb, kinds}, 2).view({batch * kPatches, 4, side, side});
}

std::vector<Tensor> Critic::judge(const Tensor& patches) {
    autograd::TorchOps ops(parameters_, torch::kFloat32, /*training=*/true);
    std::vector<Tensor> features;
    for (const models::Value& value : models::patch_critic({ops, kPrefix}, autograd::TorchOps::wrap(patches)))
        features.push_back(autograd::TorchOps::unwrap(value));
    return features;
}

Tensor Critic::generator_loss(const Tensor& drawn, const Tensor& recorded, const Tensor& weights) {
    // Whoever draws learns here, not the critic: gradients left in its weights would be added up by the next
    // step, and a recorded step would go on reading the ones that it found (autograd/recorded_work.h).
    parameters_.set_trainable(kPrefix, false);
    const std::vector<Tensor> of_drawn = judge(drawn);
    parameters_.set_trainable(kPrefix, true);
    std::vector<Tensor> of_recorded;
    {
        torch::NoGradGuard no_grad;
        of_recorded = judge(recorded);
    }
    Tensor loss = -by_patch(of_drawn.back());
    for (std::size_t level = 0; level + 1 < of_drawn.size(); ++level)
        loss = loss + kFeatureWeight * by_patch((of_drawn[level] - of_recorded[level]).abs());
    return (weights * loss).sum();
}

std::vector<Tensor> Critic::gradients(const Tensor& drawn, const Tensor& recorded, const Tensor& weights) {
    adam_.zero_grad();
    const Tensor loss =
        by_patch(torch::relu(1 - judge(recorded).back())) + by_patch(torch::relu(1 + judge(drawn).back()));
    (weights * loss).sum().backward();
    return adam_.gradients();
}

void Critic::save(Archive& archive) const {
    for (const auto& [name, weight] : parameters_.all()) archive.tensors[name] = autograd::to_host(weight);
    adam_.save(archive, "critic_adam");
}

void Critic::load(const Archive& archive) {
    parameters_.load(archive, kPrefix + ".");
    adam_.load(archive, "critic_adam");
}

}  // namespace vultus::image_training
