#include "autograd/optimizer.h"

namespace vultus::autograd {

using torch::Tensor;

Adam::Adam(Parameters& parameters, AdamOptions options)
    : parameters_(parameters),
      options_(options),
      steps_(torch::zeros({}, torch::TensorOptions().device(parameters.device()).dtype(torch::kFloat64))) {}

void Adam::zero_grad() {
    for (auto& [name, weight] : parameters_.all()) weight.mutable_grad() = Tensor();
}

/// One piece of memory for all these weights, and one for each of their moments. The weights keep their
/// values and names, and become views of it.
Adam::Part Adam::joined(const std::vector<std::string>& names) {
    const auto join = [&](const auto& tensor_of) {
        std::vector<Tensor> flat;
        for (const std::string& name : names) flat.push_back(tensor_of(name).detach().flatten());
        return torch::cat(flat);
    };
    Part part;
    part.weight = join([&](const std::string& name) { return parameters_.all().at(name); });
    part.moments.first = join([&](const std::string& name) { return moments_.at(name).first; });
    part.moments.second = join([&](const std::string& name) { return moments_.at(name).second; });
    part.moments.average = join([&](const std::string& name) { return moments_.at(name).average; });
    std::int64_t begin = 0;
    for (const std::string& name : names) {
        Tensor& weight = parameters_.all().at(name);
        const auto piece = [&](const Tensor& all) {
            return all.narrow(0, begin, weight.numel()).view(weight.sizes());
        };
        weight.set_data(piece(part.weight));
        moments_[name] = {piece(part.moments.first), piece(part.moments.second), piece(part.moments.average)};
        begin += weight.numel();
    }
    return part;
}

void Adam::lay_out(const std::vector<std::string>& names) {
    torch::NoGradGuard no_grad;
    parts_.clear();
    std::vector<std::string> groups[2];
    for (const std::string& name : names) {
        const Tensor& weight = parameters_.all().at(name);
        Moments& m = moments_[name];
        if (!m.first.defined())
            m = {torch::zeros_like(weight), torch::zeros_like(weight), weight.detach().clone()};
        if (!parameters_.device().is_cuda()) parts_.push_back({weight, {}, m, decays(weight)});
        groups[decays(weight) ? 1 : 0].push_back(name);
    }
    if (parameters_.device().is_cuda()) {
        for (const int group : {0, 1}) {
            if (groups[group].empty()) continue;
            parts_.push_back(joined(groups[group]));
            parts_.back().decays = group == 1;
        }
    }
    laid_out_ = names;
}

std::vector<Tensor> Adam::gradients() {
    torch::NoGradGuard no_grad;
    std::vector<std::string> names;
    for (const auto& [name, weight] : parameters_.all())
        if (weight.grad().defined()) names.push_back(name);
    if (names != laid_out_) lay_out(names);
    gathered_ = true;
    std::vector<Tensor> all;
    if (!parameters_.device().is_cuda()) {
        for (std::size_t i = 0; i < names.size(); ++i)
            all.push_back(parts_[i].gradient = parameters_.all().at(names[i]).grad());
        return all;
    }
    for (Part& part : parts_) {
        std::vector<Tensor> flat;
        for (const std::string& name : names) {
            const Tensor& weight = parameters_.all().at(name);
            if (decays(weight) == part.decays) flat.push_back(weight.grad().flatten());
        }
        all.push_back(part.gradient = torch::cat(flat));
    }
    return all;
}

Tensor Adam::update(const Tensor& learning_rate) {
    torch::NoGradGuard no_grad;
    Tensor squares = torch::zeros_like(steps_);
    for (const Part& part : parts_) squares += part.gradient.square().sum();
    const Tensor norm = squares.sqrt();
    const Tensor finite = norm.isfinite();  // a bad batch must not spoil the weights
    Tensor shrink = finite.to(torch::kFloat64);
    if (options_.clip_norm > 0) shrink = shrink * (options_.clip_norm / norm).clamp_max(1);

    // Where the gradient is not finite, every change below is multiplied by 0.
    const Tensor one = finite.to(torch::kFloat64);
    steps_ += one;
    const Tensor count = steps_.clamp_min(1);
    const Tensor correct1 = 1 - torch::pow(options_.beta1, count),
                 correct2 = 1 - torch::pow(options_.beta2, count);
    const Tensor decay = ((1 + count) / (10 + count)).clamp_max(options_.ema_decay);
    const Tensor rate = one * learning_rate / correct1;
    for (const Part& part : parts_) {
        const auto number = [&](const Tensor& value) { return value.to(part.weight.scalar_type()); };
        const Moments& m = part.moments;
        const Tensor gradient =
            torch::where(finite, part.gradient * number(shrink), torch::zeros({}, part.gradient.options()));
        m.first.lerp_(gradient, number(one * (1 - options_.beta1)));
        m.second.lerp_(gradient.square(), number(one * (1 - options_.beta2)));
        if (part.decays) part.weight.mul_(number(1 - one * learning_rate * options_.weight_decay));
        part.weight.sub_((m.second / number(correct2)).sqrt_().add_(options_.epsilon).reciprocal_() *
                         m.first * number(rate));
        m.average.lerp_(part.weight, number(one * (1 - decay)));
    }
    return norm;
}

double Adam::step(double learning_rate) {
    if (!gathered_) gradients();
    gathered_ = false;
    return update(torch::full_like(steps_, learning_rate)).item<double>();
}

const Tensor& Adam::average(const std::string& name) const {
    const auto found = moments_.find(name);
    return found != moments_.end() ? found->second.average : parameters_.all().at(name);
}

void Adam::swap_average() {
    torch::NoGradGuard no_grad;
    for (auto& [name, weight] : parameters_.all()) {
        const auto found = moments_.find(name);
        if (found == moments_.end()) continue;
        const Tensor kept = weight.detach().clone();
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
    archive.metadata[prefix + ".steps"] = std::to_string(steps());
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
    steps_.fill_(static_cast<double>(std::stoll(archive.metadata.at(prefix + ".steps"))));
    laid_out_.clear();
}

}  // namespace vultus::autograd
