#include "audio/log_mel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/output_file.h"
#include "base/rng.h"

namespace vultus::audio {
namespace {

std::vector<float> sine(double hz, int num_samples, double amplitude = 0.5) {
    std::vector<float> audio(num_samples);
    for (int i = 0; i < num_samples; ++i)
        audio[i] = static_cast<float>(amplitude * std::sin(2.0 * M_PI * hz * i / 16000.0));
    return audio;
}

std::vector<float> noise(int num_samples) {
    Rng rng(3);
    std::vector<float> audio(num_samples);
    for (float& value : audio) value = static_cast<float>(0.1 * rng.normal());
    return audio;
}

// Values of tests/golden/log_mel/make.py: numpy in double precision, written from the formulas.
TEST(LogMel, EqualsTheGoldenValues) {
    const auto golden = nlohmann::json::parse(
        read_file(std::string(VULTUS_SOURCE_DIR) + "/tests/golden/log_mel/log_mel.json"));
    std::vector<float> audio;
    for (const int sample : golden.at("audio_i16")) audio.push_back(static_cast<float>(sample / 32768.0));
    const auto expected = golden.at("log_mel").get<std::vector<double>>();
    const std::vector<float> actual = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()));
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i)
        EXPECT_NEAR(actual[i], expected[i], 2e-4) << "frame " << i / 80 << " mel " << i % 80;
}

TEST(LogMel, StreamEqualsWholeBitForBit) {
    for (const int num_samples : {0, 1, 159, 160, 161, 399, 400, 5000, 40001}) {
        const std::vector<float> audio = noise(num_samples);
        const std::vector<float> whole = log_mel(audio.data(), num_samples);
        ASSERT_EQ(whole.size(), 80u * static_cast<std::size_t>(num_log_mel_frames(num_samples)));
        LogMelStream stream;  // reused: finish() must start it afresh
        for (const int chunk : {1, 7, 160, 1001, 50000}) {
            std::vector<float> streamed;
            for (int at = 0; at < num_samples; at += chunk)
                stream.push(audio.data() + at, std::min(chunk, num_samples - at), streamed);
            stream.finish(streamed);
            ASSERT_EQ(streamed, whole) << num_samples << " samples in chunks of " << chunk;
        }
    }
}

TEST(LogMel, ASineIsOnePeakAtItsMel) {
    // Slaney mels of 60 and 7600 Hz are 0.9 and 44.5; 1 kHz is mel 15: band (15 - 0.9) / (43.6 / 81) - 1
    // = 25.2.
    const std::vector<float> mel = log_mel(sine(1000.0, 16000).data(), 16000);
    const float* frame = mel.data() + 50 * 80;
    EXPECT_EQ(std::max_element(frame, frame + 80) - frame, 25);
    for (int m = 0; m < 80; ++m)
        if (std::abs(m - 25) > 6) {
            EXPECT_LT(frame[m], frame[25] - 6.0f) << m;
        }
}

TEST(LogMel, DoublingTheAmplitudeAddsLogFour) {
    const std::vector<float> one = log_mel(sine(500.0, 8000, 0.2).data(), 8000);
    const std::vector<float> two = log_mel(sine(500.0, 8000, 0.4).data(), 8000);
    const float* frame = one.data() + 20 * 80;
    const auto peak = std::max_element(frame, frame + 80) - one.data();
    EXPECT_NEAR(two[peak] - one[peak], std::log(4.0), 1e-4);
}

TEST(LogMel, SilenceIsTheFloor) {
    const std::vector<float> audio(1600, 0.0f);
    for (const float value : log_mel(audio.data(), 1600)) EXPECT_NEAR(value, std::log(1e-5), 1e-4);
}

TEST(LogMel, FramesAreCentredOnTheirTime) {
    // One click at sample 3200 is loudest in frame 20 and seen equally by its neighbours.
    std::vector<float> audio(6400, 0.0f);
    audio[3200] = 1.0f;
    const std::vector<float> mel = log_mel(audio.data(), 6400);
    const auto level = [&](int frame) { return mel[frame * 80 + 40]; };
    EXPECT_GT(level(20), level(19));
    EXPECT_NEAR(level(19), level(21), 1e-3);
    EXPECT_NEAR(level(18), std::log(1e-5), 1e-3);
    EXPECT_NEAR(level(22), std::log(1e-5), 1e-3);
}

TEST(LogMel, RefusesOptionsThatMakeNoSense) {
    LogMelOptions options;
    options.high_hz = 9000.0;
    EXPECT_THROW(LogMelStream{options}, Error);
    options = {};
    options.fft_size = 256;
    EXPECT_THROW(LogMelStream{options}, Error);
}

}  // namespace
}  // namespace vultus::audio
