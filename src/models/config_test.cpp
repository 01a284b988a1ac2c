#include "models/config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

#include "base/error.h"
#include "models/unet.h"

namespace vultus::models {
namespace {

using Json = nlohmann::json;

TEST(Config, EveryPresetSurvivesJson) {
    for (const char* name : {"live", "paper"})
        for (int size = 64; size <= 512; size += 64) {
            const ModelConfig config = preset(name, size);
            const Json json = to_json(config);
            const ModelConfig back = model_config_from_json(Json::parse(json.dump()));
            EXPECT_EQ(to_json(back), json) << name << " " << size;
            EXPECT_EQ(back.preset, name);
            EXPECT_EQ(back.unet.size_px, size);
        }
}

TEST(Config, PaperIsDiffAe256) {
    const ModelConfig config = preset("paper", 256);
    EXPECT_EQ(config.unet.base_channels, 128);
    EXPECT_EQ(config.unet.channel_mult, (std::vector<int>{1, 1, 2, 2, 4, 4}));
    EXPECT_EQ(config.encoder.channel_mult, (std::vector<int>{1, 1, 2, 2, 4, 4, 4}));
    EXPECT_EQ(config.unet.attention_grid, std::vector<int>{16});
    EXPECT_EQ(config.unet.latent, 512);
    EXPECT_EQ(config.unet.embedding, 512);
    EXPECT_EQ(config.diffusion.timesteps, 1000);
    EXPECT_EQ(config.diffusion.prediction, "eps");
    EXPECT_FALSE(config.diffusion.residual);
}

TEST(Config, PresetsThatDoNotExist) {
    EXPECT_THROW(preset("grand", 256), Error);
    for (const int size : {0, -64, 63, 100, 576, 1 << 20}) EXPECT_THROW(preset("live", size), Error) << size;
}

TEST(Config, EveryMissingKeyIsNamed) {
    ModelConfig config = preset("live", 256);
    config.unet.references = 0;  // which files of before leave out
    const Json whole = to_json(config);
    for (const char* part : {"unet", "encoder", "speech", "diffusion"})
        for (const auto& [key, value] : whole.at(part).items()) {
            Json json = whole;
            json[part].erase(key);
            try {
                model_config_from_json(json);
                FAIL() << part << "." << key;
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
                EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
            }
        }
    EXPECT_THROW(model_config_from_json(Json::parse("[1, 2]")), Error);
    EXPECT_THROW(model_config_from_json(Json::parse("null")), Error);
}

TEST(Config, HostileNumbersAreRefused) {
    const Json whole = to_json(preset("live", 256));
    for (const char* part : {"unet", "encoder", "speech", "diffusion"})
        for (const auto& [key, value] : whole.at(part).items()) {
            if (!value.is_number_integer()) continue;
            for (const std::int64_t hostile : {-1ll, -2147483648ll, 2147483647ll, 1000000000000ll}) {
                Json json = whole;
                json[part][key] = hostile;
                try {
                    model_config_from_json(json);
                    FAIL() << part << "." << key << " = " << hostile << " was accepted";
                } catch (const Error& error) {
                    EXPECT_EQ(error.code(), ErrorCode::kCorruptData) << error.what();
                }
            }
        }
}

TEST(Config, HostileLevelsAreRefused) {
    for (const char* levels : {"[]", "[0]", "[-1, 2]", "[1000]", "[1,1,1,1,1,1,1,1,1]", "\"x\"", "7"}) {
        Json json = to_json(preset("live", 256));
        json["unet"]["channel_mult"] = Json::parse(levels);
        EXPECT_THROW(model_config_from_json(json), Error) << levels;
    }
}

TEST(Config, SpeechContextCoversEveryBlock) {
    SpeechConfig config;
    config.blocks = 3;
    config.attention_left = 16;
    config.conv_left = 4;
    EXPECT_GE(config.context_left(), 2 * 3 * (16 + 4));
}

TEST(Config, TheSpeechEncoderTravelsWithWhoListensThroughIt) {
    ModelConfig config = preset("live", 128);
    EXPECT_FALSE(to_json(config).contains("speech_encoder"));
    SpeechEncoderConfig encoder;
    encoder.embedding = 24;
    use_speech_encoder(config, encoder);
    nlohmann::json json = to_json(config);
    const ModelConfig back = model_config_from_json(json);
    EXPECT_EQ(to_json(back), json);
    EXPECT_EQ(back.speech.encoder_state, 6);
    EXPECT_EQ(back.speech_feature_width(), 24 + encoder.width) << "the embedding and the state";
    nlohmann::json before = json;  // persons of before hear the embedding alone
    before["speech"].erase("encoder_state");
    EXPECT_EQ(model_config_from_json(before).speech_feature_width(), 24);
    before["speech"]["encoder_state"] = encoder.blocks + 1;
    EXPECT_THROW(model_config_from_json(before), Error);
    json["speech_encoder"].erase(
        "equalized");  // files of encoders trained before there was a channel equalizer
    EXPECT_TRUE(encoder.equalized);
    EXPECT_FALSE(model_config_from_json(json).speech_encoder.equalized);
    EXPECT_EQ(json["speech_encoder"]["hindsight_blocks"], 0)
        << "files keep this key for the non-causal encoder";
    json["speech_encoder"].erase("hindsight_feed_forward");  // those of one width in both encoders
    EXPECT_EQ(model_config_from_json(json).speech_encoder.non_causal_feed_forward, encoder.feed_forward);
    json["speech_encoder"]["feed_forward"] = "wide";
    EXPECT_THROW(model_config_from_json(json), Error);
    json["speech_encoder"]["feed_forward"] = encoder.feed_forward;
    json["speech_encoder"]["ahead_blocks"] = 99;  // more than there are
    EXPECT_THROW(model_config_from_json(json), Error);
    json.erase("speech_encoder");
    EXPECT_THROW(model_config_from_json(json), Error);
}

TEST(Config, PublishedSpeechEncodersTravelToo) {
    ModelConfig config = preset("live", 128);
    Wav2Vec2Config encoder = wav2vec2_preset("large");
    use_speech_encoder(config, encoder, {17, {}});
    nlohmann::json json = to_json(config);
    const ModelConfig back = model_config_from_json(json);
    EXPECT_EQ(to_json(back), json);
    EXPECT_EQ(back.speech_feature_width(), 1024);
    EXPECT_EQ(back.wav2vec2_layers.layer, 17);
    for (const auto& [key, value] :
         std::map<std::string, nlohmann::json>{{"heads", 7},
                                               {"blocks", 100000},
                                               {"conv_kernels", {3, 3}},
                                               {"conv_strides", {1, 1, 1, 1, 1, 1, 1}}}) {
        nlohmann::json broken = json;
        broken["wav2vec2"][key] = value;
        EXPECT_THROW(model_config_from_json(broken), Error) << key;
    }
    json["wav2vec2_layers"]["layer"] = 25;  // more than there are
    EXPECT_THROW(model_config_from_json(json), Error);
    json.erase("wav2vec2");
    EXPECT_THROW(model_config_from_json(json), Error);
    encoder.conv_strides[6] = 1;  // 100 Hz
    EXPECT_THROW(use_speech_encoder(config, encoder, {}), Error);
    EXPECT_EQ(wav2vec2_preset("base").hop_samples(), 320);
}

TEST(Config, HiddenStatesThatAreNotAskedForAreNotComputed) {
    const Wav2Vec2Config config = wav2vec2_preset("base");
    EXPECT_EQ(Wav2Vec2Options{}.last_layer(config), 12);
    EXPECT_EQ((Wav2Vec2Options{6, {}}.last_layer(config)), 6);
    Wav2Vec2Options sum;
    sum.layer_weights.assign(13, 0.0f);
    sum.layer_weights[4] = 1;
    EXPECT_EQ(sum.last_layer(config), 4);
}

TEST(TimeEmbedding, CosinesThenSines) {
    const std::vector<float> zero = time_embedding(0, 8);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(zero[static_cast<std::size_t>(i)], 1.0f);
        EXPECT_EQ(zero[static_cast<std::size_t>(4 + i)], 0.0f);
    }
    const std::vector<float> at = time_embedding(3, 8);
    EXPECT_NEAR(at[0], std::cos(3.0), 1e-6);
    EXPECT_NEAR(at[5], std::sin(3.0 / 10), 1e-6);
    EXPECT_NEAR(at[7], std::sin(3.0 / 1000), 1e-6);
}

}  // namespace
}  // namespace vultus::models
