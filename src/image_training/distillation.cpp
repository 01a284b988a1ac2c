#include "image_training/distillation.h"

#include "base/error.h"
#include "base/rng.h"
#include "models/unet.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

int log2_of(int value) {
    int power = 0;
    while (1 << power < value) ++power;
    return power;
}

}  // namespace

Distillation::Distillation(const std::string& method, int teacher_steps, const person::Person& teacher,
                           const person::ImageNormalisation& space, torch::Device device,
                           torch::Dtype compute)
    : method_(method),
      teacher_steps_(teacher_steps),
      student_steps_(1),
      model_(teacher.model),
      schedule_(model_.diffusion.timesteps, model_.diffusion.beta_first, model_.diffusion.beta_last),
      device_(device),
      compute_(compute),
      teacher_(device, torch::kFloat32, 0) {
    if (method != "regression" && method != "progressive" && method != "consistency")
        fail(ErrorCode::kInvalidArgument,
             "[train] --distill: expected regression, progressive or consistency, got {}", method);
    if (teacher_steps < 2 || teacher_steps > 64 || 1 << log2_of(teacher_steps) != teacher_steps)
        fail(ErrorCode::kInvalidArgument, "[train] --teacher-steps: expected 2, 4, 8, 16, 32 or 64, got {}",
             teacher_steps);
    if (model_.diffusion.prediction != "v")
        fail(ErrorCode::kUnsupported,
             "[train] --distill: expected a teacher that predicts v (preset live), got one that predicts {}",
             model_.diffusion.prediction);
    if (method == "progressive") {
        phases_ = log2_of(teacher_steps);
        student_steps_ = teacher_steps / 2;
    }
    teacher_.load(teacher.weights, "unet.");
    const int size = model_.unet.size_px;
    low_ = torch::tensor(space.low()).view({3, size, size}).to(device);
    high_ = torch::tensor(space.high()).view({3, size, size}).to(device);
}

/// The image that a prediction means, clipped as in talking.
Tensor Distillation::drawn(const Tensor& x_t, const Tensor& prediction, const NoiseLevels& at) const {
    return torch::minimum(torch::maximum(at.alpha * x_t - at.sigma * prediction, low_), high_);
}

/// One DDIM step (diffusion::ddim_step) of each sample.
Tensor Distillation::teacher_step(const Tensor& x_t, const Tensor& z, const std::vector<int>& from,
                                  const std::vector<int>& to) {
    autograd::TorchOps ops(teacher_, compute_, /*training=*/false);
    const Tensor time = timesteps_embedded(from, model_.unet.base_channels).to(device_);
    const Tensor prediction =
        autograd::TorchOps::unwrap(models::unet({ops, "unet"}, model_.unet, autograd::TorchOps::wrap(x_t),
                                                autograd::TorchOps::wrap(time), autograd::TorchOps::wrap(z)));
    const NoiseLevels here = noise_levels(schedule_, from, device_),
                      there = noise_levels(schedule_, to, device_);
    const Tensor x0 = drawn(x_t, prediction, here);
    return there.alpha * x0 + there.sigma * (x_t - here.alpha * x0) / here.sigma;
}

Distillation::Task Distillation::task(const Tensor& x0, const Tensor& noise, const Tensor& z,
                                      std::uint64_t seed, const Predict& student) {
    torch::NoGradGuard no_grad;
    if (method_ == "regression") return regression_task(noise, z);
    Rng rng(seed);
    std::vector<int> places;  // of each sample among the steps, 0: at the highest noise
    const int count = method_ == "progressive" ? student_steps_ : teacher_steps_;
    for (std::int64_t i = 0; i < x0.size(0); ++i)
        places.push_back(static_cast<int>(rng.below(static_cast<std::uint64_t>(count))));
    return method_ == "progressive" ? progressive_task(x0, noise, z, places)
                                    : consistency_task(x0, noise, z, places, student);
}

Distillation::Task Distillation::regression_task(const Tensor& noise, const Tensor& z) {
    const std::vector<int> chosen = schedule_.timesteps_for(teacher_steps_, "trailing");
    const auto batch = static_cast<std::size_t>(noise.size(0));
    Tensor x = noise;
    for (std::size_t i = 0; i < chosen.size(); ++i)
        x = teacher_step(x, z, std::vector<int>(batch, chosen[i]),
                         std::vector<int>(batch, i + 1 < chosen.size() ? chosen[i + 1] : -1));
    return {noise, std::vector<int>(batch, chosen[0]), x};
}

Distillation::Task Distillation::progressive_task(const Tensor& x0, const Tensor& noise, const Tensor& z,
                                                  const std::vector<int>& places) {
    std::vector<int> chosen = schedule_.timesteps_for(2 * student_steps_, "trailing");
    chosen.push_back(-1);
    std::vector<int> from, half, to;
    for (const int place : places) {
        from.push_back(chosen[static_cast<std::size_t>(2 * place)]);
        half.push_back(chosen[static_cast<std::size_t>(2 * place + 1)]);
        to.push_back(chosen[static_cast<std::size_t>(2 * place + 2)]);
    }
    const NoiseLevels start = noise_levels(schedule_, from, device_),
                      end = noise_levels(schedule_, to, device_);
    const Tensor x_t = start.alpha * x0 + start.sigma * noise;
    const Tensor reached = teacher_step(teacher_step(x_t, z, from, half), z, half, to);
    // The image from which one step arrives where the teacher's two did.
    const Tensor ratio = end.sigma / start.sigma;
    return {x_t, from, (reached - ratio * x_t) / (end.alpha - ratio * start.alpha)};
}

Distillation::Task Distillation::consistency_task(const Tensor& x0, const Tensor& noise, const Tensor& z,
                                                  const std::vector<int>& places, const Predict& student) {
    std::vector<int> chosen = schedule_.timesteps_for(teacher_steps_, "trailing");
    chosen.push_back(-1);
    std::vector<int> from, to, at_least_0;
    std::vector<float> clean;
    for (const int place : places) {
        from.push_back(chosen[static_cast<std::size_t>(place)]);
        to.push_back(chosen[static_cast<std::size_t>(place + 1)]);
        at_least_0.push_back(std::max(0, to.back()));
        clean.push_back(to.back() < 0 ? 1.0f : 0.0f);
    }
    const NoiseLevels start = noise_levels(schedule_, from, device_);
    const Tensor x_t = start.alpha * x0 + start.sigma * noise;
    const Tensor next = teacher_step(x_t, z, from, to);
    const Tensor is_clean = torch::tensor(clean).view({-1, 1, 1, 1}).to(device_);
    const Tensor seen = drawn(next, student(next, at_least_0), noise_levels(schedule_, to, device_));
    return {x_t, from, is_clean * next + (1 - is_clean) * seen};
}

void Distillation::advance(double fraction, const std::function<Tensor(const std::string&)>& averaged) {
    constexpr double kRounding = 1e-5;  // of a fraction such as 5/6 in single precision
    const int wanted = std::min(phases_ - 1, static_cast<int>(fraction * phases_ + kRounding));
    if (wanted <= phase_) return;
    torch::NoGradGuard no_grad;
    for (auto& [name, weight] : teacher_.all()) weight.copy_(averaged(name));
    phase_ = wanted;
    student_steps_ = teacher_steps_ >> (wanted + 1);
}

void Distillation::save(Archive& archive) const {
    for (const auto& [name, weight] : teacher_.all())
        archive.tensors["teacher." + name] = autograd::to_host(weight);
    archive.metadata["distillation"] = method_;
    archive.metadata["teacher_steps"] = std::to_string(teacher_steps_);
    archive.metadata["distillation_phase"] = std::to_string(phase_);
}

void Distillation::load(const Archive& archive) {
    if (archive.metadata.at("distillation") != method_ ||
        std::stoi(archive.metadata.at("teacher_steps")) != teacher_steps_)
        fail(ErrorCode::kInvalidArgument,
             "[train] the earlier run distilled by {} from {} steps; use --restart to begin anew",
             archive.metadata.at("distillation"), archive.metadata.at("teacher_steps"));
    Archive weights;
    for (const auto& [name, weight] : archive.tensors)
        if (name.rfind("teacher.", 0) == 0) weights.tensors[name.substr(8)] = weight;
    teacher_.load(weights, "unet.");
    phase_ = std::stoi(archive.metadata.at("distillation_phase"));
    student_steps_ = method_ == "progressive" ? teacher_steps_ >> (phase_ + 1) : 1;
}

}  // namespace vultus::image_training
