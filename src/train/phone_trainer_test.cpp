// The speech encoder's training: what it is fed, that a stopped run goes on as if it never stopped, and that
// a person learns to listen through it.
#include <gtest/gtest.h>

#include <cmath>

#include "audio/log_mel.h"
#include "autograd/torch_ops.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "corpus/tiny_corpus_testonly.h"
#include "models/speech_encoder.h"
#include "person/speech_model.h"
#include "phone_training/phone_data.h"
#include "train/train.h"

namespace vultus::train {
namespace {

namespace fs = std::filesystem;

/// Half silence, half a buzz: phones 0 and 5.
void write_speech(const fs::path& folder, int clips) {
    corpus::SpeechCorpusWriter writer(folder);
    for (int i = 0; i < clips; ++i) {
        corpus::SpeechClip clip;
        clip.name = "clip" + std::to_string(i);
        clip.voice = i % 2 ? "high" : "low";
        clip.language = "en";
        clip.validation = i + 1 == clips;
        clip.phones = {{0, 8000, 0}, {8000, 16000, 5}};
        std::vector<float> audio(16000, 0.0f);
        for (std::size_t n = 8000; n < audio.size(); ++n)
            audio[n] = static_cast<float>(0.3 * std::sin((i % 2 ? 0.3 : 0.2) * static_cast<double>(n)));
        writer.add(clip, audio);
    }
    writer.finish();
}

class PhoneTraining : public testing::Test {
  protected:
    void SetUp() override {
        Progress::set_quiet(true);
        write_speech(scratch_ / "tiny.speech", 4);
    }

    training_loop::TrainOptions options(const std::string& name, std::int64_t steps) {
        training_loop::TrainOptions options;
        options.corpus = scratch_ / "tiny.speech";
        options.out = scratch_ / name;
        options.stage = "phones";
        options.num_threads = 1;
        options.steps = steps;
        options.report_every_s = 1e9;
        return options;
    }

    ScratchFolder scratch_{"phone-trainer"};
};

TEST_F(PhoneTraining, LabelsLieWhereTheSoundIs) {
    const auto examples =
        phone_training::load_phone_examples(corpus::SpeechCorpus::open(scratch_ / "tiny.speech"), 1, 1);
    ASSERT_EQ(examples.size(), 4u);
    EXPECT_EQ(examples[0].rows.size(), 3u) << "as recorded, as another voice, and in noise";
    EXPECT_EQ(examples[3].rows.size(), 1u) << "validation stays as recorded";
    const phone_training::PhoneExample& example = examples[0];
    ASSERT_EQ(example.phones.size(), 50u);
    for (std::size_t k = 0; k < 50; ++k) {
        EXPECT_EQ(example.phones[k], k < 25 ? 0 : 5) << k;
        const float loud = *std::max_element(&example.loudness[4 * k], &example.loudness[4 * k] + 4);
        if (k < 24) {
            EXPECT_LT(loud, -3) << k;
        } else if (k > 26) {
            EXPECT_GT(loud, -0.5) << k;
        }
    }
    std::vector<float> mean, deviation;
    measure_mel(examples, mean, deviation);
    const phone_training::PhoneBatches batches(examples, mean, deviation, true);
    Rng first(5), second(5);
    const phone_training::PhoneBatch a = batches.draw(6, 60, first), b = batches.draw(6, 60, second);
    EXPECT_TRUE(a.log_mel.equal(b.log_mel)) << "the same draw gives the same batch";
    EXPECT_EQ(a.log_mel.sizes(), (torch::IntArrayRef{6, 60, 80}));
    EXPECT_EQ(a.phones.sizes(), (torch::IntArrayRef{6, 30}));
    EXPECT_TRUE(a.log_mel.isfinite().all().item<bool>());

    // Half of these recordings is silence, half AH, and a tenth of the batches is silence.
    const std::vector<float> share = batches.phone_share();
    ASSERT_EQ(share.size(), 40u);
    EXPECT_NEAR(share[0] - share[5], 0.1, 1e-4);
    EXPECT_NEAR(std::accumulate(share.begin(), share.end(), 0.0), 1, 1e-5);
    EXPECT_GT(*std::min_element(share.begin(), share.end()), 0);
}

TEST_F(PhoneTraining, ResumesExactlyAndGivesAPersonEars) {
    train_person(options("straight", 3));
    train_person(options("stopped", 1));
    fs::remove(scratch_ / "stopped");
    train_person(options("stopped", 3));  // goes on from its checkpoint
    const person::SpeechModel a = person::load_speech_model(scratch_ / "straight");
    const person::SpeechModel b = person::load_speech_model(scratch_ / "stopped");
    EXPECT_EQ(a.card.at("steps"), 3);
    EXPECT_EQ(a.phone_share.size(), 40u);
    ASSERT_EQ(a.weights.tensors.size(), b.weights.tensors.size());
    for (const auto& [name, tensor] : a.weights.tensors)
        EXPECT_EQ(tensor.bytes, b.weights.at(name).bytes) << name;

    const corpus::TinyCorpus faces(scratch_ / "tiny.corpus");
    training_loop::TrainOptions person = options("heard.vultus", 2);
    person.corpus = faces.corpus.folder;
    person.stage = "all";
    person.size_px = corpus::TinyCorpus::kSizePx;
    person.batch = 2;
    person.speech = scratch_ / "straight";
    train_person(person);
    const person::Person heard = person::load_person(scratch_ / "heard.vultus");
    EXPECT_EQ(heard.model.speech.features, "phonetic");
    EXPECT_EQ(heard.stats.mel_mean, a.mel_mean);
    EXPECT_EQ(heard.model.speech_encoder.non_causal_blocks, 0) << "a talking person cannot wait";
    for (const auto& [name, tensor] : a.weights.tensors) {
        if (name.rfind("phonetic.hindsight.", 0) == 0)
            EXPECT_FALSE(heard.weights.has(name)) << name;
        else
            EXPECT_EQ(tensor.bytes, heard.weights.at(name).bytes) << name;
    }
}

// A deeper encoder begins where the one that it comes from stopped: a step too small to matter changes
// nothing.
TEST_F(PhoneTraining, GoesOnFromAShallowerEncoder) {
    person::SpeechModel shallow;
    shallow.config.width = 16;
    shallow.config.blocks = 3;
    shallow.config.feed_forward = 24;
    shallow.config.non_causal_blocks = 0;
    autograd::Parameters weights(torch::kCPU, torch::kFloat32, 4), deep_weights = weights;
    const torch::Tensor rows = torch::randn({1, 80, 80});
    autograd::TorchOps ops(weights, torch::kFloat32, /*training=*/false);
    const auto phones_of = [&](autograd::TorchOps& ops, const models::SpeechEncoderConfig& config) {
        return models::speech_encoder({ops, "phonetic"}, config, autograd::TorchOps::wrap(rows));
    };
    const torch::Tensor before = autograd::TorchOps::unwrap(phones_of(ops, shallow.config).phones);
    for (const auto& [name, weight] : weights.all())
        shallow.weights.tensors[name] = autograd::to_host(weight);
    shallow.mel_mean.assign(80, -5);
    shallow.mel_std.assign(80, 2);
    shallow.card = {{"steps", 100}};
    person::save_speech_model(scratch_ / "shallow", shallow);

    training_loop::TrainOptions on = options("deeper", 1);
    on.from = scratch_ / "shallow";
    on.non_causal_only = true;
    EXPECT_THROW(train_person(on), Error) << "blocks would be added to what must stay";
    on.non_causal_only = false;
    train_person(on);
    person::SpeechModel deeper = person::load_speech_model(scratch_ / "deeper");
    EXPECT_EQ(deeper.card.at("steps"), 101);
    EXPECT_EQ(deeper.mel_mean, shallow.mel_mean);
    EXPECT_EQ(deeper.config.width, 16);
    EXPECT_GT(deeper.config.blocks, 3);
    EXPECT_GT(deeper.config.non_causal_blocks, 0);
    deep_weights.load(deeper.weights, "phonetic.");
    autograd::TorchOps deep_ops(deep_weights, torch::kFloat32, /*training=*/false);
    const models::SpeechEncoderOutput after = phones_of(deep_ops, deeper.config);
    const torch::Tensor live = autograd::TorchOps::unwrap(after.phones);
    const torch::Tensor later = autograd::TorchOps::unwrap(
        models::non_causal_phones({deep_ops, "phonetic.hindsight"}, deeper.config, after));
    // One step of at most 5e-6 a weight, and bf16.
    const double size = before.square().mean().item<double>();
    EXPECT_LT((live - before).square().mean().item<double>(), 1e-3 * size);
    EXPECT_LT((later - live).square().mean().item<double>(), 1e-3 * size);
}

TEST_F(PhoneTraining, NonCausalOnlyLeavesTheRest) {
    training_loop::TrainOptions options = this->options("first", 1);
    options.non_causal_only = true;
    EXPECT_THROW(train_person(options), Error) << "nothing to leave as it is";
    options.non_causal_only = false;
    train_person(options);
    const person::SpeechModel before = person::load_speech_model(scratch_ / "first");
    options = this->options("second", 4);
    options.from = scratch_ / "first";
    options.non_causal_only = true;
    options.steps = 2;
    train_person(options);
    fs::remove(scratch_ / "second");
    options.steps = 4;  // on from its checkpoint
    train_person(options);
    const person::SpeechModel after = person::load_speech_model(scratch_ / "second");
    bool moved = false;
    for (const auto& [name, tensor] : before.weights.tensors) {
        if (name.rfind("phonetic.hindsight.", 0) == 0)
            moved = moved || tensor.bytes != after.weights.at(name).bytes;
        else
            EXPECT_EQ(tensor.bytes, after.weights.at(name).bytes) << name;
    }
    EXPECT_TRUE(moved);
}

TEST_F(PhoneTraining, RefusesWhatIsNoSpeechCorpusOrEncoder) {
    training_loop::TrainOptions no_corpus = options("a", 1);
    no_corpus.corpus = scratch_ / "absent";
    EXPECT_THROW(train_person(no_corpus), Error);
    write_file(scratch_ / "text", "not an encoder");
    EXPECT_THROW(person::load_speech_model(scratch_ / "text"), Error);
    train_person(options("model", 1));
    const std::string bytes = read_file(scratch_ / "model");
    write_file(scratch_ / "half", bytes.substr(0, bytes.size() / 2));
    EXPECT_THROW(person::load_speech_model(scratch_ / "half"), Error);

    person::SpeechModel model = person::load_speech_model(scratch_ / "model");
    const std::vector<float> share = model.phone_share;
    model.phone_share.clear();
    person::save_speech_model(scratch_ / "older", model);
    EXPECT_TRUE(person::load_speech_model(scratch_ / "older").phone_share.empty());
    for (const float wrong : {0.0f, -0.5f, 2.0f, std::nanf("")}) {
        model.phone_share = share;
        model.phone_share[7] = wrong;
        person::save_speech_model(scratch_ / "wrong", model);
        EXPECT_THROW(person::load_speech_model(scratch_ / "wrong"), Error) << wrong;
    }
}

}  // namespace
}  // namespace vultus::train
