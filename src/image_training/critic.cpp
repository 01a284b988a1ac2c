#include "image_training/critic.h"

#include "models/auxiliary.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr double kFeatureWeight = 4.0;
const std::string kPrefix = "critic";

}  // namespace

Critic::Critic(torch::Device device, std::uint64_t seed, const FaceRegions& places, Tensor mean, double scale)
    : regions_(places),
      mean_(mean.unsqueeze(0).to(device)),
      scale_(scale),
      parameters_(device, torch::kFloat32, seed),
      adam_(parameters_, {0.5, 0.99, 1e-8, 1.0, 0, 0.999}) {}

Tensor Critic::patches(const Tensor& images, const std::vector<std::int64_t>& frames) const {
    const Tensor shown = images * scale_ + mean_;
    const std::int64_t side = images.size(3) / 4;
    std::vector<Tensor> parts;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const auto corners = regions_.corners(frames[i], static_cast<int>(side));
        for (std::size_t patch = 0; patch < corners.size(); ++patch) {
            const Tensor rgb = shown[static_cast<std::int64_t>(i)]
                                   .narrow(2, corners[patch][0], side)
                                   .narrow(1, corners[patch][1], side);
            const Tensor kind = torch::full({1, side, side}, patch == 0 ? 1.0 : -1.0, rgb.options());
            parts.push_back(torch::cat({rgb, kind}));
        }
    }
    return torch::stack(parts);
}

std::vector<Tensor> Critic::judge(const Tensor& patches) {
    autograd::TorchOps ops(parameters_, torch::kFloat32, /*training=*/true);
    std::vector<Tensor> features;
    for (const models::Value& value : models::patch_critic({ops, kPrefix}, autograd::TorchOps::wrap(patches)))
        features.push_back(autograd::TorchOps::unwrap(value));
    return features;
}

Tensor Critic::generator_loss(const Tensor& drawn, const Tensor& recorded) {
    const std::vector<Tensor> of_drawn = judge(drawn);
    std::vector<Tensor> of_recorded;
    {
        torch::NoGradGuard no_grad;
        of_recorded = judge(recorded);
    }
    Tensor loss = -of_drawn.back().mean();
    for (std::size_t level = 0; level + 1 < of_drawn.size(); ++level)
        loss = loss + kFeatureWeight * (of_drawn[level] - of_recorded[level]).abs().mean();
    return loss;
}

double Critic::learn(const Tensor& drawn, const Tensor& recorded, double share, double learning_rate,
                     autograd::ProcessGroup& group) {
    adam_.zero_grad();
    const Tensor loss = share * (torch::relu(1 - judge(recorded).back()).mean() +
                                 torch::relu(1 + judge(drawn).back()).mean());
    loss.backward();
    std::vector<Tensor> gradients = adam_.gradients();
    group.average(gradients);
    adam_.step(learning_rate);
    return loss.item<double>();
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
