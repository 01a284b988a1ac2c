#include "speech_data/speech_feature_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "media/test_media.h"
#include "person/bundled.h"
#include "tensor/archive.h"

namespace vultus::speech_data {
namespace {

namespace fs = std::filesystem;

class SpeechFeatures : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("vultus-speech-features-" + std::to_string(::getpid()));
        fs::create_directories(folder_ / "out");
    }
    void TearDown() override { fs::remove_all(folder_); }

    static fs::path golden(const std::string& name) {
        return fs::path(VULTUS_SOURCE_DIR) / "tests/golden/wav2vec2" / name;
    }
    static fs::path encoder() { return golden("wav2vec2_base") / "model.safetensors"; }
    static fs::path small() { return fs::path(VULTUS_SOURCE_DIR) / "models" / person::kSmallSpeechEncoder; }
    std::string path(const std::string& name) const {
        return (name == "out.npy" ? folder_ / "out" / name : folder_ / name).string();
    }
    std::string sound(std::size_t samples) const {
        media::test::write_wav(path("sound.wav"), 16000, 16, media::test::tone(samples, 16000, 220));
        return path("sound.wav");
    }
    SpeechFeatureFile write(const std::string& sound, const fs::path& encoder,
                            const models::Wav2Vec2Options& layers = {}, bool whole = false) const {
        Progress::set_quiet(true);
        return write_speech_features({sound, encoder, path("out.npy"), layers, whole, 1});
    }
    /// The array; rows and columns as its header names them.
    std::vector<float> array(std::int64_t rows, std::int64_t columns) const {
        const std::string bytes = read_file(path("out.npy"));
        EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
        EXPECT_NE(bytes.find(fmt::format("'shape': ({}, {})", rows, columns)), std::string::npos);
        EXPECT_EQ(bytes[127], '\n');
        std::vector<float> values(static_cast<std::size_t>(rows * columns));
        EXPECT_EQ(bytes.size(), 128 + 4 * values.size());
        if (bytes.size() == 128 + 4 * values.size())
            std::memcpy(values.data(), bytes.data() + 128, 4 * values.size());
        return values;
    }
    void expect_refused(const std::string& says, const std::string& sound, const fs::path& encoder,
                        const models::Wav2Vec2Options& layers = {}, bool whole = false) const {
        try {
            write(sound, encoder, layers, whole);
            ADD_FAILURE() << "was written; expected: " << says;
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
            EXPECT_NE(error.code(), ErrorCode::kInternal);
        }
        EXPECT_TRUE(fs::is_empty(folder_ / "out")) << "something was left";
    }
    fs::path folder_;
};

TEST_F(SpeechFeatures, PublishedWeights) {
    const SpeechFeatureFile file = write(sound(16000), encoder());
    EXPECT_EQ(file.num_rows, 49);
    EXPECT_EQ(file.width, 16);
    EXPECT_EQ(file.sound_s, 1);
    const std::vector<float> last = array(49, 16);
    write(path("sound.wav"), encoder(), {2, {}}, true);
    EXPECT_EQ(array(49, 16), last);
    write(path("sound.wav"), encoder(), {-1, {0, 0, 1}});
    EXPECT_EQ(array(49, 16), last);
    write(path("sound.wav"), encoder(), {0, {}});
    EXPECT_NE(array(49, 16), last);
}

TEST_F(SpeechFeatures, SmallEncoder) {
    write(sound(16000), small());
    double squares = 0;
    for (const float value : array(50, 96)) squares += value * value;
    EXPECT_NEAR(squares / (50 * 96), 1, 0.01);
}

TEST_F(SpeechFeatures, Refusals) {
    expect_refused("399 samples", sound(399), encoder());
    expect_refused("absent.wav", path("absent.wav"), encoder());
    const std::string second = sound(16000);
    expect_refused("expected 0 to 2", second, encoder(), {3, {}});
    expect_refused("expected 3 numbers, got 2", second, encoder(), {-1, {1, 2}});
    expect_refused("small encoder", second, small(), {1, {}});
    expect_refused("small encoder", second, small(), {}, true);
    expect_refused("absent.safetensors", second, path("absent.safetensors"));
    expect_refused("safetensors", second, second);
    write_file(path("model.bin"), "PK\x03\x04");
    expect_refused("pickled", second, path("model.bin"));
    Archive archive = load_archive(encoder());
    archive.tensors.erase("wav2vec2.encoder.layer_norm.weight");
    save_archive(path("gap.safetensors"), archive);
    fs::copy_file(golden("wav2vec2_base") / "config.json", path("config.json"));
    expect_refused("encoder.layer_norm.weight", second, path("gap.safetensors"));
}

TEST_F(SpeechFeatures, OneWindowHasAnEnd) {
    expect_refused("at most 120 s", sound(16000 * 121), encoder(), {}, true);
}

}  // namespace
}  // namespace vultus::speech_data
