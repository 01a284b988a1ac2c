// Published speech encoders in the trainer: LibTorch against a public implementation's values, and a person
// that learns to listen through one and speaks in the runtime.
#include <gtest/gtest.h>

#include <cmath>

#include "audio/audio_windows.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/scratch_folder.h"
#include "corpus/tiny_corpus_testonly.h"
#include "hearing/speech_features.h"
#include "models/wav2vec2.h"
#include "person/wav2vec2_file.h"
#include "speaking/latent_stream.h"
#include "speech_training/speech_features.h"
#include "train/train.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using autograd::TorchOps;

fs::path golden(const std::string& name) {
    return fs::path(VULTUS_SOURCE_DIR) / "tests/golden/wav2vec2" / name;
}

class TorchGolden : public testing::TestWithParam<const char*> {};

TEST_P(TorchGolden, EveryHiddenState) {
    torch::NoGradGuard no_grad;
    const person::Wav2Vec2Model model = person::load_wav2vec2(golden(GetParam()) / "model.safetensors");
    const Archive expected = load_archive(golden(GetParam()) / "expected.safetensors");
    std::vector<float> sound = expected.at("sound").to_f32();
    if (model.config.normalise_sound) audio::normalise_sound(sound);
    autograd::Parameters parameters(torch::kCPU, torch::kFloat32, 1);
    parameters.load(model.weights, "");
    TorchOps ops(parameters, torch::kFloat32, /*training=*/false);
    const auto states = models::wav2vec2_hidden_states({ops, "wav2vec2"}, model.config,
                                                       TorchOps::wrap(torch::tensor(sound).view({1, -1, 1})),
                                                       model.config.blocks);
    ASSERT_EQ(states.size(), expected.tensors.size() - 1);
    for (std::size_t i = 0; i < states.size(); ++i) {
        const torch::Tensor got = TorchOps::unwrap(states[i]).contiguous();
        const std::vector<float> want = expected.at("hidden." + std::to_string(i)).to_f32();
        ASSERT_EQ(got.numel(), static_cast<std::int64_t>(want.size()));
        for (std::size_t k = 0; k < want.size(); ++k)
            ASSERT_NEAR(got.data_ptr<float>()[k], want[k], 2e-4 * (1 + std::abs(want[k]))) << i << ", " << k;
    }
}

INSTANTIATE_TEST_SUITE_P(All, TorchGolden,
                         testing::Values("wav2vec2_base", "wav2vec2_large", "hubert_base", "hubert_large",
                                         "mixed"),
                         [](const auto& info) { return std::string(info.param); });

class PublishedSpeech : public testing::Test {
  protected:
    training_loop::TrainOptions options(const fs::path& encoder, int layer) {
        Progress::set_quiet(true);
        const corpus::TinyCorpus faces(scratch_ / "tiny.corpus");
        training_loop::TrainOptions options;
        options.corpus = faces.corpus.folder;
        options.out = scratch_ / "heard.vultus";
        options.stage = "all";
        options.size_px = corpus::TinyCorpus::kSizePx;
        options.batch = 2;
        options.num_threads = 1;
        options.steps = 2;
        options.report_every_s = 1e9;
        options.speech = encoder;
        options.speech_layers.layer = layer;
        return options;
    }
    ScratchFolder scratch_{"published-speech"};
};

TEST_F(PublishedSpeech, APersonListensThroughItAndTalks) {
    const fs::path encoder = golden("wav2vec2_large") / "model.safetensors";
    train::train_person(options(encoder, 2));
    const person::Person person = person::load_person(scratch_ / "heard.vultus");
    EXPECT_EQ(person.model.speech.features, "wav2vec2");
    EXPECT_EQ(person.model.speech_feature_width(), 16);
    EXPECT_EQ(person.model.wav2vec2_layers.layer, 2);
    EXPECT_TRUE(person.weights.has("wav2vec2.encoder.layers.1.attention.q_proj.weight"));
    EXPECT_FALSE(person.weights.has("wav2vec2.encoder.layers.2.attention.q_proj.weight")) << "is not heard";
    EXPECT_FALSE(person.weights.has("phonetic.stem.weight"));

    std::vector<float> sound(16000);
    for (std::size_t i = 0; i < sound.size(); ++i)
        sound[i] = static_cast<float>(0.2 * std::sin(0.05 * static_cast<double>(i)) *
                                      std::sin(0.0007 * static_cast<double>(i)));
    const std::int64_t frames = 25;
    const torch::Tensor trained = speech_training::SpeechFeatures(person)(sound, frames).contiguous();
    hearing::SpeechFeatureStream stream(person, std::make_shared<infer::Weights>(person.weights), 1, 50);
    std::vector<float> rows;
    stream.push(sound.data(), 16000, rows);
    const std::vector<float> silence(320, 0.0f);
    stream.push(silence.data(), 320, rows);
    stream.finish(rows);
    ASSERT_GE(static_cast<std::int64_t>(rows.size()), trained.numel());
    for (std::int64_t i = 0; i < trained.numel(); ++i)
        ASSERT_NEAR(trained.data_ptr<float>()[i], rows[static_cast<std::size_t>(i)], 2e-3) << i;

    speaking::Talker talker(person, {});
    for (const float value : talker.latents_from_speech(sound, frames, {})) ASSERT_TRUE(std::isfinite(value));
    EXPECT_THROW(speaking::LatentStream(talker, {}, 2), Error) << "is not live";
}

TEST_F(PublishedSpeech, WhatIsWrongIsSaidBeforeThePicturesAreLearnt) {
    const auto says = [&](const fs::path& encoder, int layer) -> std::string {
        try {
            train::train_person(options(encoder, layer));
        } catch (const Error& error) {
            EXPECT_FALSE(fs::exists(scratch_ / "heard.vultus.training")) << "began to work";
            return error.what();
        }
        return "";
    };
    EXPECT_NE(says(golden("wav2vec2_base") / "model.safetensors", 3).find("expected 0 to 2"),
              std::string::npos);
    EXPECT_NE(says(golden("mixed") / "model.safetensors", -1).find("every 320 samples"), std::string::npos);
    EXPECT_NE(says(golden("wav2vec2_base") / "expected.safetensors", -1).find("wav2vec 2.0 or HuBERT"),
              std::string::npos);
    EXPECT_NE(says(scratch_ / "absent", -1).find("absent"), std::string::npos);
    EXPECT_NE(says(fs::path(VULTUS_SOURCE_DIR) / "models/speech-small.safetensors", 1).find("small encoder"),
              std::string::npos);
}

}  // namespace
}  // namespace vultus
