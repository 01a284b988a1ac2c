// Published architectures against values of a public implementation: tests/golden/wav2vec2/make.py.
#include "hearing/wav2vec2_stream.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "infer/reference_ops.h"
#include "models/wav2vec2.h"
#include "person/wav2vec2_file.h"

namespace vultus::hearing {
namespace {

namespace fs = std::filesystem;
using infer::ReferenceOps;
using models::Value;

class Golden : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        const fs::path folder = fs::path(VULTUS_SOURCE_DIR) / "tests/golden/wav2vec2" / GetParam();
        model_ = person::load_wav2vec2(folder / "model.safetensors");
        expected_ = load_archive(folder / "expected.safetensors");
        sound_ = expected_.at("sound").to_f32();
    }

    /// got: the values of hidden state `index`.
    template <typename T>
    void expect_hidden(int index, const T* got, double tolerance) const {
        const std::vector<float> want = expected_.at("hidden." + std::to_string(index)).to_f32();
        for (std::size_t i = 0; i < want.size(); ++i)
            ASSERT_NEAR(static_cast<double>(got[i]), want[i], tolerance * (1 + std::abs(want[i])))
                << "hidden state " << index << ", element " << i;
    }
    Shape sound_shape() const { return {1, static_cast<std::int64_t>(sound_.size()), 1}; }
    std::vector<float> normalised() const {
        std::vector<float> sound = sound_;
        if (model_.config.normalise_sound) audio::normalise_sound(sound);
        return sound;
    }

    person::Wav2Vec2Model model_;
    Archive expected_;
    std::vector<float> sound_;
};

TEST_P(Golden, PlainLoops) {
    ReferenceOps ops(model_.weights);
    const std::vector<float> sound = normalised();
    const std::vector<Value> states = models::wav2vec2_hidden_states(
        {ops, "wav2vec2"}, model_.config, ReferenceOps::wrap(sound_shape(), {sound.begin(), sound.end()}),
        model_.config.blocks);
    ASSERT_EQ(states.size(), expected_.tensors.size() - 1);
    for (int i = 0; i <= model_.config.blocks; ++i) {
        const Value& state = states[static_cast<std::size_t>(i)];
        const Shape want = expected_.at("hidden." + std::to_string(i)).shape;
        ASSERT_EQ(state.shape(), (Shape{1, want[0], want[1]}));
        expect_hidden(i, ReferenceOps::unwrap(state).data(), 2e-6);
    }
}

TEST_P(Golden, RuntimeEveryLayer) {
    const auto weights = std::make_shared<infer::Weights>(model_.weights);
    for (int layer = 0; layer <= model_.config.blocks; ++layer) {
        models::Wav2Vec2Options options;
        options.layer = layer;
        Wav2Vec2Stream stream(model_.config, options, weights, 1, Wav2Vec2Stream::Rows::kPublished);
        std::vector<float> rows;
        stream.push(sound_.data(), static_cast<std::int64_t>(sound_.size()), rows);
        stream.finish(rows);
        ASSERT_EQ(static_cast<std::int64_t>(rows.size()), expected_.at("hidden.0").size());
        expect_hidden(layer, rows.data(), 2e-4);
    }
}

TEST_P(Golden, WeightedSum) {
    models::Wav2Vec2Options options;
    for (int i = 0; i <= model_.config.blocks; ++i)
        options.layer_weights.push_back(0.5f + 0.25f * static_cast<float>(i));
    Wav2Vec2Stream stream(model_.config, options, std::make_shared<infer::Weights>(model_.weights), 2,
                          Wav2Vec2Stream::Rows::kPublished);
    std::vector<float> rows;
    stream.push(sound_.data(), static_cast<std::int64_t>(sound_.size()), rows);
    stream.finish(rows);
    std::vector<double> want(rows.size(), 0.0);
    for (int i = 0; i <= model_.config.blocks; ++i) {
        const std::vector<float> state = expected_.at("hidden." + std::to_string(i)).to_f32();
        ASSERT_EQ(state.size(), want.size());
        for (std::size_t k = 0; k < want.size(); ++k)
            want[k] += static_cast<double>(options.layer_weights[static_cast<std::size_t>(i)]) * state[k];
    }
    for (std::size_t k = 0; k < want.size(); ++k)
        ASSERT_NEAR(rows[k], want[k], 4e-4 * (1 + std::abs(want[k]))) << k;
}

INSTANTIATE_TEST_SUITE_P(All, Golden,
                         testing::Values("wav2vec2_base", "wav2vec2_large", "hubert_base", "hubert_large",
                                         "mixed"),
                         [](const auto& info) { return std::string(info.param); });

person::Wav2Vec2Model large() {
    return person::load_wav2vec2(fs::path(VULTUS_SOURCE_DIR) /
                                 "tests/golden/wav2vec2/wav2vec2_large/model.safetensors");
}

std::vector<float> noise(std::size_t samples) {
    Rng rng(3);
    std::vector<float> sound(samples);
    for (float& sample : sound) sample = static_cast<float>(0.1 * rng.normal());
    return sound;
}

std::vector<float> centred_rows(const person::Wav2Vec2Model& model, const std::vector<float>& sound,
                                std::size_t part, int threads, bool whole = false) {
    Wav2Vec2Stream stream(model.config, {}, std::make_shared<infer::Weights>(model.weights), threads,
                          Wav2Vec2Stream::Rows::kCentred, whole);
    std::vector<float> rows;
    for (std::size_t at = 0; at < sound.size(); at += part)
        stream.push(&sound[at], static_cast<std::int64_t>(std::min(part, sound.size() - at)), rows);
    stream.finish(rows);
    return rows;
}

TEST(Wav2Vec2Stream, AnyPartsGiveTheSameBits) {
    const person::Wav2Vec2Model model = large();
    const std::vector<float> sound = noise(16000 * 28 + 77);
    const std::vector<float> once = centred_rows(model, sound, sound.size(), 1);
    EXPECT_EQ(once.size(), static_cast<std::size_t>((sound.size() + 319) / 320 * 16));
    EXPECT_EQ(centred_rows(model, sound, 4321, 2), once);
    for (std::size_t row = 0; row < once.size() / 16; row += 100) {
        double sum = 0, squares = 0;
        for (std::size_t k = 16 * row; k < 16 * row + 16; ++k) {
            sum += once[k];
            squares += once[k] * once[k];
        }
        EXPECT_NEAR(sum, 0, 1e-4);
        EXPECT_NEAR(squares / 16, 1, 2e-2);
    }
}

TEST(Wav2Vec2Stream, OneWindowIsTheWhole) {
    const person::Wav2Vec2Model model = large();
    const std::vector<float> sound = noise(16000 * 13);
    EXPECT_EQ(centred_rows(model, sound, 5000, 1), centred_rows(model, sound, 5000, 1, true));
    const std::vector<float> longer = noise(16000 * 15);
    EXPECT_NE(centred_rows(model, longer, 5000, 1), centred_rows(model, longer, 5000, 1, true));
}

TEST(Wav2Vec2Stream, OneSampleSilenceAndNothing) {
    const person::Wav2Vec2Model model = large();
    EXPECT_EQ(centred_rows(model, {0.5f}, 1, 1).size(), 16u);
    EXPECT_TRUE(centred_rows(model, {}, 1, 1).empty());
    for (const float value : centred_rows(model, std::vector<float>(8000, 0.0f), 800, 1))
        ASSERT_TRUE(std::isfinite(value));
}

TEST(Wav2Vec2Stream, RefusesLayersThatThereAreNot) {
    const person::Wav2Vec2Model model = large();
    const auto with = [&](const models::Wav2Vec2Options& options) {
        Wav2Vec2Stream(model.config, options, std::make_shared<infer::Weights>(model.weights), 1,
                       Wav2Vec2Stream::Rows::kCentred);
    };
    EXPECT_NO_THROW(with({3, {}}));
    EXPECT_THROW(with({4, {}}), Error);
    EXPECT_THROW(with({-2, {}}), Error);
    EXPECT_THROW(with({-1, {1, 2, 3}}), Error);
    EXPECT_THROW(with({-1, {0, 0, 0, 0}}), Error);
    EXPECT_THROW(with({-1, {1, NAN, 0, 0}}), Error);
}

}  // namespace
}  // namespace vultus::hearing
