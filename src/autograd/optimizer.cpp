#include "autograd/optimizer.h"

#include <cmath>

namespace vultus::autograd {

void Adam::zero_grad() {
    for (auto& [name, weight] : parameters_.all()) weight.mutable_grad() = torch::Tensor();
}

std::vector<torch::Tensor> Adam::gradients() const {
    std::vector<torch::Tensor> gradients;
    for (const auto& [name, weight] : parameters_.all())
        if (weight.grad().defined()) gradients.push_back(weight.grad());
    return gradients;
}

double Adam::step(double learning_rate) {
    torch::NoGradGuard no_grad;
    torch::Tensor squares = torch::zeros({}, torch::TensorOptions().device(parameters_.device()));
    for (const auto& [name, weight] : parameters_.all())
        if (weight.grad().defined()) squares += weight.grad().square().sum().to(torch::kFloat32);
    const double norm = std::sqrt(squares.item<double>());
    if (!std::isfinite(norm)) return norm;  // a bad batch must not spoil the weights
    const double shrink =
        options_.clip_norm > 0 && norm > options_.clip_norm ? options_.clip_norm / norm : 1.0;

    ++steps_;
    const double count = static_cast<double>(steps_);
    const double correct1 = 1 - std::pow(options_.beta1, count),
                 correct2 = 1 - std::pow(options_.beta2, count);
    const double decay = std::min(options_.ema_decay, (1 + count) / (10 + count));
    for (auto& [name, weight] : parameters_.all()) {
        if (!weight.grad().defined()) continue;
        Moments& m = moments_[name];
        if (!m.first.defined())
            m = {torch::zeros_like(weight), torch::zeros_like(weight), weight.detach().clone()};
        const torch::Tensor grad = weight.grad() * shrink;
        m.first.mul_(options_.beta1).add_(grad, 1 - options_.beta1);
        m.second.mul_(options_.beta2).addcmul_(grad, grad, 1 - options_.beta2);
        if (options_.weight_decay > 0 && weight.dim() > 1)
            weight.mul_(1 - learning_rate * options_.weight_decay);
        weight.addcdiv_(m.first, (m.second / correct2).sqrt_().add_(options_.epsilon),
                        -learning_rate / correct1);
        m.average.lerp_(weight, 1 - decay);
    }
    return norm;
}

const torch::Tensor& Adam::average(const std::string& name) const {
    const auto found = moments_.find(name);
    return found != moments_.end() ? found->second.average : parameters_.all().at(name);
}

void Adam::swap_average() {
    torch::NoGradGuard no_grad;
    for (auto& [name, weight] : parameters_.all()) {
        const auto found = moments_.find(name);
        if (found == moments_.end()) continue;
        const torch::Tensor kept = weight.detach().clone();
        weight.copy_(found->second.average);
        found->second.average.copy_(kept);
    }
}

void Adam::save(Archive& archive, const std::string& prefix) const {
    for (const auto& [name, moments] : moments_) {
        archive.tensors[prefix + ".first." + name] = to_host(moments.first);
        archive.tensors[prefix + ".second." + name] = to_host(moments.second);
        archive.tensors[prefix + ".average." + name] = to_host(moments.average);
    }
    archive.metadata[prefix + ".steps"] = std::to_string(steps_);
}

void Adam::load(const Archive& archive, const std::string& prefix) {
    for (const auto& [name, weight] : parameters_.all()) {
        if (!archive.has(prefix + ".first." + name)) continue;
        const auto get = [&](const char* kind) {
            return from_host(archive.at(prefix + "." + kind + "." + name), parameters_.device())
                .to(weight.scalar_type())
                .clone();
        };
        moments_[name] = {get("first"), get("second"), get("average")};
    }
    steps_ = std::stoll(archive.metadata.at(prefix + ".steps"));
}

}  // namespace vultus::autograd
