// What the diffusion autoencoder lowers: noise, squared error, critic, landmarks.
#include <cmath>

#include "base/rng.h"
#include "image_training/dae_trainer.h"
#include "image_training/noise_levels.h"
#include "models/auxiliary.h"
#include "models/unet.h"

namespace vultus::image_training {

using torch::Tensor;

/// Part of the samples at the highest noise (half of them with the shared x_T, which talking always starts
/// from), the others at t ~ sqrt(uniform): more weight on high noise, where one step has to do the most.
DaeTrainer::Noised DaeTrainer::add_noise(const Tensor& x0, std::int64_t step) const {
    const std::int64_t batch = x0.size(0);
    Tensor noise = torch::empty_like(x0);
    Tensor latent_noise = torch::empty({batch, model_.unet.latent}, x0.options());
    std::vector<int> timesteps;
    std::vector<std::int64_t> full, leaders;
    const int last = model_.diffusion.timesteps - 1;
    for (std::int64_t i = 0; i < batch; ++i) {
        // By the sample's place in the batch of all processes: any number of them draws the same noise.
        const std::int64_t sample = (step * group_.size() + group_.rank()) * batch + i;
        Rng rng(options_.seed * 7919 + static_cast<std::uint64_t>(sample) * 131);
        torch::manual_seed(rng.next());
        noise[i].normal_();
        latent_noise[i].normal_();
        const double dice = rng.uniform();
        const double uniform = std::sqrt(rng.uniform());
        const bool paper = model_.preset == "paper";
        int t = paper ? static_cast<int>(rng.below(static_cast<std::uint64_t>(last) + 1))
                : dice < options_.full_noise ? last
                                             : std::min(last, static_cast<int>(uniform * (last + 1)));
        if (!paper && dice < options_.full_noise / 2) noise[i].copy_(shared_noise_[0]);
        if (follows(group_.rank() * batch + i)) {
            noise[i].copy_(noise[i - 1]);
            t = timesteps.back();
            if (t == last) leaders.push_back(i - 1);
        }
        timesteps.push_back(t);
        if (t == last) full.push_back(i);
    }
    const auto place = static_cast<std::uint64_t>(step * group_.size() + group_.rank());
    torch::manual_seed(Rng(options_.seed * 104729 + place).next());  // of dropout
    const auto [s, n] = noise_levels(schedule_, timesteps, device_);
    const bool v = model_.diffusion.prediction == "v";
    return {s * x0 + n * noise,
            v ? s * noise - n * x0 : noise,
            timesteps_embedded(timesteps, model_.unet.base_channels).to(device_),
            noise,
            s,
            n,
            latent_noise,
            full,
            leaders};
}

Tensor DaeTrainer::predict(const Tensor& x_t, const Tensor& time, const Tensor& z, bool training) {
    autograd::TorchOps ops(parameters_, compute_, training);
    return autograd::TorchOps::unwrap(models::unet({ops, "unet"}, model_.unet, autograd::TorchOps::wrap(x_t),
                                                   autograd::TorchOps::wrap(time),
                                                   autograd::TorchOps::wrap(z)));
}

/// Noise and what to draw from it as the teacher sets them; half of the noise is the shared x_T.
DaeTrainer::Noised DaeTrainer::distillation_target(const Tensor& x0, const Tensor& z, const Noised& noised,
                                                   std::int64_t step) {
    Tensor noise = noised.noise.clone();
    for (std::int64_t i = 0; i < noise.size(0); i += 2) noise[i].copy_(shared_noise_[0]);
    const auto place = static_cast<std::uint64_t>(step * group_.size() + group_.rank());
    const auto student = [&](const Tensor& x_t, const std::vector<int>& timesteps) {
        adam_.swap_average();
        const Tensor time = timesteps_embedded(timesteps, model_.unet.base_channels).to(device_);
        const Tensor prediction = predict(x_t, time, z, /*training=*/false);
        adam_.swap_average();
        return prediction;
    };
    const Distillation::Task task =
        distillation_->task(x0, noise, z, Rng(options_.seed * 31337 + place).next(), student);
    Noised asked = noised;
    asked.full.clear();
    for (std::size_t i = 0; i < task.timesteps.size(); ++i)
        if (task.timesteps[i] == model_.diffusion.timesteps - 1)
            asked.full.push_back(static_cast<std::int64_t>(i));
    const NoiseLevels at = noise_levels(schedule_, task.timesteps, device_);
    asked.alpha = at.alpha;
    asked.sigma = at.sigma;
    asked.x_t = task.x_t;
    asked.time = timesteps_embedded(task.timesteps, model_.unet.base_channels).to(device_);
    asked.target = (asked.alpha * task.x_t - task.x0) / asked.sigma;  // v
    return asked;
}

/// Squared error of the prediction, weighted by place; the live preset adds the error of its finite
/// differences where the noise is high, so that edges (lips, teeth, lids) are learnt early.
Tensor DaeTrainer::squared_error(const Tensor& prediction, const Noised& noised,
                                 const std::vector<std::int64_t>& frames) const {
    const Tensor error = prediction - noised.target;
    if (model_.preset == "paper") return error.square().mean();
    const Tensor weights =
        regions_.region_weights(frames, options_.mouth_weight, options_.eye_weight).to(device_);
    const Tensor edge_weights = weights * noised.sigma.pow(8) * options_.edge_weight;
    const std::int64_t last = error.size(2) - 1;
    const Tensor down = error.narrow(2, 1, last) - error.narrow(2, 0, last);
    const Tensor right = error.narrow(3, 1, last) - error.narrow(3, 0, last);
    return (error.square() * weights).mean() + (down.square() * edge_weights.narrow(2, 0, last)).mean() +
           (right.square() * edge_weights.narrow(3, 0, last)).mean();
}

/// What the critic says about the images drawn in one step, weighted so that its gradient is a fixed part
/// of the squared error's (Esser et al. 2021, arXiv:2012.09841, eq. 7).
Tensor DaeTrainer::adversarial_term(const Tensor& prediction, const Tensor& squared, const Noised& noised,
                                    const Tensor& x0, const std::vector<std::int64_t>& frames) {
    // A process without a sample at the highest noise takes part with one that does not count.
    std::vector<std::int64_t> chosen = noised.full, drawn_frames;
    if (chosen.empty()) chosen = {0};
    critic_share_ = static_cast<double>(noised.full.size()) / static_cast<double>(frames.size());
    for (const std::int64_t i : chosen) drawn_frames.push_back(frames[static_cast<std::size_t>(i)]);
    const Tensor index = torch::tensor(chosen).to(device_);
    const auto of_chosen = [&](const Tensor& rows) { return rows.index_select(0, index); };
    const bool v = model_.diffusion.prediction == "v";
    const Tensor s = of_chosen(noised.alpha), n = of_chosen(noised.sigma);
    const Tensor x_t = of_chosen(noised.x_t), predicted = of_chosen(prediction);
    const Tensor drawn =
        critic_->patches(v ? s * x_t - n * predicted : (x_t - n * predicted) / s, drawn_frames);
    const Tensor recorded = critic_->patches(of_chosen(x0), drawn_frames);
    const Tensor adversarial = critic_->generator_loss(drawn, recorded) * critic_share_;
    drawn_ = drawn.detach();
    recorded_ = recorded.detach();
    const auto gradient_norm = [&](const Tensor& loss) {  // over all processes
        const Tensor all = torch::autograd::grad({loss}, {prediction}, {}, /*retain_graph=*/true)[0];
        const Tensor part = noised.full.empty() ? 0 * all : of_chosen(all);
        return std::sqrt(group_.average(part.square().sum().item<double>()));
    };
    const double of_squared = gradient_norm(squared), of_adversarial = gradient_norm(adversarial);
    if (of_adversarial > 1e-12) {
        const double ratio = of_squared / of_adversarial;
        adaptive_weight_ = adaptive_weight_ == 0 ? ratio : 0.95 * adaptive_weight_ + 0.05 * ratio;
    }
    return options_.critic_weight * adaptive_weight_ * adversarial;
}

Tensor DaeTrainer::loss(const std::vector<std::int64_t>& frames, std::int64_t step) {
    autograd::TorchOps ops(parameters_, compute_, /*training=*/true);
    const Tensor x0 = images(frames);
    Noised noised = add_noise(x0, step);
    Tensor z = autograd::TorchOps::unwrap(
        models::encoder({ops, "encoder"}, model_.encoder, autograd::TorchOps::wrap(x0)));
    if (model_.encoder.normalise && options_.latent_noise > 0)
        z = z + options_.latent_noise * noised.latent_noise;
    if (distillation_) noised = distillation_target(x0, z, noised, step);
    const Tensor prediction = predict(noised.x_t, noised.time, z, /*training=*/true);
    const Tensor squared = squared_error(prediction, noised, frames);
    if (model_.preset == "paper") return squared;
    Tensor loss = squared;
    // At the highest noise the errors of v and of the image are the same but for the sign.
    if (uses_temporal_term())
        loss = loss + options_.temporal_weight *
                          (*temporal_consistency_)(prediction - noised.target, noised.leaders);
    if (encoder_frozen_ && critic_) return loss + adversarial_term(prediction, squared, noised, x0, frames);
    if (!encoder_frozen_ && options_.landmark_weight > 0) {
        const models::Value read = models::landmark_probe({ops, "landmarks"}, autograd::TorchOps::wrap(z),
                                                          FaceRegions::kShapeValues);
        const Tensor error =
            (autograd::TorchOps::unwrap(read) - regions_.shapes(frames).to(device_)).square().mean();
        landmark_error_ = error.item<double>();
        loss = loss + options_.landmark_weight * error;
    }
    return loss;
}

}  // namespace vultus::image_training
