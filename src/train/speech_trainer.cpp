#include "train/speech_trainer.h"

#include <fmt/format.h>

#include <cmath>

#include "audio/augment.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "models/speech_to_latent.h"
#include "person/speech_model.h"
#include "person/wav2vec2_file.h"
#include "train/face_places.h"
#include "train/lip_concordance.h"
#include "train/tempo.h"

namespace vultus::train {

using torch::Tensor;

namespace {

constexpr int kAugmentedVersions = 12;
/// Of a large encoder, which costs a hundred times more and hears much the same through noise.
constexpr int kAugmentedVersionsOfPublished = 2;
constexpr std::int64_t kBatch = 16;
constexpr double kLearningRate = 1e-3;
/// From the same person's speech: more would first forget what was learnt, then learn the clips by heart.
constexpr double kWarmLearningRate = 3e-4;
constexpr double kCleanShare = 0.25;    ///< of the batch
constexpr double kSilenceShare = 0.06;  ///< of the batch: no speech, mouth at rest
/// Half of the batches see the whole context, the others as little as live speech will have.
constexpr int kLookAheadFrames[] = {-1, -1, -1, -1, 0, 0, 1, 3};
constexpr std::int64_t kValidateEvery = 50;
constexpr double kTempoShare = 0.5, kMostTempo = 0.25;
constexpr double kMouthWeight = 2.0, kLipWeight = 4.0, kMotionWeight = 2.0, kPoseWeight = 0.2;
constexpr double kConcordanceWeight = 1.0;

Tensor vector_tensor(const std::vector<float>& values) { return torch::tensor(values); }

double correlation(const Tensor& a, const Tensor& b) {
    const Tensor x = a - a.mean(), y = b - b.mean();
    const double norm = std::sqrt(x.square().sum().item<double>() * y.square().sum().item<double>());
    return norm > 1e-12 ? (x * y).sum().item<double>() / norm : 0;
}

/// SpecAugment (Park et al. 2019, arXiv:1904.08779): some features and some moments are lost; in place.
void mask(Tensor& rows, Rng& rng) {
    const auto place = [&](std::int64_t size, std::int64_t width) {
        return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(size - width)));
    };
    for (int i = 0; i < 2; ++i) {
        if (rng.uniform() >= 0.5) continue;
        const auto width = static_cast<std::int64_t>(2 + rng.below(10));
        if (width < rows.size(1)) rows.narrow(1, place(rows.size(1), width), width).zero_();
    }
    const auto width = static_cast<std::int64_t>(1 + rng.below(8));
    if (rng.uniform() < 0.5 && width < rows.size(0))
        rows.narrow(0, place(rows.size(0), width), width).zero_();
}

/// Mean squared difference of [T, 2] tracks, each about its own mean and in its own deviation.
double track_difference(const Tensor& a, const Tensor& b) {
    const auto standard = [](const Tensor& track) {
        return (track - track.mean(0)) / track.std(0).clamp_min(1e-6);
    };
    return (standard(a) - standard(b)).square().sum(1).mean().item<double>();
}

/// One encoder of pictures made both.
bool same_latents(const person::Person& a, const person::Person& b) {
    for (const auto& [name, tensor] : a.weights.tensors) {
        if (!name.starts_with("encoder.")) continue;
        const auto other = b.weights.tensors.find(name);
        if (other == b.weights.tensors.end() || other->second.bytes != tensor.bytes) return false;
    }
    return true;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace

SpeechTrainer::SpeechTrainer(const TrainOptions& options, const corpus::Corpus& corpus, const RunFolder& run,
                             person::Person person, ProcessGroup& group)
    : options_(options),
      run_(run),
      group_(group),
      person_(std::move(person)),
      device_(options.device),
      parameters_(device_, torch::kFloat32, options.seed),
      adam_(parameters_, {0.9, 0.98, 1e-8, 1.0, 0.01, 0.998}),
      learning_rate_(kLearningRate),
      log_(run.folder, "speech",
           {"loss", "validation_error", "opening_r", "mouth_distance", "lip_difference", "seconds"}) {
    std::vector<LatentClip> clips =
        encode_clips(corpus, person_, device_, run.folder / "latents.safetensors");
    person_.stats = measure_stats(clips, person_);
    choose_features();
    postures_ = measure_postures(clips);
    make_examples(std::move(clips));
    fit_mouth_probe();
    make_silence();
    if (!options.from.empty()) warm_start();
}

/// The blocks after the chosen hidden state are left out of the person.
void SpeechTrainer::listen_through_published_weights() {
    const person::Wav2Vec2Model model = person::load_wav2vec2(options_.speech);
    models::use_speech_encoder(person_.model, model.config, options_.speech_layers);
    const int last = options_.speech_layers.last_layer(model.config);
    const std::string blocks = "wav2vec2.encoder.layers.";
    for (const auto& [name, tensor] : model.weights.tensors)
        if (name.rfind(blocks, 0) != 0 || std::stoi(name.substr(blocks.size())) < last)
            person_.weights.tensors[name] = tensor.to_bf16();
}

/// The speech encoder becomes part of the person.
void SpeechTrainer::choose_features() {
    std::erase_if(person_.weights.tensors, [](const auto& entry) {
        return entry.first.rfind("phonetic.", 0) == 0 || entry.first.rfind("wav2vec2.", 0) == 0;
    });
    if (options_.speech.empty()) {
        const models::ModelConfig& model = person_.model;
        const int latent = model.speech.latent;
        person_.model.speech = models::preset(model.preset, model.unet.size_px).speech;
        person_.model.speech.latent = latent;
    } else if (person::is_published_encoder(options_.speech)) {
        listen_through_published_weights();
    } else {
        const person::SpeechModel model = person::load_speech_model(options_.speech);
        models::use_speech_encoder(person_.model, model.config, options_.phones_alone);
        person_.stats.mel_mean = model.mel_mean;
        person_.stats.mel_std = model.mel_std;
        for (const auto& [name, tensor] : model.weights.tensors)
            if (name.rfind("phonetic.hindsight.", 0) != 0) person_.weights.tensors[name] = tensor;
    }
    features_ = std::make_unique<SpeechFeatures>(person_);
}

/// From another person's speech: how sound becomes motion is much the same, only the latents mean other
/// things.
void SpeechTrainer::warm_start() {
    const person::Person from = person::load_person(options_.from);
    if (!from.can_speak()) return;
    const bool same_person = same_latents(from, person_);
    if (same_person) listen_to_calibration(from.stats);
    if (options_.new_speech) return;
    const auto sizes = [](const person::Person& person) {
        nlohmann::json json = models::to_json(person.model).at("speech");
        json.erase("dropout");
        json["input"] = person.model.speech_feature_width();
        return json.dump();
    };
    if (sizes(from) != sizes(person_)) {
        fmt::print(stderr, "[train] {}: its speech network has other sizes: speech starts anew\n",
                   options_.from.string());
        return;
    }
    parameters_.load(from.weights, "speech.");
    if (same_person) learning_rate_ = kWarmLearningRate;
}

/// What drawn lips do, instead of what recorded ones do, with the same latents.
void SpeechTrainer::listen_to_calibration(const person::Stats& stats) {
    if (stats.lip_probe.empty()) return;
    // Per unit of its latents, which may have been normalised by other clips.
    const Tensor unit = vector_tensor(person_.stats.latent_std) / vector_tensor(stats.latent_std);
    lip_probe_ = (vector_tensor(stats.lip_probe).view({-1, 2}) * unit.unsqueeze(1)).to(device_);
}

SpeechTrainer::Example SpeechTrainer::make_example(const LatentClip& clip, std::uint64_t seed) const {
    const person::Stats& stats = person_.stats;
    const std::int64_t frames = clip.latents.size(0);
    Example example;
    example.target = clip.latents / vector_tensor(stats.latent_std);
    example.reference = (clip.latent_mean - postures_.mean) / postures_.std;
    if (!stats.blink_direction.empty())
        example.target -=
            clip.blink.clamp(0, 1).unsqueeze(1) * vector_tensor(stats.blink_direction).unsqueeze(0);
    example.pose = clip.pose_deg / vector_tensor(stats.pose_std);
    example.mouth = clip.mouth;
    example.opening = clip.opening;
    example.lips = lips_of(clip.mouth);
    example.lips -= example.lips.mean(0);
    std::vector<float> valid(clip.valid.begin(), clip.valid.end());
    example.valid = vector_tensor(valid);
    example.features.push_back((*features_)(clip.audio, frames));
    Rng rng(seed);
    const int versions =
        person_.model.speech.features == "wav2vec2" ? kAugmentedVersionsOfPublished : kAugmentedVersions;
    for (int i = 0; !clip.validation && i < versions; ++i)
        example.features.push_back((*features_)(audio::augment(clip.audio, rng), frames, i % 2 == 1));
    example.rest_frame = quietest_frame(example);
    return example;
}

/// Among the quietest fifth of the frames the one whose lips are closest together.
std::int64_t SpeechTrainer::quietest_frame(const Example& example) const {
    const std::int64_t frames = example.target.size(0);
    const Tensor loudness = example.features[0].view({frames, -1}).mean(1);
    const Tensor order = loudness.argsort();
    std::int64_t best = order[0].item<std::int64_t>();
    for (std::int64_t i = 0; i < std::max<std::int64_t>(1, frames / 5); ++i) {
        const auto t = order[i].item<std::int64_t>();
        if (example.opening[t].item<float>() < example.opening[best].item<float>()) best = t;
    }
    return best;
}

void SpeechTrainer::make_examples(std::vector<LatentClip> clips) {
    Progress progress("features", "clips", static_cast<std::int64_t>(clips.size()));
    for (std::size_t i = 0; i < clips.size(); ++i) {
        throw_if_cancelled();
        (clips[i].validation ? validation_ : train_)
            .push_back(make_example(clips[i], options_.seed * 10007 + i));
        progress.update(static_cast<std::int64_t>(i) + 1);
    }
    if (validation_.empty())
        validation_.assign(train_.begin(), train_.begin() + static_cast<std::ptrdiff_t>(
                                                                std::min<std::size_t>(8, train_.size())));
}

/// The mouth as a linear function of the latents: errors that move the lips count more than others.
void SpeechTrainer::fit_mouth_probe() {
    std::vector<Tensor> x, y;
    for (const Example& example : train_) {
        x.push_back(example.target);
        y.push_back(example.mouth);
    }
    const Tensor mouth = torch::cat(y);
    const Tensor weights = ridge(torch::cat(x), mouth, 10.0);
    mouth_probe_ = weights.narrow(0, 0, weights.size(0) - 1).to(device_);
    mouth_probe_offset_ = weights[weights.size(0) - 1].to(device_);
    lip_probe_ = lips_of(mouth_probe_);
    lip_scale_ = lips_of(mouth).std(0).clamp_min(1e-6).to(device_);
    mouth_scale_ = std::max(1e-6, (mouth - mouth.mean(0)).square().mean().sqrt().item<double>());
}

void SpeechTrainer::make_silence() {
    Rng rng(options_.seed + 17);
    std::int64_t frames = 0;
    for (const Example& example : train_) frames = std::max(frames, example.target.size(0));
    const auto samples = static_cast<std::size_t>(static_cast<double>(frames) * 16000 / person_.fps()) + 640;
    for (int i = 0; i < 24; ++i) {
        const double level = i == 0 ? 0 : std::pow(10, rng.uniform(-90, -38) / 20);
        const double smooth = rng.uniform(0, 0.97);  // from white to rumbling
        std::vector<float> audio(samples);
        double state = 0;
        for (float& sample : audio) {
            state = smooth * state + std::sqrt(1 - smooth * smooth) * rng.normal();
            sample = static_cast<float>(level * state);
        }
        silence_.push_back((*features_)(audio, frames));
    }
}

SpeechTrainer::Batch SpeechTrainer::make_batch(std::int64_t step) const {
    Rng rng(options_.seed * 65537 + static_cast<std::uint64_t>(step * group_.size() + group_.rank()));
    std::vector<std::size_t> chosen;
    std::int64_t frames = 1 << 30;
    for (std::int64_t i = 0; i < kBatch; ++i) {
        chosen.push_back(rng.below(train_.size()));
        frames = std::min(frames, train_[chosen.back()].target.size(0));
    }
    // Now and then only a part, so that the clip's ends teach no timing.
    if (frames > 60 && rng.uniform() < 0.4)
        frames = 40 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(frames - 40)));
    std::vector<Tensor> features, target, lips, pose, reference, valid;
    for (const std::size_t index : chosen) {
        const Example& example = train_[index];
        const Piece piece =
            rng.uniform() < kSilenceShare ? silence(example, frames, rng) : cut(example, frames, rng);
        features.push_back(piece.features);
        target.push_back(piece.target);
        lips.push_back(piece.lips);
        pose.push_back(piece.pose);
        reference.push_back(example.reference);
        valid.push_back(piece.valid);
    }
    return {torch::stack(features).to(device_),  torch::stack(target).to(device_),
            torch::stack(lips).to(device_),      torch::stack(pose).to(device_),
            torch::stack(reference).to(device_), torch::stack(valid).unsqueeze(2).to(device_)};
}

/// No speech: the mouth rests.
SpeechTrainer::Piece SpeechTrainer::silence(const Example& example, std::int64_t frames, Rng& rng) const {
    const int rate = person_.model.speech.rate_per_frame;
    return {silence_[rng.below(silence_.size())].narrow(0, 0, frames * rate),
            example.target[example.rest_frame].expand({frames, -1}),
            example.lips[example.rest_frame].expand({frames, -1}),
            example.pose[example.rest_frame].expand({frames, -1}), torch::ones({frames})};
}

SpeechTrainer::Piece SpeechTrainer::cut(const Example& example, std::int64_t frames, Rng& rng) const {
    const int rate = person_.model.speech.rate_per_frame;
    const std::int64_t length = example.target.size(0);
    const auto begin = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(length - frames + 1)));
    const std::size_t version = rng.uniform() < kCleanShare ? 0 : rng.below(example.features.size());
    Piece piece{example.features[version].narrow(0, begin * rate, frames * rate).clone(),
                example.target.narrow(0, begin, frames), example.lips.narrow(0, begin, frames),
                example.pose.narrow(0, begin, frames), example.valid.narrow(0, begin, frames)};
    if (rng.uniform() < kTempoShare) {
        const Tensor tempo = draw_tempo(frames, kMostTempo, rng);
        piece.features = rows_at(piece.features, tempo_of_rows(tempo, rate));
        piece.target = rows_at(piece.target, tempo);
        piece.lips = rows_at(piece.lips, tempo);
        piece.pose = rows_at(piece.pose, tempo);
        piece.valid = rows_at(piece.valid.unsqueeze(1), tempo).squeeze(1).gt(0.999).to(torch::kFloat32);
    }
    mask(piece.features, rng);
    return piece;
}

Tensor SpeechTrainer::loss(const Batch& batch, std::int64_t step) {
    // Dropout of a step does not depend on what ran before: a resumed run equals one that never stopped.
    const auto place = static_cast<std::uint64_t>(step * group_.size() + group_.rank());
    torch::manual_seed(Rng(options_.seed * 104729 + place).next());
    TorchOps ops(parameters_, fast_dtype(device_), /*training=*/true);
    const int look_ahead = kLookAheadFrames[Rng(options_.seed * 15485863 + place).below(8)];
    const models::SpeechToLatentOutput out =
        models::speech_to_latent({ops, "speech"}, person_.model.speech, TorchOps::wrap(batch.features),
                                 TorchOps::wrap(batch.pose), TorchOps::wrap(batch.reference), look_ahead);
    const Tensor latents = TorchOps::unwrap(out.latents);
    const Tensor error = (latents - batch.target) * batch.valid;
    const Tensor mouth = error.matmul(mouth_probe_) / mouth_scale_;
    const Tensor meant = latents.matmul(lip_probe_) / lip_scale_, recorded = batch.lips / lip_scale_;
    const Tensor lips = (meant - recorded) * batch.valid;
    const Tensor motion = mouth.narrow(1, 1, mouth.size(1) - 1) - mouth.narrow(1, 0, mouth.size(1) - 1);
    const Tensor pose = (TorchOps::unwrap(out.pose) - batch.pose) * batch.valid;
    return error.square().mean() + kMouthWeight * mouth.square().mean() +
           kMotionWeight * motion.square().mean() + kLipWeight * lips.square().mean() +
           kConcordanceWeight * lip_discordance(meant, recorded, batch.valid) +
           kPoseWeight * pose.square().mean();
}

void SpeechTrainer::run(double budget_s) {
    steps_done_ =
        run_stage(*this,
                  {"speech", run_.speech_checkpoint(), budget_s, options_.steps, options_.report_every_s,
                   options_.checkpoint_every_s, kBatch * group_.size(), options_.restart},
                  group_);
}

double SpeechTrainer::train_step(std::int64_t step, double fraction) {
    adam_.zero_grad();
    const Tensor value = loss(make_batch(step), step);
    value.backward();
    std::vector<Tensor> gradients = adam_.gradients();
    group_.average(gradients);
    adam_.step(learning_rate_at(learning_rate_, step, fraction));
    // Counted in steps, not in time: a resumed run keeps the same weights as one that never stopped.
    if (group_.is_first() && (step + 1) % kValidateEvery == 0) keep_best(step + 1);
    return group_.average(value.item<double>());
}

/// Error, lips and lip opening on the validation clips, driven by speech alone (predicted pose).
SpeechTrainer::Validation SpeechTrainer::validate() {
    torch::NoGradGuard no_grad;
    adam_.swap_average();
    TorchOps ops(parameters_, torch::kFloat32, /*training=*/false);
    Validation sum;
    std::vector<double> correlations, distances, differences;
    for (const Example& example : validation_) {
        const models::SpeechToLatentOutput out =
            models::speech_to_latent({ops, "speech"}, person_.model.speech,
                                     TorchOps::wrap(example.features[0].unsqueeze(0).to(device_)), {},
                                     TorchOps::wrap(example.reference.unsqueeze(0).to(device_)));
        const Tensor latents = TorchOps::unwrap(out.latents)[0];
        sum.latent_error += (latents.to(torch::kCPU) - example.target).square().mean().item<double>() /
                            static_cast<double>(validation_.size());
        const Tensor mouth = (latents.matmul(mouth_probe_) + mouth_probe_offset_).to(torch::kCPU);
        const Tensor apart = (mouth - example.mouth).view({-1, 20, 2}).square().sum(2).sqrt();
        distances.push_back(apart.mean().item<double>());
        correlations.push_back(correlation(opening_of(mouth), example.opening));
        differences.push_back(track_difference(latents.matmul(lip_probe_).to(torch::kCPU), example.lips));
    }
    adam_.swap_average();
    sum.opening_r = median(correlations);
    sum.mouth_distance = median(distances);
    sum.lip_difference = median(differences);
    return sum;
}

/// Speech overfits long before a generous budget ends.
void SpeechTrainer::keep_best(std::int64_t step) {
    const Validation now = validate();
    if (!(now.lip_difference < best_.lip_difference)) return;
    best_.step = step;
    best_.lip_difference = now.lip_difference;
    for (const auto& [name, weight] : parameters_.all())
        best_.weights[name] = to_host(adam_.average(name), /*bf16=*/true);
}

void SpeechTrainer::report(std::int64_t step, double mean_loss, double seconds) {
    const Validation now = validate();
    log_.row(step,
             {mean_loss, now.latent_error, now.opening_r, now.mouth_distance, now.lip_difference, seconds});
    fmt::print(stderr,
               "\nspeech step {}  loss {:.4f}  validation error {:.4f}  lip opening r {:.3f}  "
               "mouth distance {:.4f}  lip difference {:.3f} (best {:.3f} at {})  {}\n",
               step, mean_loss, now.latent_error, now.opening_r, now.mouth_distance, now.lip_difference,
               std::min(best_.lip_difference, now.lip_difference),
               best_.lip_difference < now.lip_difference ? best_.step : step, format_duration(seconds));
}

void SpeechTrainer::save_state(Archive& archive) const {
    for (const auto& [name, weight] : parameters_.all()) archive.tensors[name] = to_host(weight);
    for (const auto& [name, weight] : best_.weights) archive.tensors["best." + name] = weight;
    archive.metadata["best_step"] = std::to_string(best_.step);
    archive.metadata["best_lip_difference"] = fmt::format("{}", best_.lip_difference);
    adam_.save(archive);
}

void SpeechTrainer::load_state(const Archive& archive) {
    parameters_.load(archive, "speech.");
    adam_.load(archive);
    best_.step = std::stoll(archive.metadata.at("best_step"));
    best_.lip_difference = std::stod(archive.metadata.at("best_lip_difference"));
    best_.weights.clear();
    for (const auto& [name, weight] : archive.tensors)
        if (name.rfind("best.", 0) == 0) best_.weights[name.substr(5)] = weight;
}

person::Person SpeechTrainer::person() {
    keep_best(steps_done_);
    person::Person person = person_;
    for (const auto& [name, weight] : best_.weights) person.weights.tensors[name] = weight;
    const Tensor probe = lip_probe_.to(torch::kCPU, torch::kFloat32).contiguous();  // [D, 2]
    person.stats.lip_probe.assign(probe.data_ptr<float>(), probe.data_ptr<float>() + probe.numel());
    person.card.training["speech_steps"] = steps_done_;
    person.card.training["speech_best_step"] = best_.step;
    return person;
}

}  // namespace vultus::train
