#include "phone_training/phone_trainer.h"

#include <fmt/format.h>

#include "audio/phones.h"
#include "base/error.h"
#include "base/progress.h"
#include "models/speech_encoder.h"

namespace vultus::phone_training {

using torch::Tensor;

namespace {

constexpr int kVoiceVersions = 1;
constexpr std::int64_t kBatch = 16, kPieceRows = 300;
constexpr double kLearningRate = 2e-3, kWarmLearningRate = 1e-3, kNonCausalLearningRate = 5e-4;
constexpr double kLoudnessWeight = 0.2;

/// [num_phones, num_visemes]: 1 where a phone looks like a viseme.
Tensor viseme_table() {
    Tensor table = torch::zeros({audio::kNumPhones, audio::kNumVisemes});
    for (int phone = 0; phone < audio::kNumPhones; ++phone)
        table[phone][static_cast<int>(audio::viseme_of(phone))] = 1;
    return table;
}

}  // namespace

PhoneTrainer::PhoneTrainer(const training_loop::TrainOptions& options, const corpus::SpeechCorpus& corpus,
                           const training_loop::RunFolder& run, autograd::ProcessGroup& group)
    : options_(options),
      run_(run),
      group_(group),
      device_(options.device),
      parameters_(device_, torch::kFloat32, options.seed),
      adam_(parameters_, {0.9, 0.98, 1e-8, 1.0, 0.01, 0.998}),
      log_(run.folder, "phones", {"loss", "viseme_error", "live_viseme_error", "seconds"}) {
    if (!options.from.empty())
        warm_start();
    else if (options.non_causal_only)
        fail(ErrorCode::kInvalidArgument,
             "[train] --non-causal-only: expected --from with the encoder that stays as it is");
    examples_ = load_phone_examples(corpus, kVoiceVersions, options.seed);
    if (model_.mel_mean.empty()) measure_mel(examples_, model_.mel_mean, model_.mel_std);
    batches_ =
        std::make_unique<PhoneBatches>(examples_, model_.mel_mean, model_.mel_std, model_.config.equalized);
    model_.phone_share = batches_->phone_share();
}

/// Goes on from another encoder: as deep as ours by now is, its new blocks change nothing at first.
void PhoneTrainer::warm_start() {
    const person::SpeechModel from = person::load_speech_model(options_.from);
    models::SpeechEncoderConfig same = from.config;
    same.blocks = std::max(same.blocks, model_.config.blocks);
    same.non_causal_blocks = std::max(same.non_causal_blocks, model_.config.non_causal_blocks);
    same.dropout = model_.config.dropout;
    if (from.config.non_causal_blocks == 0) {
        same.non_causal_kernel = model_.config.non_causal_kernel;
        same.non_causal_feed_forward = model_.config.non_causal_feed_forward;
    }
    model_.config = same;
    model_.mel_mean = from.mel_mean;
    model_.mel_std = from.mel_std;
    steps_before_ = from.card.value("steps", std::int64_t{0});
    parameters_.load(from.weights, "phonetic.");
    const auto silence_new = [&](const std::string& part, int feed_forward, int begin, int end) {
        for (int i = begin; i < end; ++i)
            for (const auto& [branch, inner] : {std::pair{"conv", same.width}, {"ffn", feed_forward}}) {
                const std::string down = fmt::format("phonetic.{}block.{}.{}.down.", part, i, branch);
                parameters_.get(down + "weight", {same.width, inner}, models::Init::zeros());
                parameters_.get(down + "bias", {same.width}, models::Init::zeros());
            }
    };
    silence_new("", same.feed_forward, from.config.blocks, same.blocks);
    silence_new("hindsight.", same.non_causal_feed_forward, from.config.non_causal_blocks,
                same.non_causal_blocks);
    if (options_.non_causal_only) {
        if (same.blocks != from.config.blocks)
            fail(ErrorCode::kInvalidArgument,
                 "[train] --non-causal-only: {}: expected an encoder of {} blocks, which stays as it is, got "
                 "{}",
                 options_.from.string(), same.blocks, from.config.blocks);
        freeze_live();
    }
}

void PhoneTrainer::freeze_live() {
    parameters_.set_trainable("phonetic.", false);
    parameters_.set_trainable("phonetic.hindsight.", true);
}

void PhoneTrainer::run() {
    steps_done_ = training_loop::run_stage(
        *this,
        {"phones", run_.folder / "phones.safetensors", options_.budget_s, options_.steps,
         options_.report_every_s, options_.checkpoint_every_s, kBatch * group_.size(), options_.restart},
        group_);
}

Tensor PhoneTrainer::loss(const PhoneBatch& batch, std::int64_t step) {
    // Dropout of a step does not depend on what ran before: a resumed run equals one that never stopped.
    torch::manual_seed(
        Rng(options_.seed * 104729 + static_cast<std::uint64_t>(step * group_.size() + group_.rank()))
            .next());
    autograd::TorchOps ops(parameters_, autograd::fast_dtype(device_), /*training=*/true);
    const models::SpeechEncoderOutput out = models::speech_encoder(
        {ops, "phonetic"}, model_.config, autograd::TorchOps::wrap(batch.log_mel.to(device_)));
    const Tensor target = batch.phones.to(device_).flatten();
    const auto misnamed = [&](const models::Value& logits) {
        return torch::nn::functional::cross_entropy(
            autograd::TorchOps::unwrap(logits).flatten(0, 1), target,
            torch::nn::functional::CrossEntropyFuncOptions().ignore_index(-1).label_smoothing(0.05));
    };
    const Tensor named = 0.5 * (misnamed(out.phones) + misnamed(models::non_causal_phones(
                                                           {ops, "phonetic.hindsight"}, model_.config, out)));
    const Tensor known = target.ne(-1).to(torch::kFloat32).view(batch.phones.sizes()).unsqueeze(2);
    const Tensor louder = (autograd::TorchOps::unwrap(out.loudness) - batch.loudness.to(device_)) * known;
    return named + kLoudnessWeight * louder.square().mean();
}

double PhoneTrainer::train_step(std::int64_t step, double fraction) {
    Rng rng(options_.seed * 65537 + static_cast<std::uint64_t>(step * group_.size() + group_.rank()));
    adam_.zero_grad();
    const Tensor value = loss(batches_->draw(kBatch, kPieceRows, rng), step);
    value.backward();
    std::vector<Tensor> gradients = adam_.gradients();
    group_.average(gradients);
    const double peak = options_.non_causal_only ? kNonCausalLearningRate
                        : options_.from.empty()  ? kLearningRate
                                                 : kWarmLearningRate;
    adam_.step(training_loop::learning_rate_at(peak, step, fraction));
    return group_.average(value.item<double>());
}

std::map<std::string, PhoneTrainer::Accuracy> PhoneTrainer::viseme_accuracy() {
    torch::NoGradGuard no_grad;
    adam_.swap_average();
    autograd::TorchOps ops(parameters_, torch::kFloat32, /*training=*/false);
    const Tensor table = viseme_table();
    std::map<std::string, Accuracy> accuracy;
    std::map<std::string, double> frames;
    for (const PhoneExample& example : examples_) {
        if (!example.validation) continue;
        const PhoneBatch batch = batches_->whole(example);
        const models::SpeechEncoderOutput out = models::speech_encoder(
            {ops, "phonetic"}, model_.config, autograd::TorchOps::wrap(batch.log_mel.to(device_)));
        const Tensor known = batch.phones[0].ne(-1);
        const Tensor wanted = table.index_select(0, batch.phones[0].clamp_min(0)).argmax(1);
        const auto right = [&](const models::Value& logits) {
            const Tensor guessed =
                autograd::TorchOps::unwrap(logits)[0].to(torch::kCPU).softmax(1).matmul(table).argmax(1);
            return guessed.eq(wanted).logical_and(known).sum().item<double>();
        };
        Accuracy& of_voice = accuracy[example.voice];
        of_voice.live += right(out.phones);
        of_voice.whole += right(models::non_causal_phones({ops, "phonetic.hindsight"}, model_.config, out));
        frames[example.voice] += known.sum().item<double>();
    }
    adam_.swap_average();
    for (auto& [voice, share] : accuracy) {
        share.live /= std::max(1.0, frames[voice]);
        share.whole /= std::max(1.0, frames[voice]);
    }
    return accuracy;
}

void PhoneTrainer::report(std::int64_t step, double mean_loss, double seconds) {
    double live = 0, whole = 0;
    std::string voices;
    const std::map<std::string, Accuracy> accuracy = viseme_accuracy();
    for (const auto& [voice, share] : accuracy) {
        voices += fmt::format("  {} {:.1f} % ({:.1f} % live)", voice, 100 * share.whole, 100 * share.live);
        live += share.live / static_cast<double>(accuracy.size());
        whole += share.whole / static_cast<double>(accuracy.size());
    }
    log_.row(step, {mean_loss, 1 - whole, 1 - live, seconds});
    fmt::print(stderr, "\nphones step {}  loss {:.4f}  right visemes{}  {}\n", step, mean_loss, voices,
               format_duration(seconds));
}

void PhoneTrainer::save_state(Archive& archive) const {
    for (const auto& [name, weight] : parameters_.all()) archive.tensors[name] = autograd::to_host(weight);
    adam_.save(archive);
}

void PhoneTrainer::load_state(const Archive& archive) {
    parameters_.load(archive, "phonetic.");
    if (options_.non_causal_only) freeze_live();
    adam_.load(archive);
}

person::SpeechModel PhoneTrainer::model() const {
    person::SpeechModel model = model_;
    for (const auto& [name, weight] : parameters_.all())
        model.weights.tensors[name] = autograd::to_host(adam_.average(name), /*bf16=*/true);
    double seconds = 0;
    std::map<std::string, bool> voices;
    for (const PhoneExample& example : examples_) {
        if (example.validation) continue;
        seconds += static_cast<double>(example.rows[0].size()) / 8000;
        voices[example.voice] = true;
    }
    model.card = {
        {"steps", steps_before_ + steps_done_}, {"hours", seconds / 3600}, {"voices", voices.size()}};
    return model;
}

}  // namespace vultus::phone_training
