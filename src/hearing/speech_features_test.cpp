#include "hearing/speech_features.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "base/scratch_folder.h"
#include "hearing/phone_recognizer.h"
#include "infer/onednn_ops.h"
#include "infer/random_weights_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus::hearing {
namespace {

std::vector<float> noise(std::size_t count) {
    Rng rng(3);
    std::vector<float> sound(count);
    for (float& sample : sound) sample = static_cast<float>(0.2 * rng.normal());
    return sound;
}

person::SpeechModel tiny_speech_model() {
    const person::Person person = test::tiny_person(test::tiny_phonetic_model());
    person::SpeechModel model;
    model.config = person.model.speech_encoder;
    model.mel_mean = person.stats.mel_mean;
    model.mel_std = person.stats.mel_std;
    for (const auto& [name, tensor] : person.weights.tensors)
        if (name.rfind("phonetic.", 0) == 0) model.weights.tensors[name] = tensor;
    return model;
}

/// The same with a second encoder, of random weights.
person::SpeechModel tiny_non_causal_model() {
    person::SpeechModel model = tiny_speech_model();
    model.config.non_causal_blocks = 2;
    model.config.non_causal_kernel = 5;
    infer::RandomWeights weights(9);
    models::SpeechEncoderOutput heard;
    heard.hidden = weights.wrap_f32({1, 1, model.config.width}, std::vector<float>(16, 0.1f));
    heard.phones = weights.wrap_f32({1, 1, model.config.num_phones}, std::vector<float>(40, 0.1f));
    models::non_causal_phones({weights, "phonetic.hindsight"}, model.config, heard);
    for (const auto& [name, tensor] : weights.archive().tensors) model.weights.tensors[name] = tensor;
    return model;
}

/// The network over all log-mel rows at once.
std::vector<float> phones_at_once(const person::SpeechModel& model, const std::vector<float>& sound) {
    audio::FrameFeatureStream mel(25, 4, model.mel_mean, model.mel_std, model.config.equalized);
    std::vector<float> rows;
    mel.push(sound.data(), static_cast<std::int64_t>(sound.size()), rows);
    mel.finish(rows);
    infer::OnednnOps ops(model.weights, 1);
    const models::SpeechEncoderOutput heard =
        models::speech_encoder({ops, "phonetic"}, model.config,
                               ops.input({1, static_cast<std::int64_t>(rows.size()) / 80, 80}, rows.data()));
    const models::Value phones = models::non_causal_phones({ops, "phonetic.hindsight"}, model.config, heard);
    const float* values = infer::OnednnOps::data(phones);
    return {values, values + phones.dim(1) * phones.dim(2)};
}

TEST(SpeechEncoderStream, HearsThroughTheEqualizerWhereTheEncoderWasTrainedSo) {
    person::SpeechModel model = tiny_speech_model();
    const std::vector<float> sound = noise(60000);
    model.config.equalized = false;
    const std::vector<float> plain = phones_at_once(model, sound);
    model.config.equalized = true;
    EXPECT_NE(phones_at_once(model, sound), plain);
}

class SpeechEncoderStreamSteps : public ::testing::TestWithParam<bool> {};

TEST_P(SpeechEncoderStreamSteps, OfAnySizeEqualTheWholeNetwork) {
    person::SpeechModel model = tiny_speech_model();
    model.config.equalized = GetParam();
    const std::vector<float> sound = noise(30000), whole = phones_at_once(model, sound);
    ASSERT_EQ(whole.size(), 94u * 40);  // ceil(30000 / 320)
    const auto weights = std::make_shared<infer::Weights>(model.weights);
    for (const std::int64_t step : {1, 3, 50}) {
        SpeechEncoderStream stream(model.config, model.mel_mean, model.mel_std, weights, 1,
                                   SpeechEncoderStream::Output::kPhones, step);
        for (int round = 0; round < 2; ++round) {
            std::vector<float> given;
            for (std::size_t at = 0; at < sound.size(); at += 777)
                stream.push(&sound[at],
                            static_cast<std::int64_t>(std::min<std::size_t>(777, sound.size() - at)), given);
            stream.finish(given);
            ASSERT_EQ(given.size(), whole.size());
            for (std::size_t i = 0; i < whole.size(); ++i)
                ASSERT_NEAR(given[i], whole[i], 1e-4 * (1 + std::abs(whole[i]))) << step << ", " << i;
            stream.restart();
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Equalized, SpeechEncoderStreamSteps, ::testing::Bool());

TEST(SpeechEncoderStream, NonCausalStepsOfAnySizeEqualTheWholeNetwork) {
    const person::SpeechModel model = tiny_non_causal_model(), without = tiny_speech_model();
    const std::vector<float> sound = noise(30000), whole = phones_at_once(model, sound);
    ASSERT_NE(whole, phones_at_once(without, sound));
    for (const std::int64_t step : {1, 50}) {
        SpeechEncoderStream stream(model.config, model.mel_mean, model.mel_std,
                                   std::make_shared<infer::Weights>(model.weights), 1,
                                   SpeechEncoderStream::Output::kNonCausalPhones, step);
        std::vector<float> given;
        for (std::size_t at = 0; at < sound.size(); at += 777)
            stream.push(&sound[at], static_cast<std::int64_t>(std::min<std::size_t>(777, sound.size() - at)),
                        given);
        stream.finish(given);
        ASSERT_EQ(given.size(), whole.size());
        for (std::size_t i = 0; i < whole.size(); ++i)
            ASSERT_NEAR(given[i], whole[i], 1e-4 * (1 + std::abs(whole[i]))) << step << ", " << i;
    }
}

TEST(SpeechFeatureStream, GivesRowsAtTheVideoRateOfThePerson) {
    for (const int fps : {24, 25, 30, 60}) {
        person::Person person = test::tiny_person(test::tiny_phonetic_model());
        person.fps_num = fps;
        SpeechFeatureStream stream(person, std::make_shared<infer::Weights>(person.weights), 1, 1);
        const std::vector<float> sound = noise(32000);
        std::vector<float> rows;
        stream.push(sound.data(), 32000, rows);
        stream.finish(rows);
        // Two seconds, two rows a frame; the last row may stand for the frame after.
        EXPECT_NEAR(static_cast<double>(rows.size()) / 12, 4.0 * fps, 1.5) << fps;
    }
}

class PhoneRecognizers : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(NonCausal, PhoneRecognizers, ::testing::Bool());

TEST_P(PhoneRecognizers, GiveProbabilitiesOfEveryFrame) {
    const ScratchFolder folder("phones");
    person::save_speech_model(folder.path() / "a.speech",
                              GetParam() ? tiny_non_causal_model() : tiny_speech_model());
    const PhoneRecognizer recognizer(folder.path() / "a.speech");
    for (const std::size_t count : {0, 1, 320, 321, 5000, 60000}) {
        const std::vector<float> logs = recognizer.log_posteriors(noise(count));
        ASSERT_EQ(logs.size(), (count + 319) / 320 * 40);
        for (std::size_t at = 0; at < logs.size(); at += 40) {
            double sum = 0;
            for (std::size_t k = 0; k < 40; ++k) sum += std::exp(logs[at + k]);
            EXPECT_NEAR(sum, 1, 1e-4);
        }
    }
}

TEST(PhoneRecognizer, NamesTheWeightThatIsMissing) {
    const ScratchFolder folder("phones");
    person::SpeechModel model = tiny_speech_model();
    model.weights.tensors.erase("phonetic.block.1.ffn.up.weight");
    person::save_speech_model(folder.path() / "a.speech", model);
    try {
        PhoneRecognizer recognizer(folder.path() / "a.speech");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
        EXPECT_NE(std::string(error.what()).find("phonetic.block.1.ffn.up.weight"), std::string::npos);
    }
}

}  // namespace
}  // namespace vultus::hearing
