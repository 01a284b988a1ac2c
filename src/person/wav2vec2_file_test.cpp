#include "person/wav2vec2_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/output_file.h"
#include "person/bundled.h"

namespace vultus::person {
namespace {

namespace fs = std::filesystem;

fs::path golden(const char* name) {
    return fs::path(VULTUS_SOURCE_DIR) / "tests/golden/wav2vec2" / name / "model.safetensors";
}

TEST(Wav2Vec2File, SizesComeFromTheWeights) {
    const Wav2Vec2Model model = load_wav2vec2(golden("hubert_large"));
    EXPECT_EQ(model.config.conv_channels, std::vector<int>(7, 8));
    EXPECT_EQ(model.config.conv_strides, (std::vector<int>{5, 2, 2, 2, 2, 2, 2}));
    EXPECT_TRUE(model.config.norm_every_conv && model.config.norm_first && model.config.conv_bias);
    EXPECT_EQ(model.config.width, 64);
    EXPECT_EQ(model.config.heads, 1);
    EXPECT_EQ(model.config.blocks, 2);
    EXPECT_EQ(model.config.position_kernel, 7);
    EXPECT_EQ(model.config.position_groups, 16);
    EXPECT_EQ(model.config.hop_samples(), 320);
    EXPECT_EQ(model.config.reach_samples(), 400);
    EXPECT_EQ(model.config.num_frames(399), 0);
    EXPECT_EQ(model.config.num_frames(16000), 49) << "as transformers' formula";
    for (const auto& [name, tensor] : model.weights.tensors) EXPECT_EQ(name.rfind("wav2vec2.", 0), 0u);
}

TEST(Wav2Vec2File, SettingsBesideTheFileCount) {
    const Wav2Vec2Model model = load_wav2vec2(golden("mixed"));
    EXPECT_EQ(model.config.heads, 3);
    EXPECT_EQ(model.config.conv_strides, (std::vector<int>{5, 2, 3, 2, 1, 2, 2}));
    EXPECT_TRUE(model.config.norm_first);
    EXPECT_FALSE(model.config.norm_every_conv);
    EXPECT_FALSE(model.config.project_norm);
    EXPECT_FALSE(model.config.normalise_sound);
}

TEST(Wav2Vec2File, ConfigurationRoundTrips) {
    for (const char* name : {"base", "large"}) {
        const models::Wav2Vec2Config config = models::wav2vec2_preset(name);
        EXPECT_EQ(models::to_json(models::wav2vec2_config_from_json(models::to_json(config))),
                  models::to_json(config));
    }
    EXPECT_THROW(models::wav2vec2_preset("huge"), Error);
    nlohmann::json json = models::to_json(models::wav2vec2_preset("base"));
    json["conv_strides"] = std::vector<int>{5, 2};
    EXPECT_THROW(models::wav2vec2_config_from_json(json), Error);
    json["conv_strides"] = "five";
    EXPECT_THROW(models::wav2vec2_config_from_json(json), Error);
}

TEST(Wav2Vec2File, IsToldFromTheSmallEncoder) {
    EXPECT_TRUE(is_published_encoder(golden("hubert_base")));
    EXPECT_FALSE(is_published_encoder(fs::path(VULTUS_SOURCE_DIR) / "models" / kSmallSpeechEncoder));
}

/// A copy of a good file with one thing wrong, and what the error must say of it.
struct Damage {
    const char* name;
    const char* from;
    std::function<void(Archive&, nlohmann::json&)> make;
    std::vector<const char*> says;
};

HostTensor zeros(const Shape& shape) {
    return HostTensor::from_f32(shape, std::vector<float>(static_cast<std::size_t>(num_elements(shape)), 0));
}

const std::vector<Damage>& damages() {
    const std::string block = "wav2vec2.encoder.layers.0.";
    static const std::vector<Damage> all = {
        {"MissingTensor",
         "wav2vec2_base",
         [=](Archive& a, auto&) { a.tensors.erase(block + "attention.k_proj.bias"); },
         {"encoder.layers.0.attention.k_proj.bias", "found none"}},
        {"MissingBlock",
         "wav2vec2_base",
         [=](Archive& a, auto&) {
             std::erase_if(a.tensors, [&](auto& e) { return e.first.rfind(block, 0) == 0; });
         },
         {"encoder.layers.0.", "found none"}},
        {"WrongShape",
         "wav2vec2_base",
         [=](Archive& a, auto&) {
             a.tensors[block + "feed_forward.output_dense.weight"] = zeros({16, 14});
         },
         {"feed_forward.output_dense.weight", "expected shape [16, 15]", "got [16, 14]"}},
        {"WrongDimensions",
         "wav2vec2_base",
         [](Archive& a, auto&) { a.tensors["wav2vec2.feature_projection.projection.weight"] = zeros({128}); },
         {"feature_projection.projection.weight", "expected 2 dimensions"}},
        {"NoneAtAll",
         "wav2vec2_base",
         [](Archive& a, auto&) {
             a.tensors = {{"unet.weight", zeros({3})}};
         },
         {"wav2vec 2.0 or HuBERT", "unet.weight"}},
        {"Empty", "wav2vec2_base", [](Archive& a, auto&) { a.tensors.clear(); }, {"wav2vec 2.0 or HuBERT"}},
        {"OtherArchitecture",
         "wav2vec2_base",
         [=](Archive& a, auto&) {
             a.tensors[block + "attention.gru_rel_pos_linear.weight"] = zeros({8, 8});
         },
         {"gru_rel_pos_linear.weight", "another architecture"}},
        {"NotFinite",
         "wav2vec2_base",
         [](Archive& a, auto&) {
             a.tensors["wav2vec2.encoder.layer_norm.bias"] =
                 HostTensor::from_f32({16}, std::vector<float>(16, INFINITY));
         },
         {"encoder.layer_norm.bias", "not finite"}},
        {"ZeroDirection",
         "wav2vec2_base",
         [](Archive& a, auto&) {
             a.tensors["wav2vec2.encoder.pos_conv_embed.conv.weight_v"] = zeros({16, 4, 128});
         },
         {"pos_conv_embed.conv.weight", "not finite"}},
        {"Whole",
         "wav2vec2_base",
         [](Archive& a, auto&) {
             a.tensors["wav2vec2.encoder.layer_norm.bias"] =
                 HostTensor::from_u8({16}, std::vector<std::uint8_t>(16, 1));
         },
         {"encoder.layer_norm.bias", "got U8"}},
        {"HalfOfTheNorm",
         "wav2vec2_base",
         [](Archive& a, auto&) { a.tensors.erase("wav2vec2.encoder.pos_conv_embed.conv.weight_g"); },
         {"pos_conv_embed.conv.weight_g", "found none"}},
        {"WrongLengths",
         "wav2vec2_large",
         [](Archive& a, auto&) {
             a.tensors["encoder.pos_conv_embed.conv.parametrizations.weight.original0"] = zeros({16, 1, 1});
         },
         {"original0", "expected shape [1, 1, 8]"}},
        {"TooManyConvolutions",
         "wav2vec2_base",
         [](Archive& a, auto&) {
             for (int i = 7; i < 40; ++i)
                 a.tensors["wav2vec2.feature_extractor.conv_layers." + std::to_string(i) + ".conv.weight"] =
                     zeros({8, 8, 2});
         },
         {"conv_"}},
        {"AbsurdBlock",
         "wav2vec2_base",
         [](Archive& a, auto&) { a.tensors["wav2vec2.encoder.layers.99999999999999999999.x"] = zeros({1}); },
         {"num_hidden_layers", "got 2"}},
        {"OtherModel",
         "wav2vec2_base",
         [](Archive&, auto& json) { json["model_type"] = "wavlm"; },
         {"config.json", "model_type", "wavlm"}},
        {"OtherActivation",
         "wav2vec2_base",
         [](Archive&, auto& json) { json["hidden_act"] = "relu"; },
         {"hidden_act", "relu"}},
        {"SettingsOfAnother",
         "wav2vec2_base",
         [](Archive&, auto& json) { json["hidden_size"] = 768; },
         {"config.json", "hidden_size", "768"}},
        {"OddHeads",
         "wav2vec2_base",
         [](Archive&, auto& json) { json["num_attention_heads"] = 5; },
         {"5 heads"}},
        {"WrongType",
         "wav2vec2_base",
         [](Archive&, auto& json) { json["conv_stride"] = "five"; },
         {"config.json", "damaged"}},
        {"NoSettings",
         "wav2vec2_base",
         [](Archive&, auto& json) { json = nullptr; },
         {"heads", "config.json"}},
        {"SettingsNoObject",
         "wav2vec2_base",
         [](Archive&, auto& json) {
             json = {1, 2};
         },
         {"config.json", "object"}},
    };
    return all;
}

class Wav2Vec2Damage : public testing::TestWithParam<Damage> {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("vultus-wav2vec2-" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    void expect_error(const fs::path& path, const std::vector<const char*>& says) const {
        try {
            load_wav2vec2(path);
            ADD_FAILURE() << "was read";
        } catch (const Error& error) {
            const std::string what = error.what();
            for (const char* part : says) EXPECT_NE(what.find(part), std::string::npos) << what;
            EXPECT_EQ(what.find('\n'), std::string::npos);
            EXPECT_NE(error.code(), ErrorCode::kInternal) << what;
        }
    }
    fs::path folder_;
};

TEST_P(Wav2Vec2Damage, SaysWhatIsWrong) {
    const Damage& damage = GetParam();
    Archive archive = load_archive(golden(damage.from));
    nlohmann::json json = nlohmann::json::parse(read_file(golden(damage.from).parent_path() / "config.json"));
    damage.make(archive, json);
    save_archive(folder_ / "model.safetensors", archive);
    if (!json.is_null()) write_file(folder_ / "config.json", json.dump());
    expect_error(folder_ / "model.safetensors", damage.says);
}

INSTANTIATE_TEST_SUITE_P(All, Wav2Vec2Damage, testing::ValuesIn(damages()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Wav2Vec2Damage, OtherKindsOfFile) {
    write_file(folder_ / "pytorch_model.bin", "PK\x03\x04 and so on");
    expect_error(folder_ / "pytorch_model.bin", {"pickled", "tools/to_safetensors.py"});
    write_file(folder_ / "cut.safetensors", read_file(golden("mixed")).substr(0, 9000));
    expect_error(folder_ / "cut.safetensors", {"cut.safetensors"});
    write_file(folder_ / "text.safetensors", "hello");
    expect_error(folder_ / "text.safetensors", {"text.safetensors"});
    expect_error(folder_ / "missing.safetensors", {"missing.safetensors"});
}

}  // namespace
}  // namespace vultus::person
