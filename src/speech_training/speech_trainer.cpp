#include "speech_training/speech_trainer.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/progress.h"
#include "models/speech_to_latent.h"
#include "speech_training/linear_path.h"
#include "speech_training/lip_concordance.h"
#include "speech_training/lip_shape.h"

namespace vultus::speech_training {

using torch::Tensor;

namespace {

constexpr double kLearningRate = 1e-3;
/// From the same person's speech: more would first forget what was learnt, then learn the clips by heart.
constexpr double kWarmLearningRate = 3e-4;
/// Half of the batches see the whole context, the others as little as live speech will have.
constexpr int kLookAheadFrames[] = {-1, -1, -1, -1, 0, 0, 1, 3};
constexpr std::int64_t kValidateEvery = 50;
constexpr std::size_t kHeads = 3;  ///< that each validation clip is spoken with
/// Of what the Conformers add to the line's lips: in between, two opinions are better than one. 1 comes
/// first.
constexpr double kShares[] = {1, 0.75, 0.5, 0.25, 0};
/// Of the recordings: a minute is learnt by heart long before a quarter of the usual budget is spent, and the
/// best step comes in the first 100 passes (docs/experiments.md).
constexpr std::int64_t kMostPasses = 400;
constexpr double kMouthWeight = 2.0, kLipWeight = 4.0, kMotionWeight = 2.0, kPoseWeight = 0.2;
constexpr double kConcordanceWeight = 1.0;

double correlation(const Tensor& a, const Tensor& b) {
    const Tensor x = a - a.mean(), y = b - b.mean();
    const double norm = std::sqrt(x.square().sum().item<double>() * y.square().sum().item<double>());
    return norm > 1e-12 ? (x * y).sum().item<double>() / norm : 0;
}

/// Mean squared difference of [T, 2] tracks, each about its own mean and in its own deviation.
double track_difference(const Tensor& a, const Tensor& b) {
    const auto standard = [](const Tensor& track) {
        return (track - track.mean(0)) / track.std(0).clamp_min(1e-6);
    };
    return (standard(a) - standard(b)).square().sum(1).mean().item<double>();
}

/// One encoder of images made both.
bool same_latents(const person::Person& a, const person::Person& b) {
    for (const auto& [name, tensor] : a.weights.tensors) {
        if (!name.starts_with("encoder.")) continue;
        const auto other = b.weights.tensors.find(name);
        if (other == b.weights.tensors.end() || other->second.bytes != tensor.bytes) return false;
    }
    return true;
}

/// The weights that read features, with zeros for those of `width` that they do not know yet (or without
/// those that are no longer there).
Archive with_inputs(Archive weights, int width) {
    for (const char* name : {"speech.features.0.weight", "speech.out.audio.weight"}) {
        const auto found = weights.tensors.find(name);
        if (found == weights.tensors.end()) continue;
        const Tensor from = autograd::from_host(found->second, torch::kCPU);  // [outputs, inputs, 3]
        Tensor to = torch::zeros({from.size(0), width, from.size(2)});
        const std::int64_t both = std::min<std::int64_t>(width, from.size(1));
        to.narrow(1, 0, both).copy_(from.narrow(1, 0, both));
        found->second = autograd::to_host(to);
    }
    return weights;
}

/// A batch of one.
models::Value one(const Tensor& tensor, torch::Device device) {
    return autograd::TorchOps::wrap(tensor.unsqueeze(0).to(device));
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

SpeechTrainer::SpeechTrainer(const training_loop::TrainOptions& options, const training_loop::RunFolder& run,
                             const SpeechExamples& examples, const person::Person& person,
                             autograd::ProcessGroup& group)
    : options_(options),
      run_(run),
      group_(group),
      person_(person),
      examples_(examples),
      device_(options.device),
      probe_(examples.probe()),
      parameters_(device_, torch::kFloat32, options.seed),
      adam_(parameters_, {0.9, 0.98, 1e-8, 1.0, 0.01, 0.998}),
      learning_rate_(kLearningRate),
      log_(run.folder, "speech",
           {"loss", "validation_error", "opening_r", "mouth_distance", "lip_difference", "seconds"}) {
    for (Tensor* tensor : {&probe_.mouth, &probe_.offset, &probe_.lips, &probe_.lip_scale})
        *tensor = tensor->to(device_);
    const bool complete = !options.from.empty() && warm_start();
    if (person.model.speech.linear_path) start_from_ridge(complete);
}

/// From another person's speech: how audio becomes motion is much the same, only the latents mean other
/// things.
bool SpeechTrainer::warm_start() {
    const person::Person from = person::load_person(options_.from);
    if (!from.can_speak()) return false;
    const bool same_person = same_latents(from, person_);
    if (same_person) listen_to_calibration(from.stats);
    if (options_.new_speech) return false;
    const auto sizes = [](const person::Person& person) {
        nlohmann::json json = models::to_json(person.model).at("speech");
        json.erase("dropout");
        json.erase("linear_path");
        json.erase("encoder_state");
        const bool small = person.model.speech.small_encoder();
        json["input"] = small ? person.model.speech_encoder.embedding : person.model.speech_feature_width();
        return json.dump();
    };
    if (sizes(from) != sizes(person_)) {
        fmt::print(stderr, "[train] {}: its speech network has other sizes: speech starts anew\n",
                   options_.from.string());
        return false;
    }
    parameters_.load(with_inputs(from.weights, person_.model.speech_feature_width()), "speech.");
    if (same_person) learning_rate_ = kWarmLearningRate;
    return same_person;
}

/// The Conformers add to a straight line, at first nothing: where a recording is too short to teach them
/// more, the best step is the first. complete: what was taken from a file needs no line, but may have one.
void SpeechTrainer::start_from_ridge(bool complete) {
    const auto zeros = [](const Shape& shape) {
        return HostTensor::from_f32(shape,
                                    std::vector<float>(static_cast<std::size_t>(num_elements(shape)), 0.0f));
    };
    const models::SpeechConfig& speech = person_.model.speech;
    Archive start;
    if (!complete) {
        start = fit_linear_path(examples_.training(), probe_.lips.to(torch::kCPU), "speech");
        start.tensors["speech.out.weight"] = zeros({speech.latent, speech.width});
        start.tensors["speech.out.bias"] = zeros({speech.latent});
    } else if (!parameters_.all().contains("speech.out.audio.weight")) {
        start.tensors["speech.out.audio.weight"] =
            zeros({speech.latent, person_.model.speech_feature_width(), 3});
        start.tensors["speech.out.audio.bias"] = zeros({speech.latent});
        start.tensors["speech.out.pose.weight"] = zeros({speech.latent, 3});
        start.tensors["speech.out.pose.bias"] = zeros({speech.latent});
    }
    parameters_.load(start, "speech.");
    fix_line();
}

/// It is the best line already; learnt on, it would learn the clips by heart.
void SpeechTrainer::fix_line() {
    parameters_.set_trainable("speech.out.audio.", false);
    parameters_.set_trainable("speech.out.pose.", false);
}

/// What drawn lips do, instead of what recorded ones do, with the same latents.
void SpeechTrainer::listen_to_calibration(const person::Stats& stats) {
    if (stats.lip_probe.empty()) return;
    // Per unit of its latents, which may have been normalised by other clips.
    const Tensor unit = torch::tensor(person_.stats.latent_std) / torch::tensor(stats.latent_std);
    probe_.lips = (torch::tensor(stats.lip_probe).view({-1, 2}) * unit.unsqueeze(1)).to(device_);
}

Tensor SpeechTrainer::loss(const SpeechBatch& batch, std::uint64_t place) {
    // Dropout of a step does not depend on what ran before: a resumed run equals one that never stopped.
    torch::manual_seed(Rng(options_.seed * 104729 + place).next());
    const bool exact = options_.precision == "float32";
    autograd::TorchOps ops(parameters_, autograd::compute_dtype(options_.precision, device_),
                           /*training=*/!exact);
    const int look_ahead = kLookAheadFrames[Rng(options_.seed * 15485863 + place).below(8)];
    const models::SpeechToLatentOutput out = models::speech_to_latent(
        {ops, "speech"}, person_.model.speech, autograd::TorchOps::wrap(batch.features),
        autograd::TorchOps::wrap(batch.pose), autograd::TorchOps::wrap(batch.reference), look_ahead);
    const Tensor latents = autograd::TorchOps::unwrap(out.latents);
    const Tensor error = (latents - batch.target) * batch.valid * batch.own;
    const Tensor mouth = error.matmul(probe_.mouth) / probe_.mouth_scale;
    const Tensor meant = latents.matmul(probe_.lips) / probe_.lip_scale,
                 recorded = batch.lips / probe_.lip_scale;
    const Tensor lips = (meant - recorded) * batch.valid;
    const Tensor motion = mouth.narrow(1, 1, mouth.size(1) - 1) - mouth.narrow(1, 0, mouth.size(1) - 1);
    const Tensor pose = (autograd::TorchOps::unwrap(out.pose) - batch.pose) * batch.valid * batch.own;
    return error.square().mean() + kMouthWeight * mouth.square().mean() +
           kMotionWeight * motion.square().mean() + kLipWeight * lips.square().mean() +
           kConcordanceWeight * lip_concordance_loss(meant, recorded, batch.valid) +
           kPoseWeight * pose.square().mean();
}

void SpeechTrainer::run(double budget_s) {
    steps_done_ = training_loop::run_stage(
        *this,
        {"speech", run_.speech_checkpoint(), budget_s, options_.steps, options_.report_every_s,
         options_.checkpoint_every_s, SpeechExamples::kBatch * group_.size(), options_.restart,
         std::max<std::int64_t>(1, kMostPasses * examples_.batches_per_pass() / group_.size())},
        group_);
}

double SpeechTrainer::train_step(std::int64_t step, double fraction) {
    adam_.zero_grad();
    if (step == 0 && group_.is_first()) keep_best(0);
    const auto place = static_cast<std::uint64_t>(step * group_.size() + group_.rank());
    const Tensor value = loss(examples_.batch(place).to(device_), place);
    value.backward();
    std::vector<Tensor> gradients = adam_.gradients();
    group_.average(gradients);
    adam_.step(training_loop::learning_rate_at(learning_rate_, step, fraction));
    // Counted in steps, not in time: a resumed run keeps the same weights as one that never stopped.
    if (group_.is_first() && (step + 1) % kValidateEvery == 0) keep_best(step + 1);
    return group_.average(value.item<double>());
}

/// In the posture in which the person will talk: that of a held-out clip is far from those of few clips, and
/// the Conformers say nothing there.
Tensor SpeechTrainer::latents_of(autograd::TorchOps& ops, const SpeechExample& example, const Tensor& pose) {
    const models::SpeechToLatentOutput out =
        models::speech_to_latent({ops, "speech"}, person_.model.speech, one(example.features[0], device_),
                                 one(pose, device_), one(torch::tensor(person_.stats.reference), device_));
    return autograd::TorchOps::unwrap(out.latents)[0];
}

/// What the line alone says; nothing where there is none.
Tensor SpeechTrainer::line_of(autograd::TorchOps& ops, const SpeechExample& example, const Tensor& pose) {
    const models::SpeechConfig& config = person_.model.speech;
    if (!config.linear_path) return torch::zeros({example.target.size(0), config.latent}).to(device_);
    return autograd::TorchOps::unwrap(models::line_to_latent(
        {ops, "speech"}, config, one(example.features[0], device_), one(pose, device_)))[0];
}

/// Lips on the validation clips, with heads that they were not recorded with, as in talking; the error of the
/// latents, with their own.
SpeechTrainer::Validation SpeechTrainer::validate() {
    torch::NoGradGuard no_grad;
    adam_.swap_average();
    autograd::TorchOps ops(parameters_, torch::kFloat32, /*training=*/false);
    Validation sum;
    std::vector<double> correlations, distances;
    std::array<std::vector<double>, std::size(kShares)> differences;
    const std::size_t num_shares = person_.model.speech.linear_path ? differences.size() : 1;
    for (std::size_t i = 0; i < examples_.validation().size(); ++i) {
        const SpeechExample& example = examples_.validation()[i];
        sum.latent_error += (latents_of(ops, example, example.pose).to(torch::kCPU) - example.target)
                                .square()
                                .mean()
                                .item<double>() /
                            static_cast<double>(examples_.validation().size());
        for (std::size_t k = 0; k < kHeads; ++k) {
            const Tensor pose = examples_.other_pose(kHeads * i + k, example.target.size(0));
            const Tensor latents = latents_of(ops, example, pose);
            const Tensor mouth = (latents.matmul(probe_.mouth) + probe_.offset).to(torch::kCPU);
            const Tensor apart = (mouth - example.mouth).view({-1, 20, 2}).square().sum(2).sqrt();
            distances.push_back(apart.mean().item<double>());
            correlations.push_back(correlation(opening_of(mouth), example.opening));
            const Tensor lips = latents.matmul(probe_.lips).to(torch::kCPU);
            const Tensor line = line_of(ops, example, pose).matmul(probe_.lips).to(torch::kCPU);
            for (std::size_t share = 0; share < num_shares; ++share)
                differences[share].push_back(
                    track_difference(line + kShares[share] * (lips - line), example.lips));
        }
    }
    adam_.swap_average();
    sum.lip_difference = 1e30;
    for (std::size_t share = 0; share < num_shares; ++share) {
        const double difference = median(differences[share]);
        if (difference >= sum.lip_difference) continue;
        sum.lip_difference = difference;
        sum.share = kShares[share];
    }
    sum.opening_r = median(correlations);
    sum.mouth_distance = median(distances);
    return sum;
}

/// Speech overfits long before a generous budget ends.
void SpeechTrainer::keep_best(std::int64_t step) {
    const Validation now = validate();
    if (!(now.lip_difference < best_.lip_difference)) return;
    best_.step = step;
    best_.lip_difference = now.lip_difference;
    best_.share = now.share;
    for (const auto& [name, weight] : parameters_.all()) {
        const bool last = name == "speech.out.weight" || name == "speech.out.bias";
        best_.weights[name] =
            autograd::to_host(last ? now.share * adam_.average(name) : adam_.average(name), /*bf16=*/true);
    }
}

void SpeechTrainer::report(std::int64_t step, double mean_loss, double seconds) {
    const Validation now = validate();
    log_.row(step,
             {mean_loss, now.latent_error, now.opening_r, now.mouth_distance, now.lip_difference, seconds});
    fmt::print(stderr,
               "\nspeech step {}  loss {:.4f}  validation error {:.4f}  lip opening r {:.3f}  "
               "mouth distance {:.4f}  lip difference {:.3f} with {:.0f} % (best {:.3f} at {})  {}\n",
               step, mean_loss, now.latent_error, now.opening_r, now.mouth_distance, now.lip_difference,
               100 * now.share, std::min(best_.lip_difference, now.lip_difference),
               best_.lip_difference < now.lip_difference ? best_.step : step, format_duration(seconds));
}

void SpeechTrainer::save_state(Archive& archive) const {
    for (const auto& [name, weight] : parameters_.all()) archive.tensors[name] = autograd::to_host(weight);
    for (const auto& [name, weight] : best_.weights) archive.tensors["best." + name] = weight;
    archive.metadata["best_step"] = std::to_string(best_.step);
    archive.metadata["best_share"] = fmt::format("{}", best_.share);
    archive.metadata["best_lip_difference"] = fmt::format("{}", best_.lip_difference);
    adam_.save(archive);
}

void SpeechTrainer::load_state(const Archive& archive) {
    parameters_.load(archive, "speech.");
    fix_line();
    adam_.load(archive);
    best_.step = std::stoll(archive.metadata.at("best_step"));
    if (const auto share = archive.metadata.find("best_share"); share != archive.metadata.end())
        best_.share = std::stod(share->second);
    best_.lip_difference = std::stod(archive.metadata.at("best_lip_difference"));
    best_.weights.clear();
    for (const auto& [name, weight] : archive.tensors)
        if (name.rfind("best.", 0) == 0) best_.weights[name.substr(5)] = weight;
}

person::Person SpeechTrainer::person() {
    keep_best(steps_done_);
    person::Person person = person_;
    for (const auto& [name, weight] : best_.weights) person.weights.tensors[name] = weight;
    const Tensor probe = probe_.lips.to(torch::kCPU, torch::kFloat32).contiguous();  // [D, 2]
    person.stats.lip_probe.assign(probe.data_ptr<float>(), probe.data_ptr<float>() + probe.numel());
    person.card.training["speech_steps"] = steps_done_;
    person.card.training["speech_best_step"] = best_.step;
    person.card.training["conformer_share"] = best_.share;
    return person;
}

}  // namespace vultus::speech_training
