#include "train/dae_trainer.h"

#include <fmt/format.h>

#include <cmath>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/rng.h"
#include "diffusion/schedule.h"
#include "models/unet.h"
#include "train/picture.h"

namespace vultus::train {

using torch::Tensor;

namespace {

constexpr int kValidationFrames = 16;

models::ModelConfig initial_model(const TrainOptions& options) {
    if (options.from.empty()) return models::preset(options.preset, options.size_px);
    return person::load_person(options.from).model;
}

Tensor timesteps_embedded(const std::vector<int>& timesteps, int width) {
    std::vector<float> values;
    for (const int t : timesteps) {
        const std::vector<float> row = models::time_embedding(t, width);
        values.insert(values.end(), row.begin(), row.end());
    }
    return torch::tensor(values).view({static_cast<std::int64_t>(timesteps.size()), width});
}

/// Boxes around the mouth and both eyes; landmarks_px [68, 2] times `factor` gives pixels of the picture.
std::array<corpus::Box, 3> feature_boxes(const float* landmarks_px, double factor) {
    constexpr int kRanges[3][2] = {{48, 68}, {36, 42}, {42, 48}};
    std::array<corpus::Box, 3> boxes;
    for (std::size_t part = 0; part < 3; ++part) {
        double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
        for (int i = kRanges[part][0]; i < kRanges[part][1]; ++i)
            for (int axis = 0; axis < 2; ++axis) {
                low[axis] = std::min(low[axis], landmarks_px[2 * i + axis] * factor);
                high[axis] = std::max(high[axis], landmarks_px[2 * i + axis] * factor);
            }
        boxes[part] = {low[0], low[1], high[0] - low[0], high[1] - low[1]};
    }
    return boxes;
}

}  // namespace

RunFolder::RunFolder(const std::filesystem::path& out) : folder(out.string() + ".training") {
    const std::filesystem::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
    if (!std::filesystem::is_directory(parent))
        fail(ErrorCode::kIo, "[train] {}: folder {} does not exist", out.string(), parent.string());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail(ErrorCode::kIo, "[train] cannot create {}: {}", folder.string(), error.message());
}

DaeTrainer::DaeTrainer(const TrainOptions& options, const corpus::Corpus& corpus, const RunFolder& run,
                       ProcessGroup& group)
    : options_(options),
      corpus_(corpus),
      run_(run),
      group_(group),
      model_(initial_model(options)),
      device_(options.device),
      compute_(fast_dtype(device_)),
      cache_(corpus, model_.unet.size_px),
      parameters_(device_, torch::kFloat32, options.seed),
      adam_(parameters_, {}),
      log_(run.folder, "dae",
           {"loss", "gradient_norm", "learning_rate", "psnr_db", "mouth_psnr_db", "seconds"}) {
    const diffusion::Schedule schedule(model_.diffusion.timesteps, model_.diffusion.beta_first,
                                       model_.diffusion.beta_last);
    for (int t = 0; t < schedule.timesteps(); ++t) alpha_bar_.push_back(schedule.alpha_bar(t));
    choose_frames();
    measure_pictures();
    if (!options.from.empty()) warm_start();
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
            features_px_[frames.back()] =
                feature_boxes(&tracks.landmarks_px[static_cast<std::size_t>(f) * 136],
                              static_cast<double>(model_.unet.size_px) / corpus_.size_px);
        }
    }
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

/// Mean picture and spread of the residual over at most 2000 frames.
void DaeTrainer::measure_pictures() {
    const int size = model_.unet.size_px;
    if (model_.diffusion.residual) {
        const std::size_t stride = train_frames_.size() / 2000 + 1;
        const auto values = static_cast<std::size_t>(cache_.frame_bytes());
        std::vector<double> sum(values, 0), squares(values, 0);
        double count = 0;
        for (std::size_t i = 0; i < train_frames_.size(); i += stride, ++count) {
            const std::uint8_t* frame = cache_.frame(train_frames_[i]);
            for (std::size_t k = 0; k < values; ++k) {
                sum[k] += frame[k];
                squares[k] += static_cast<double>(frame[k]) * frame[k];
            }
        }
        double variance = 0;
        mean_picture_.resize(values);
        for (std::size_t k = 0; k < values; ++k) {
            const double mean = sum[k] / count;
            mean_picture_[k] = static_cast<std::uint8_t>(std::lround(mean));
            variance += squares[k] / count - mean * mean;
        }
        model_.diffusion.residual_scale =
            std::max(1e-3, std::sqrt(variance / static_cast<double>(values)) / 127.5);
    }
    space_ = std::make_unique<person::PictureSpace>(size, mean_picture_, model_.diffusion.residual_scale);
    const std::vector<float> noise = diffusion::noise_from_seed(options_.seed, space_->num_values());
    shared_noise_ = torch::tensor(noise).view({1, 3, size, size}).to(device_);
}

/// More weight on the mouth and, half as much, on the eyes of each frame, falling off softly around them.
Tensor DaeTrainer::loss_weights(const std::vector<std::int64_t>& frames) const {
    const int size = model_.unet.size_px;
    Tensor weights = torch::ones({static_cast<std::int64_t>(frames.size()), 1, size, size});
    for (std::size_t i = 0; i < frames.size(); ++i) {
        float* map = weights.data_ptr<float>() + static_cast<std::int64_t>(i) * size * size;
        for (std::size_t part = 0; part < 3; ++part) {
            const corpus::Box& box = features_px_.at(frames[i])[part];
            const double extra = (options_.mouth_weight - 1) * (part == 0 ? 1.0 : 0.5);
            const double soft = 0.05 * size;
            for (int y = std::max(0, static_cast<int>(box.y - 2 * soft));
                 y < std::min<double>(size, box.y + box.height + 2 * soft); ++y)
                for (int x = std::max(0, static_cast<int>(box.x - 2 * soft));
                     x < std::min<double>(size, box.x + box.width + 2 * soft); ++x) {
                    const double dx = std::max({box.x - x, x - box.x - box.width, 0.0}) / soft;
                    const double dy = std::max({box.y - y, y - box.y - box.height, 0.0}) / soft;
                    map[y * size + x] += static_cast<float>(extra * std::exp(-2 * (dx * dx + dy * dy)));
                }
        }
    }
    return weights.to(device_);
}

Tensor DaeTrainer::pictures(const std::vector<std::int64_t>& frames) const {
    const int size = model_.unet.size_px;
    Tensor batch = torch::empty({static_cast<std::int64_t>(frames.size()), 3, size, size});
    for (std::size_t i = 0; i < frames.size(); ++i)
        space_->to_model(cache_.frame(frames[i]),
                         batch.data_ptr<float>() + static_cast<std::int64_t>(i) * space_->num_values());
    return batch.to(device_);
}

std::vector<std::int64_t> DaeTrainer::frames_of_step(std::int64_t step) const {
    Rng rng(options_.seed * 1000003 + static_cast<std::uint64_t>(step));
    std::vector<std::int64_t> frames;
    for (int i = 0; i < options_.batch * group_.size(); ++i)
        frames.push_back(train_frames_[rng.below(train_frames_.size())]);
    const auto begin = frames.begin() + options_.batch * group_.rank();
    return {begin, begin + options_.batch};
}

/// Part of the samples at the highest noise (half of them with the shared x_T, which talking always starts
/// from), the others at t ~ sqrt(uniform): more weight on high noise, where one step has to do the most.
DaeTrainer::Noised DaeTrainer::add_noise(const Tensor& x0, std::int64_t step) const {
    const std::int64_t batch = x0.size(0);
    Tensor noise = torch::empty_like(x0);
    Tensor latent_noise = torch::empty({batch, model_.unet.latent}, x0.options());
    std::vector<int> timesteps;
    std::vector<float> signal, spread;
    for (std::int64_t i = 0; i < batch; ++i) {
        // By the sample's place in the batch of all processes: any number of them draws the same noise.
        const std::int64_t sample = (step * group_.size() + group_.rank()) * batch + i;
        Rng rng(options_.seed * 7919 + static_cast<std::uint64_t>(sample) * 131);
        torch::manual_seed(rng.next());
        noise[i].normal_();
        latent_noise[i].normal_();
        const double dice = rng.uniform();
        const double uniform = std::sqrt(rng.uniform());
        const int last = model_.diffusion.timesteps - 1;
        const bool paper = model_.preset == "paper";
        const int t = paper ? static_cast<int>(rng.below(static_cast<std::uint64_t>(last) + 1))
                      : dice < options_.full_noise ? last
                                                   : std::min(last, static_cast<int>(uniform * (last + 1)));
        if (!paper && dice < options_.full_noise / 2) noise[i].copy_(shared_noise_[0]);
        timesteps.push_back(t);
        signal.push_back(static_cast<float>(std::sqrt(alpha_bar_[static_cast<std::size_t>(t)])));
        spread.push_back(static_cast<float>(std::sqrt(1 - alpha_bar_[static_cast<std::size_t>(t)])));
    }
    const auto place = static_cast<std::uint64_t>(step * group_.size() + group_.rank());
    torch::manual_seed(Rng(options_.seed * 104729 + place).next());  // of dropout
    const Tensor s = torch::tensor(signal).view({batch, 1, 1, 1}).to(device_);
    const Tensor n = torch::tensor(spread).view({batch, 1, 1, 1}).to(device_);
    const bool v = model_.diffusion.prediction == "v";
    return {s * x0 + n * noise, v ? s * noise - n * x0 : noise,
            timesteps_embedded(timesteps, model_.unet.base_channels).to(device_), n.square(), latent_noise};
}

/// Squared error of the prediction, weighted by place; the live preset adds the error of its finite
/// differences where the noise is high, so that edges (lips, teeth, lids) are learnt early.
Tensor DaeTrainer::loss(const std::vector<std::int64_t>& frames, std::int64_t step) {
    TorchOps ops(parameters_, compute_, /*training=*/true);
    const Tensor x0 = pictures(frames);
    const Noised noised = add_noise(x0, step);
    Tensor z = TorchOps::unwrap(models::encoder({ops, "encoder"}, model_.encoder, TorchOps::wrap(x0)));
    if (model_.encoder.normalise && options_.latent_noise > 0)
        z = z + options_.latent_noise * noised.latent_noise;
    const models::Value prediction = models::unet({ops, "unet"}, model_.unet, TorchOps::wrap(noised.x_t),
                                                  TorchOps::wrap(noised.time), TorchOps::wrap(z));
    const Tensor error = TorchOps::unwrap(prediction) - noised.target;
    if (model_.preset == "paper") return error.square().mean();
    const Tensor weights = loss_weights(frames);
    const Tensor edge_weights = weights * noised.noise_share.pow(4) * options_.edge_weight;
    const std::int64_t last = error.size(2) - 1;
    const Tensor down = error.narrow(2, 1, last) - error.narrow(2, 0, last);
    const Tensor right = error.narrow(3, 1, last) - error.narrow(3, 0, last);
    return (error.square() * weights).mean() + (down.square() * edge_weights.narrow(2, 0, last)).mean() +
           (right.square() * edge_weights.narrow(3, 0, last)).mean();
}

double DaeTrainer::train_step(const std::vector<std::int64_t>& frames, std::int64_t step, double fraction) {
    adam_.zero_grad();
    const Tensor value = loss(frames, step);
    value.backward();
    std::vector<Tensor> gradients = adam_.gradients();
    group_.average(gradients);
    adam_.step(learning_rate_at(options_.learning_rate, step, fraction));
    return group_.average(value.item<double>());
}

void DaeTrainer::freeze_encoder() {
    torch::NoGradGuard no_grad;
    for (auto& [name, weight] : parameters_.all())
        if (name.rfind("encoder.", 0) == 0) weight.copy_(adam_.average(name));
    parameters_.set_trainable("encoder.", false);
    encoder_frozen_ = true;
}

void DaeTrainer::run(double budget_s) {
    const double before = options_.restart ? 0 : load_checkpoint();
    StageClock clock(budget_s, before, options_.steps);
    Progress progress("dae", "steps", 0);
    double last_checkpoint = clock.elapsed_s(), last_report = last_checkpoint;
    while (!group_.any(clock.finished(step_) || cancel_requested())) {
        const double fraction = clock.fraction(step_);
        if (!encoder_frozen_ && group_.from_first(fraction >= options_.freeze_encoder_at)) freeze_encoder();
        loss_sum_ += train_step(frames_of_step(step_), step_, fraction);
        ++loss_count_;
        ++step_;
        progress.update(step_, fmt::format("{:.1f} images/s  loss {:.4f}  {} left",
                                           static_cast<double>(step_ * options_.batch * group_.size()) /
                                               clock.elapsed_s(),
                                           loss_sum_ / static_cast<double>(loss_count_),
                                           format_duration(clock.seconds_left(step_))));
        const double now = clock.elapsed_s();
        if (group_.is_first() && now - last_report > options_.report_every_s) {
            report(now);
            last_report = now;
        }
        if (group_.is_first() && now - last_checkpoint > options_.checkpoint_every_s) {
            save_checkpoint(now);
            last_checkpoint = now;
        }
    }
    if (group_.is_first()) {
        if (loss_count_ > 0) report(clock.elapsed_s());
        save_checkpoint(clock.elapsed_s());
    }
    if (group_.any(cancel_requested())) fail(ErrorCode::kCancelled, "cancelled");
}

void DaeTrainer::report(double seconds) {
    std::vector<double> psnr;
    adam_.swap_average();
    validate(psnr);
    adam_.swap_average();
    const double loss = loss_sum_ / static_cast<double>(std::max<std::int64_t>(1, loss_count_));
    log_.row(step_, {loss, 0, 0, psnr[0], psnr[1], seconds});
    fmt::print(
        stderr, "\ndae step {}  {} images  loss {:.4f}  validation PSNR {:.2f} dB, mouth {:.2f} dB  {}\n",
        step_, step_ * options_.batch * group_.size(), loss, psnr[0], psnr[1], format_duration(seconds));
    loss_sum_ = 0;
    loss_count_ = 0;
}

/// Reconstructs the validation frames as talking would; writes the preview grid recording | reconstruction.
void DaeTrainer::validate(std::vector<double>& psnr) {
    torch::NoGradGuard no_grad;
    TorchOps ops(parameters_, compute_, /*training=*/false);
    const diffusion::Schedule schedule(model_.diffusion.timesteps, model_.diffusion.beta_first,
                                       model_.diffusion.beta_last);
    const auto kind = diffusion::prediction_from_name(model_.diffusion.prediction);
    const int size = model_.unet.size_px;
    Picture grid(8 * size, kValidationFrames / 4 * size);
    double squares[2] = {0, 0}, counts[2] = {0, 0};
    for (std::size_t i = 0; i < validation_frames_.size(); ++i) {
        const Tensor x0 = pictures({validation_frames_[i]});
        const models::Value z = models::encoder({ops, "encoder"}, model_.encoder, TorchOps::wrap(x0));
        Tensor x = shared_noise_.to(torch::kCPU).clone();
        const auto denoise = [&](std::span<const float>, int t, std::span<float> out) {
            const Tensor time = timesteps_embedded({t}, model_.unet.base_channels).to(device_);
            const models::Value prediction = models::unet(
                {ops, "unet"}, model_.unet, TorchOps::wrap(x.to(device_)), TorchOps::wrap(time), z);
            const Tensor host = TorchOps::unwrap(prediction).to(torch::kCPU).contiguous();
            std::copy_n(host.data_ptr<float>(), out.size(), out.begin());
        };
        ddim_sample(schedule,
                    schedule.timesteps_for(model_.diffusion.default_steps, model_.diffusion.spacing), kind,
                    denoise, {space_->low(), space_->high()},
                    {x.data_ptr<float>(), static_cast<std::size_t>(x.numel())});
        std::vector<std::uint8_t> rgb(static_cast<std::size_t>(cache_.frame_bytes()));
        space_->to_rgb(x.data_ptr<float>(), rgb.data());
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
    for (int region = 0; region < 2; ++region)
        psnr.push_back(10 * std::log10(255.0 * 255.0 * counts[region] / std::max(squares[region], 1e-9)));
    write_png(run_.folder / "preview.png", grid);
}

void DaeTrainer::save_checkpoint(double elapsed_s) {
    Archive archive;
    for (const auto& [name, weight] : parameters_.all()) archive.tensors[name] = to_host(weight);
    adam_.save(archive);
    archive.metadata["step"] = std::to_string(step_);
    archive.metadata["elapsed_s"] = std::to_string(elapsed_s);
    archive.metadata["encoder_frozen"] = encoder_frozen_ ? "1" : "0";
    archive.metadata["model"] = models::to_json(model_).dump();
    save_archive(run_.dae_checkpoint(), archive);
    person::save_person(run_.dae_person(), person());
}

double DaeTrainer::load_checkpoint() {
    if (!std::filesystem::exists(run_.dae_checkpoint())) return 0;
    const Archive archive = load_archive(run_.dae_checkpoint());
    try {
        return resume_from(archive);
    } catch (const std::logic_error& error) {  // a missing entry, or one that is no number
        fail(ErrorCode::kCorruptData, "[train] {}: damaged ({}); use --restart to begin anew",
             run_.dae_checkpoint().string(), error.what());
    } catch (const nlohmann::json::exception& error) {
        fail(ErrorCode::kCorruptData, "[train] {}: damaged ({}); use --restart to begin anew",
             run_.dae_checkpoint().string(), error.what());
    }
}

double DaeTrainer::resume_from(const Archive& archive) {
    models::ModelConfig saved =
        models::model_config_from_json(nlohmann::json::parse(archive.metadata.at("model")));
    saved.diffusion.residual_scale = model_.diffusion.residual_scale;
    if (models::to_json(saved) != models::to_json(model_))
        fail(ErrorCode::kInvalidArgument,
             "[train] {} belongs to a run with other settings; use --restart to begin anew",
             run_.dae_checkpoint().string());
    parameters_.load(archive, "unet.");
    parameters_.load(archive, "encoder.");
    adam_.load(archive);
    step_ = std::stoll(archive.metadata.at("step"));
    encoder_frozen_ = archive.metadata.at("encoder_frozen") == "1";
    if (encoder_frozen_) parameters_.set_trainable("encoder.", false);
    return std::stod(archive.metadata.at("elapsed_s"));
}

void DaeTrainer::warm_start() {
    const person::Person from = person::load_person(options_.from);
    parameters_.load(from.weights, "unet.");
    parameters_.load(from.weights, "encoder.");
}

person::Person DaeTrainer::person() const {
    person::Person person;
    person.card = options_.card;
    person.card.training["dae_steps"] = step_;
    person.card.training["dae_images"] = step_ * options_.batch * group_.size();
    person.model = model_;
    person.fps_num = corpus_.fps_num;
    person.fps_den = corpus_.fps_den;
    person.noise_seed = options_.seed;
    person.stats.mean_picture = mean_picture_;
    for (const auto& [name, weight] : parameters_.all())
        person.weights.tensors[name] =
            to_host(weight.requires_grad() ? adam_.average(name) : weight, /*bf16=*/true);
    return person;
}

}  // namespace vultus::train
