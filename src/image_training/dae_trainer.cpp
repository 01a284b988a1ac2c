#include "image_training/dae_trainer.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/progress.h"
#include "base/rng.h"
#include "diffusion/schedule.h"
#include "image_training/noise_levels.h"
#include "image_training/prior.h"
#include "models/unet.h"
#include "training_loop/image.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr int kValidationFrames = 16;
constexpr int kReadLossEvery = 16;  ///< steps, on a GPU

}  // namespace

models::ModelConfig model_of(const training_loop::TrainOptions& options) {
    if (!options.from.empty() && !options.prior_only) {
        const models::ModelConfig model = person::load_person(options.from).model;
        if (model.unet.size_px == options.size_px) return model;
    }
    return models::preset(options.preset, options.size_px);
}

DaeTrainer::DaeTrainer(const training_loop::TrainOptions& options, const corpus::Corpus& corpus,
                       const training_loop::RunFolder& run, autograd::ProcessGroup& group)
    : options_(options),
      corpus_(corpus),
      run_(run),
      group_(group),
      model_(model_of(options)),
      schedule_(model_.diffusion.timesteps, model_.diffusion.beta_first, model_.diffusion.beta_last),
      device_(options.device),
      compute_(autograd::compute_dtype(options.precision, device_)),
      cache_(corpus, model_.unet.size_px),
      frames_(cache_, device_, options.batch),
      regions_(model_.unet.size_px),
      noise_(options.seed, cache_.frame_bytes(), device_),
      parameters_(device_, torch::kFloat32, options.seed),
      adam_(parameters_, {}),
      log_(run.folder, "dae",
           {"loss", "psnr_db", "mouth_psnr_db", "gradient_norm", "learning_rate", "landmark_error",
            "seconds"}),
      gradient_work_(device_, options.teacher.empty()),
      update_work_(device_, options.teacher.empty()) {
    choose_frames();
    measure_images();
    make_tables();
    find_references();
    if (!options.from.empty()) warm_start();
    if (options.teacher.empty()) return;
    distillation_ = std::make_unique<Distillation>(options.distill, options.teacher_steps,
                                                   person::load_person(options.teacher), *normalisation_,
                                                   device_, compute_);
}

void DaeTrainer::choose_frames() {
    std::vector<std::int64_t> validation;
    const auto kept = corpus_.kept();
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const corpus::ClipTracks tracks = corpus::load_tracks(corpus_, *kept[i]);
        std::vector<std::int64_t>& frames =
            kept[i]->split == corpus::Split::kTrain ? train_frames_ : validation;
        for (std::int64_t f = 0; f < kept[i]->num_frames; ++f) {
            if (!tracks.valid[static_cast<std::size_t>(f)]) continue;
            frames.push_back(cache_.first_frame(i) + f);
            if (&frames == &train_frames_ && f > 0 && tracks.valid[static_cast<std::size_t>(f - 1)])
                followed_frames_.push_back(frames.back() - 1);
            regions_.add(frames.back(), &tracks.landmarks_px[static_cast<std::size_t>(f) * 136],
                         static_cast<double>(model_.unet.size_px) / corpus_.size_px);
        }
    }
    regions_.finish(device_);
    if (train_frames_.empty())
        fail(ErrorCode::kInvalidArgument, "[train] {}: no usable frames to train on",
             corpus_.folder.string());
    if (validation.empty()) validation = train_frames_;  // a tiny corpus: report on what there is
    for (int i = 0; i < kValidationFrames; ++i)
        validation_frames_.push_back(
            validation[validation.size() * static_cast<std::size_t>(2 * i + 1) / (2 * kValidationFrames)]);
    const corpus::Session& session = corpus_.session_of(*kept.front());
    const double factor = static_cast<double>(model_.unet.size_px) / corpus_.size_px;
    mouth_px_ = {session.mouth_px.x * factor, session.mouth_px.y * factor, session.mouth_px.width * factor,
                 session.mouth_px.height * factor};
}

/// Mean image and spread of the residual.
void DaeTrainer::measure_images() {
    const int size = model_.unet.size_px;
    if (model_.diffusion.residual) {
        const FrameStatistics seen = measure_frames(frames_, train_frames_);
        const Tensor rgb = seen.mean.permute({1, 2, 0}).to(torch::kUInt8).contiguous();
        mean_image_.assign(rgb.data_ptr<std::uint8_t>(), rgb.data_ptr<std::uint8_t>() + rgb.numel());
        model_.diffusion.residual_scale = std::max(1e-3, seen.deviation / 127.5);
    }
    normalisation_ =
        std::make_unique<person::ImageNormalisation>(size, mean_image_, model_.diffusion.residual_scale);
    const std::vector<float> noise = diffusion::noise_from_seed(options_.seed, normalisation_->num_values());
    shared_noise_ = torch::tensor(noise).view({1, 3, size, size}).to(device_);
    mean_ = torch::tensor(normalisation_->mean()).view({1, 3, size, size}).to(device_);
    if (model_.preset == "paper") return;
    const double scale = normalisation_->scale();
    if (options_.warp_share > 0 && options_.teacher.empty())
        head_warp_ = std::make_unique<HeadWarp>(regions_, train_frames_, size, options_.warp_share, device_);
    if (options_.temporal_weight > 0 && options_.teacher.empty() && !followed_frames_.empty())
        temporal_consistency_ =
            std::make_unique<TemporalConsistency>(frames_, scale, followed_frames_, device_);
    if (options_.critic_weight > 0)
        critic_ = std::make_unique<Critic>(device_, options_.seed, regions_, mean_[0], scale);
}

/// Reference frames where motion from them was measured, else none.
void DaeTrainer::find_references() {
    model_.unet.references = 0;
    if (model_.preset == "paper" ||
        !std::filesystem::exists(corpus::motion_cache_path(corpus_, model_.unet.size_px)))
        return;
    motion_ = std::make_unique<corpus::MotionCache>(corpus_, model_.unet.size_px);
    model_.unet.references = corpus::MotionCache::kReferences;
    const std::int64_t grid = corpus::MotionCache::kGrid;
    static_assert(corpus::MotionCache::kGrid == models::kMostDisplacements);
    fetched_motion_ = torch::zeros({options_.batch, corpus::MotionCache::kReferences, 2, grid, grid},
                                   torch::TensorOptions().dtype(torch::kInt16).device(device_));
    for (int i = 0; i < model_.unet.references; ++i) {
        const Tensor frame =
            frames_.at({motion_->references()[static_cast<std::size_t>(i)]}).to(torch::kFloat32);
        parameters_.set_fixed(fmt::format("unet.references.{}.image", i),
                              (frame / 127.5 - 1) / normalisation_->scale());
    }
    parameters_.set_fixed("unet.references.mean", mean_ / normalisation_->scale());
}

/// What a step looks up on the device, and where it leaves what it found.
void DaeTrainer::make_tables() {
    std::vector<int> timesteps(static_cast<std::size_t>(model_.diffusion.timesteps));
    std::iota(timesteps.begin(), timesteps.end(), 0);
    const NoiseLevels levels = noise_levels(schedule_, timesteps, device_);
    alpha_of_ = levels.alpha.flatten();
    sigma_of_ = levels.sigma.flatten();
    time_of_ = timesteps_embedded(timesteps, model_.unet.base_channels).to(device_);
    const auto on_device = torch::TensorOptions().device(device_).dtype(torch::kFloat64);
    inputs_ = torch::zeros({kRows, options_.batch}, on_device.dtype(torch::kInt64));
    sums_ = torch::zeros({4}, on_device);
    for (Tensor* number : {&rate_, &adaptive_weight_, &gradient_norm_, &loss_sum_})
        *number = torch::zeros({}, on_device);
}

Tensor DaeTrainer::normalised(const Tensor& values) const {
    return (values.contiguous().to(torch::kFloat32) / 127.5 - 1 - mean_) / normalisation_->scale();
}

/// The step's images in [-1, 1] about the mean image, some with the head moved.
Tensor DaeTrainer::training_images() const {
    if (!head_warp_) return normalised(frames_.current());
    return normalised((*head_warp_)(frames_.current(), input(kFrame),
                                    noise_.pieces(input(kWarpPlace), HeadWarp::kNumbers)));
}

std::vector<std::int64_t> DaeTrainer::frames_of_step(std::int64_t step) const {
    Rng rng(options_.seed * 1000003 + static_cast<std::uint64_t>(step));
    std::vector<std::int64_t> frames;
    for (int i = 0; i < options_.batch * group_.size(); ++i) {
        const auto& pool = follows(i + 1) ? followed_frames_ : train_frames_;
        const std::int64_t drawn = pool[rng.below(pool.size())];
        frames.push_back(follows(i) ? frames.back() + 1 : drawn);
    }
    const auto begin = frames.begin() + options_.batch * group_.rank();
    return {begin, begin + options_.batch};
}

double DaeTrainer::train_step(std::int64_t step, double fraction) {
    if (!encoder_frozen_ && group_.from_first(fraction >= options_.freeze_encoder_at)) freeze_encoder();
    if (distillation_)
        distillation_->advance(group_.from_first(fraction),
                               [&](const std::string& name) { return adam_.average(name); });
    set_inputs(draw_step(step));
    learning_rate_ = training_loop::learning_rate_at(options_.learning_rate, step, fraction);
    rate_.fill_(learning_rate_);
    const auto place = static_cast<std::uint64_t>(step * group_.size() + group_.rank());
    torch::manual_seed(Rng(options_.seed * 104729 + place).next());  // of dropout
    gradient_work_.run([&] { compute_gradients(step); });
    group_.average(gradients_);
    update_work_.run([&] { update_weights(); });
    ++unread_steps_;
    // Reading makes the processor wait for the GPU.
    if (device_.is_cuda() && known_loss_ && unread_steps_ < kReadLossEvery) return *known_loss_;
    known_loss_ = loss_sum_.item<double>() / std::exchange(unread_steps_, 0);
    loss_sum_.zero_();
    return *known_loss_;
}

void DaeTrainer::compute_gradients(std::int64_t step) {
    adam_.zero_grad();
    const Tensor value = loss(step);
    value.backward();
    sums_[kLoss].copy_(value.detach());
    gradients_ = adam_.gradients();
    if (critic_patches_[0].defined()) {
        const std::vector<Tensor> of_critic =
            critic_->gradients(critic_patches_[0], critic_patches_[1], critic_patches_[2]);
        gradients_.insert(gradients_.end(), of_critic.begin(), of_critic.end());
        critic_patches_ = {};
    }
    gradients_.push_back(sums_);
}

void DaeTrainer::update_weights() {
    torch::NoGradGuard no_grad;
    gradient_norm_.copy_(adam_.update(rate_));
    loss_sum_ += sums_[kLoss];
    if (!encoder_frozen_ || !critic_) return;
    critic_->update(rate_);
    const Tensor ratio = (sums_[kSquaredGradient] / sums_[kAdversarialGradient]).sqrt();
    const Tensor next = torch::where(adaptive_weight_ == 0, ratio, 0.95 * adaptive_weight_ + 0.05 * ratio);
    adaptive_weight_.copy_(torch::where(sums_[kAdversarialGradient] > 1e-24, next, adaptive_weight_));
}

void DaeTrainer::freeze_encoder() {
    torch::NoGradGuard no_grad;
    for (auto& [name, weight] : parameters_.all())
        if (name.rfind("encoder.", 0) == 0) weight.copy_(adam_.average(name));
    parameters_.set_trainable("encoder.", false);
    encoder_frozen_ = true;
    gradient_work_.forget();
    update_work_.forget();
}

void DaeTrainer::run(double budget_s) {
    steps_done_ = training_loop::run_stage(
        *this,
        {"dae", run_.dae_checkpoint(), budget_s, options_.steps, options_.report_every_s,
         options_.checkpoint_every_s, options_.batch * group_.size(), options_.restart},
        group_);
}

void DaeTrainer::report(std::int64_t step, double mean_loss, double seconds) {
    adam_.swap_average();
    const std::array<double, 2> psnr_db = validate();
    adam_.swap_average();
    log_.row(step, {mean_loss, psnr_db[0], psnr_db[1], gradient_norm_.item<double>(), learning_rate_,
                    sums_[kLandmarkError].item<double>(), seconds});
    fmt::print(stderr,
               "\ndae step {}  {} images  loss {:.4f}  validation PSNR {:.2f} dB, mouth {:.2f} dB  {}\n",
               step, step * options_.batch * group_.size(), mean_loss, psnr_db[0], psnr_db[1],
               format_duration(seconds));
}

/// Reconstructs the validation frames as talking would; writes the preview grid recording | reconstruction.
std::array<double, 2> DaeTrainer::validate() {
    torch::NoGradGuard no_grad;
    autograd::TorchOps ops(parameters_, compute_, /*training=*/false);
    const auto kind = diffusion::prediction_from_name(model_.diffusion.prediction);
    const int size = model_.unet.size_px;
    training_loop::Image grid(8 * size, kValidationFrames / 4 * size);
    double squares[2] = {0, 0}, counts[2] = {0, 0};
    for (std::size_t i = 0; i < validation_frames_.size(); ++i) {
        const Tensor x0 = normalised(frames_.at({validation_frames_[i]}));
        const models::Value z =
            models::encoder({ops, "encoder"}, model_.encoder, autograd::TorchOps::wrap(x0));
        Tensor x = shared_noise_.to(torch::kCPU).clone();
        const auto denoise = [&](std::span<const float>, int t, std::span<float> out) {
            const Tensor time = timesteps_embedded({t}, model_.unet.base_channels).to(device_);
            const models::Value prediction =
                models::unet({ops, "unet"}, model_.unet, autograd::TorchOps::wrap(x.to(device_)),
                             autograd::TorchOps::wrap(time), z);
            const Tensor host =
                autograd::TorchOps::unwrap(prediction).to(torch::kCPU, torch::kFloat32).contiguous();
            std::copy_n(host.data_ptr<float>(), out.size(), out.begin());
        };
        ddim_sample(schedule_,
                    schedule_.timesteps_for(model_.diffusion.default_steps, model_.diffusion.spacing), kind,
                    denoise, {normalisation_->low(), normalisation_->high()},
                    {x.data_ptr<float>(), static_cast<std::size_t>(x.numel())});
        std::vector<std::uint8_t> rgb(static_cast<std::size_t>(cache_.frame_bytes()));
        normalisation_->to_rgb(x.data_ptr<float>(), rgb.data());
        const std::uint8_t* truth = cache_.frame(validation_frames_[i]);
        for (int y = 0; y < size; ++y)
            for (int k = 0; k < 3 * size; ++k) {
                const double difference =
                    static_cast<double>(rgb[static_cast<std::size_t>(3 * size * y + k)]) -
                    truth[3 * size * y + k];
                const bool mouth = y >= mouth_px_.y && y < mouth_px_.y + mouth_px_.height &&
                                   k / 3 >= mouth_px_.x && k / 3 < mouth_px_.x + mouth_px_.width;
                for (int region = 0; region <= (mouth ? 1 : 0); ++region) {
                    squares[region] += difference * difference;
                    ++counts[region];
                }
            }
        const int column = 2 * static_cast<int>(i % 4), row = static_cast<int>(i / 4);
        grid.paste(truth, size, column * size, row * size);
        grid.paste(rgb.data(), size, (column + 1) * size, row * size);
    }
    training_loop::write_png(run_.folder / "preview.png", size > 256 ? training_loop::halved(grid) : grid);
    const auto psnr_db = [&](int region) {
        return 10 * std::log10(255.0 * 255.0 * counts[region] / std::max(squares[region], 1e-9));
    };
    return {psnr_db(0), psnr_db(1)};
}

void DaeTrainer::save_state(Archive& archive) const {
    for (const auto& [name, weight] : parameters_.all()) archive.tensors[name] = autograd::to_host(weight);
    adam_.save(archive);
    if (critic_) {
        critic_->save(archive);
        archive.metadata["critic_balance"] = fmt::format("{}", adaptive_weight_.item<double>());
    }
    if (distillation_) distillation_->save(archive);
    archive.metadata["encoder_frozen"] = encoder_frozen_ ? "1" : "0";
    archive.metadata["model"] = models::to_json(model_).dump();
}

void DaeTrainer::on_saved(std::int64_t step) {
    steps_done_ = step;
    person::save_person(run_.dae_person(), person());
}

void DaeTrainer::load_state(const Archive& archive) {
    models::ModelConfig saved =
        models::model_config_from_json(nlohmann::json::parse(archive.metadata.at("model")));
    saved.diffusion.residual_scale = model_.diffusion.residual_scale;
    if (models::to_json(saved) != models::to_json(model_))
        fail(ErrorCode::kInvalidArgument,
             "[train] {} belongs to a run with other settings; use --restart to begin anew",
             run_.dae_checkpoint().string());
    for (const char* part : {"unet.", "encoder.", "landmarks."}) parameters_.load(archive, part);
    adam_.load(archive);
    if (critic_ && archive.metadata.count("critic_balance")) {
        critic_->load(archive);
        adaptive_weight_.fill_(std::stod(archive.metadata.at("critic_balance")));
    }
    if (distillation_) distillation_->load(archive);
    encoder_frozen_ = archive.metadata.at("encoder_frozen") == "1";
    if (encoder_frozen_) parameters_.set_trainable("encoder.", false);
}

void DaeTrainer::warm_start() {
    Archive prior = prior_weights(person::load_person(options_.from), model_);
    std::erase_if(prior.tensors, [&](const auto& each) {  // its reference frames are of other footage
        const std::string& name = each.first;
        return name.starts_with("unet.references.") &&
               (options_.prior_only || name.ends_with(".image") || name.ends_with(".mean"));
    });
    parameters_.load(prior, "unet.");
    parameters_.load(prior, "encoder.");
}

person::Person DaeTrainer::person() const {
    person::Person person;
    person.card = options_.card;
    person.card.training["dae_steps"] = steps_done_;
    person.card.training["dae_images"] = steps_done_ * options_.batch * group_.size();
    if (distillation_) {
        person.card.training["distillation"] = options_.distill;
        person.card.training["teacher_steps"] = options_.teacher_steps;
    }
    person.model = model_;
    person.fps_num = corpus_.fps_num;
    person.fps_den = corpus_.fps_den;
    person.noise_seed = options_.seed;
    person.stats.mean_image = mean_image_;
    const corpus::Session& session = corpus_.session_of(*corpus_.kept().front());
    for (const double value : {session.crop_px.x, session.crop_px.y, session.crop_px.width,
                               1.0 * session.source_width_px, 1.0 * session.source_height_px})
        person.stats.footage_crop.push_back(static_cast<float>(value));
    for (const auto& [name, weight] : parameters_.all())
        if (name.rfind("landmarks.", 0) != 0)
            person.weights.tensors[name] =
                autograd::to_host(weight.requires_grad() ? adam_.average(name) : weight, /*bf16=*/true);
    return person;
}

}  // namespace vultus::image_training
