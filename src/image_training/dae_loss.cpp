// What the diffusion autoencoder lowers: noise, squared error, critic, landmarks.
#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "image_training/dae_trainer.h"
#include "image_training/noise_levels.h"
#include "models/auxiliary.h"
#include "models/unet.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {
constexpr double kMotionWeight = 0.2;
constexpr double kMotionAtLips = 4, kMotionAtEyes = 2;
}  // namespace

/// Part of the samples at the highest noise (half of them with the shared x_T, which talking always starts
/// from), the others at t ~ sqrt(uniform): more weight on high noise, where one step has to do the most.
DaeTrainer::StepDraw DaeTrainer::draw_step(std::int64_t step) const {
    StepDraw draw;
    draw[kFrame] = frames_of_step(step);
    const bool paper = model_.preset == "paper";
    const int last = model_.diffusion.timesteps - 1;
    for (std::int64_t i = 0; i < options_.batch; ++i) {
        // By the sample's place in the batch of all processes: any number of them draws the same noise.
        const std::int64_t sample = (step * group_.size() + group_.rank()) * options_.batch + i;
        Rng rng(options_.seed * 7919 + static_cast<std::uint64_t>(sample) * 131);
        std::int64_t place = NoiseBank::draw_place(rng);
        draw[kLatentPlace].push_back(NoiseBank::draw_place(rng));
        std::int64_t warp = head_warp_ ? NoiseBank::draw_place(rng) : 0;
        const double dice = rng.uniform();
        const double uniform = std::sqrt(rng.uniform());
        std::int64_t t = paper ? static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(last) + 1))
                         : dice < options_.full_noise
                             ? last
                             : std::min(last, static_cast<int>(uniform * (last + 1)));
        std::int64_t shared = !paper && dice < options_.full_noise / 2 ? 1 : 0;
        if (follows(group_.rank() * options_.batch + i)) {
            place = draw[kNoisePlace].back();
            warp = draw[kWarpPlace].back();
            t = draw[kTimestep].back();
            shared = draw[kSharedNoise].back();
        }
        draw[kNoisePlace].push_back(place);
        draw[kWarpPlace].push_back(warp);
        draw[kTimestep].push_back(t);
        draw[kSharedNoise].push_back(shared);
        draw[kFullNoise].push_back(t == last ? 1 : 0);
    }
    return draw;
}

void DaeTrainer::set_inputs(const StepDraw& draw) {
    std::vector<std::int64_t> rows;
    for (const std::vector<std::int64_t>& row : draw) rows.insert(rows.end(), row.begin(), row.end());
    inputs_.copy_(torch::tensor(rows, torch::kInt64).view({kRows, options_.batch}));
    frames_.fetch(draw[kFrame]);
    if (motion_) fetch_motion(draw[kFrame]);
    chosen_.clear();
    for (std::int64_t i = 0; i < options_.batch; ++i)
        if (draw[kFullNoise][static_cast<std::size_t>(i)]) chosen_.push_back(i);
}

void DaeTrainer::fetch_motion(const std::vector<std::int64_t>& frames) {
    const Tensor all =
        torch::from_blob(const_cast<std::int16_t*>(motion_->values()),
                         {motion_->num_frames(), corpus::MotionCache::kFrameValues}, torch::kInt16);
    fetched_motion_.copy_(all.index_select(0, torch::tensor(frames)).view(fetched_motion_.sizes()));
}

DaeTrainer::Noised DaeTrainer::add_noise(const Tensor& x0) const {
    const auto by_sample = [](const Tensor& values) { return values.view({-1, 1, 1, 1}); };
    const Tensor noise =
        torch::where(by_sample(input(kSharedNoise)) != 0, shared_noise_,
                     noise_.pieces(input(kNoisePlace), shared_noise_.numel()).view(x0.sizes()));
    const Tensor s = by_sample(alpha_of_.index_select(0, input(kTimestep))),
                 n = by_sample(sigma_of_.index_select(0, input(kTimestep)));
    const bool v = model_.diffusion.prediction == "v";
    return {s * x0 + n * noise,
            v ? s * noise - n * x0 : noise,
            time_of_.index_select(0, input(kTimestep)),
            noise,
            s,
            n,
            input(kFullNoise).to(torch::kFloat32)};
}

Tensor DaeTrainer::predict(const Tensor& x_t, const Tensor& time, const Tensor& z, bool training,
                           std::vector<Tensor>* displacements) {
    using autograd::TorchOps;
    const bool drops = training && options_.precision != "float32";
    TorchOps ops(parameters_, compute_, drops);
    const models::Drawing drawing = models::unet_drawing({ops, "unet"}, model_.unet, TorchOps::wrap(x_t),
                                                         TorchOps::wrap(time), TorchOps::wrap(z));
    if (displacements != nullptr)
        for (const models::Value& each : drawing.displacements)
            displacements->push_back(TorchOps::unwrap(each).to(torch::kFloat32));
    return TorchOps::unwrap(drawing.prediction).to(torch::kFloat32);
}

/// How far the reference frames are moved otherwise than was measured, in parts of 1/256 of the image's side
/// (pixels of what was measured in): Huber's, for some of what was measured is wrong.
Tensor DaeTrainer::motion_term(const std::vector<Tensor>& displacements) const {
    Tensor wanted = fetched_motion_.to(torch::kFloat32) / corpus::MotionCache::kUnit;
    if (head_warp_)
        wanted = head_warp_->moved_motion(wanted, input(kFrame),
                                          noise_.pieces(input(kWarpPlace), HeadWarp::kNumbers));
    const Tensor apart = torch::huber_loss(torch::stack(displacements, 1) * 256, wanted * 256,
                                           at::Reduction::None, /*delta=*/1.0);  // [B, R, 2, G, G]
    const std::int64_t cell = model_.unet.size_px / corpus::MotionCache::kGrid;
    const Tensor weights =
        torch::avg_pool2d(regions_.region_weights(input(kFrame), kMotionAtLips, kMotionAtEyes), cell);
    return (apart * weights.unsqueeze(1)).mean();
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
    std::vector<float> full;
    chosen_.clear();
    for (std::size_t i = 0; i < task.timesteps.size(); ++i) {
        full.push_back(task.timesteps[i] == model_.diffusion.timesteps - 1 ? 1.0f : 0.0f);
        if (full.back() > 0) chosen_.push_back(static_cast<std::int64_t>(i));
    }
    asked.full = torch::tensor(full).to(device_);
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
Tensor DaeTrainer::squared_error(const Tensor& prediction, const Noised& noised) const {
    const Tensor error = prediction - noised.target;
    if (model_.preset == "paper") return error.square().mean();
    const Tensor weights = regions_.region_weights(input(kFrame), options_.mouth_weight, options_.eye_weight);
    const Tensor edge_weights = weights * noised.sigma.pow(8) * options_.edge_weight;
    const std::int64_t last = error.size(2) - 1;
    const Tensor down = error.narrow(2, 1, last) - error.narrow(2, 0, last);
    const Tensor right = error.narrow(3, 1, last) - error.narrow(3, 0, last);
    return (error.square() * weights).mean() + (down.square() * edge_weights.narrow(2, 0, last)).mean() +
           (right.square() * edge_weights.narrow(3, 0, last)).mean();
}

/// At the highest noise the errors of v and of the image are the same but for the sign.
Tensor DaeTrainer::temporal_term(const Tensor& prediction, const Noised& noised) const {
    std::vector<std::int64_t> leaders;
    std::vector<Tensor> counts{noised.full.new_zeros({0})};
    for (std::int64_t i = 1; i < options_.batch; ++i)
        if (follows(group_.rank() * options_.batch + i)) {
            leaders.push_back(i - 1);
            counts.push_back(noised.full.narrow(0, i, 1));
        }
    return (*temporal_consistency_)(prediction - noised.target, leaders, torch::cat(counts));
}

Tensor DaeTrainer::landmark_term(const Tensor& z) {
    autograd::TorchOps ops(parameters_, compute_, /*training=*/true);
    const models::Value read =
        models::landmark_probe({ops, "landmarks"}, autograd::TorchOps::wrap(z), FaceRegions::kShapeValues);
    const Tensor error = (autograd::TorchOps::unwrap(read) - regions_.shapes(input(kFrame))).square().mean();
    sums_[kLandmarkError].copy_(error.detach());
    return error;
}

/// What the critic says about the images drawn at the highest noise, weighted so that its gradient is a fixed
/// part of the squared error's (Esser et al. 2021, arXiv:2012.09841, eq. 7), as the steps before measured it.
Tensor DaeTrainer::adversarial_term(const Tensor& prediction, const Tensor& squared, const Noised& noised,
                                    const Tensor& x0) {
    // On a GPU all samples, so that shapes stay the same; those with less noise do not count.
    std::vector<std::int64_t> all(static_cast<std::size_t>(options_.batch));
    std::iota(all.begin(), all.end(), 0);
    std::vector<std::int64_t>& seen = device_.is_cuda() ? all : chosen_;
    if (seen.empty()) seen = {0};
    const bool every = seen.size() == all.size();
    const Tensor index = every ? Tensor() : torch::tensor(seen).to(device_);
    const auto of_seen = [&](const Tensor& rows) { return every ? rows : rows.index_select(0, index); };
    const bool v = model_.diffusion.prediction == "v";
    const Tensor s = of_seen(noised.alpha), n = of_seen(noised.sigma), counts = of_seen(noised.full),
                 frames = of_seen(input(kFrame));
    const Tensor x_t = of_seen(noised.x_t), predicted = of_seen(prediction);
    const Tensor drawn = critic_->patches(v ? s * x_t - n * predicted : (x_t - n * predicted) / s, frames);
    const Tensor recorded = critic_->patches(of_seen(x0), frames);
    const Tensor weights = counts.unsqueeze(1).expand({-1, FaceRegions::kPatches}).reshape({-1}) /
                           static_cast<double>(FaceRegions::kPatches * options_.batch);
    const Tensor adversarial = critic_->generator_loss(drawn, recorded, weights);
    const auto squared_gradient = [&](const Tensor& loss) {
        const Tensor gradient = torch::autograd::grad({loss}, {prediction}, {}, /*retain_graph=*/true)[0];
        return (of_seen(gradient).flatten(1).square().sum(1) * counts).sum();
    };
    sums_[kSquaredGradient].copy_(squared_gradient(squared));
    sums_[kAdversarialGradient].copy_(squared_gradient(adversarial));
    critic_patches_ = {drawn.detach(), recorded.detach(), weights};
    return options_.critic_weight * adaptive_weight_.to(torch::kFloat32) * adversarial;
}

Tensor DaeTrainer::loss(std::int64_t step) {
    autograd::TorchOps ops(parameters_, compute_, /*training=*/true);
    const Tensor x0 = training_images();
    Noised noised = add_noise(x0);
    Tensor z = autograd::TorchOps::unwrap(
        models::encoder({ops, "encoder"}, model_.encoder, autograd::TorchOps::wrap(x0)));
    if (model_.encoder.normalise && options_.latent_noise > 0)
        z = z + options_.latent_noise * noise_.pieces(input(kLatentPlace), model_.unet.latent);
    if (distillation_) noised = distillation_target(x0, z, noised, step);
    std::vector<Tensor> displacements;
    const Tensor prediction = predict(noised.x_t, noised.time, z, /*training=*/true, &displacements);
    const Tensor squared = squared_error(prediction, noised);
    if (model_.preset == "paper") return squared;
    Tensor loss = squared;
    if (!displacements.empty()) loss = loss + kMotionWeight * motion_term(displacements);
    if (uses_temporal_term()) loss = loss + options_.temporal_weight * temporal_term(prediction, noised);
    if (encoder_frozen_ && critic_) loss = loss + adversarial_term(prediction, squared, noised, x0);
    if (!encoder_frozen_ && options_.landmark_weight > 0)
        loss = loss + options_.landmark_weight * landmark_term(z);
    return loss;
}

}  // namespace vultus::image_training
