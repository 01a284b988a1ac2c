// The trainer hears what the runtime hears.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "hearing/speech_features.h"
#include "infer/weights.h"
#include "speech_training/speech_features.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

struct Case {
    models::ModelConfig model;
    int fps;
};

class SpeechFeatureParity : public testing::TestWithParam<Case> {};

TEST_P(SpeechFeatureParity, TrainerEqualsRuntime) {
    person::Person person = test::tiny_person(GetParam().model);
    person.fps_num = GetParam().fps;
    const std::int64_t frames = 40, rate = person.model.speech.rate_per_frame;
    const auto samples = static_cast<std::size_t>(frames * 16000 / person.fps_num);
    Rng rng(9);
    std::vector<float> sound(samples);
    for (float& sample : sound) sample = static_cast<float>(0.2 * rng.normal());
    // A pause, in which the features of the small encoder go to rest and come back.
    std::fill_n(sound.begin() + static_cast<std::ptrdiff_t>(samples / 3), samples / 4, 0.0f);

    const torch::Tensor trained = speech_training::SpeechFeatures(person)(sound, frames).contiguous();
    hearing::SpeechFeatureStream stream(person, std::make_shared<infer::Weights>(person.weights), 1, 1);
    std::vector<float> rows;
    stream.push(sound.data(), static_cast<std::int64_t>(samples), rows);
    // As much as LatentStream adds: wav2vec 2.0 hears all there is at once.
    const std::vector<float> silence(
        static_cast<std::size_t>(std::ceil(static_cast<double>(frames) * 16000 / person.fps())) + 320 -
            samples,
        0.0f);
    stream.push(silence.data(), static_cast<std::int64_t>(silence.size()), rows);
    stream.finish(rows);
    ASSERT_EQ(trained.size(0), frames * rate);
    ASSERT_EQ(trained.size(1), stream.width());
    ASSERT_GE(static_cast<std::int64_t>(rows.size()), trained.numel());
    // What comes after the last frames differs: the trainer's clip ends there.
    for (std::int64_t i = 0; i < (frames - 4) * rate * stream.width(); ++i)
        ASSERT_NEAR(trained.data_ptr<float>()[i], rows[static_cast<std::size_t>(i)], 2e-3) << i;
}

models::ModelConfig tiny_phones_model() {
    models::ModelConfig model = test::tiny_phonetic_model();
    model.speech.features = "phones";
    return model;
}

INSTANTIATE_TEST_SUITE_P(All, SpeechFeatureParity,
                         testing::Values(Case{test::tiny_model(), 25}, Case{test::tiny_model(), 30},
                                         Case{test::tiny_phonetic_model(), 25},
                                         Case{test::tiny_phonetic_model(), 30},
                                         Case{test::tiny_phonetic_model(), 60}, Case{tiny_phones_model(), 25},
                                         Case{tiny_phones_model(), 60}, Case{test::tiny_wav2vec2_model(), 25},
                                         Case{test::tiny_wav2vec2_model(), 30}));

}  // namespace
}  // namespace vultus
