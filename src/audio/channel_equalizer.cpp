#include "audio/channel_equalizer.h"

#include <algorithm>
#include <cmath>

#include "audio/log_mel.h"

namespace vultus::audio {
namespace {

constexpr std::size_t kBands = ChannelEqualizer::kNumMels;
constexpr float kFloor = LogMelOptions{}.floor, kLogFloor = -11.512925f;  // and its logarithm

/// The shape of speech at every eighth band (ln of power less its mean): the mean over the loud rows of the
/// voices that the small encoder was trained on.
constexpr std::array<float, 11> kSpeech{1.6f,  3.0f,  1.7f,  0.2f,  -0.4f, -0.3f,
                                        -0.4f, -0.3f, -1.3f, -2.9f, -3.9f};

constexpr double kFirstWeight = 100, kMostWeight = 1000;  ///< rows: 1 s of no colour, a memory of 10 s
constexpr double kWeightOfLouder = 50;                    ///< what is left of it when somebody louder begins
constexpr float kLouder = 1.2f, kLoud = 2.0f;             ///< ln of power, about 5 and 9 dB
constexpr float kFallPerRow = 0.005f;
constexpr float kLeastLevel = kLogFloor + 1.5f;
constexpr float kMostGain = 2.0f;  ///< ln, 8.7 dB
constexpr int kSmoothing = 4;      ///< bands on each side
constexpr int kUpdateRows = 10;

float speech_shape(std::size_t band) {
    const std::size_t low = band / 8;
    const float part = static_cast<float>(band % 8) / 8;
    return kSpeech[low] + part * (kSpeech[low + 1] - kSpeech[low]);
}

}  // namespace

void ChannelEqualizer::restart() {
    float sum = 0;
    for (std::size_t k = 0; k < kBands; ++k) sum += mean_[k] = speech_shape(k);
    for (float& value : mean_) value -= sum / kBands;
    gains_.fill(1.0f);
    weight_ = kFirstWeight;
    loudest_ = kLogFloor;
    rows_until_update_ = kUpdateRows;
    flat_ = true;
}

void ChannelEqualizer::listen(const float* row) {
    float level = 0;
    for (std::size_t k = 0; k < kBands; ++k) level += row[k];
    level /= kBands;
    if (level > loudest_ + kLouder) weight_ = std::min(weight_, kWeightOfLouder);
    loudest_ = std::max(level, loudest_ - kFallPerRow);
    if (level < std::max(loudest_ - kLoud, kLeastLevel)) return;
    weight_ = std::min(weight_ + 1, kMostWeight);
    const auto part = static_cast<float>(1 / weight_);
    for (std::size_t k = 0; k < kBands; ++k) mean_[k] += part * (row[k] - level - mean_[k]);
    if (--rows_until_update_ > 0) return;
    rows_until_update_ = kUpdateRows;
    update_gains();
}

void ChannelEqualizer::update_gains() {
    std::array<float, kBands> wanted;
    float shape = 0;
    for (std::size_t k = 0; k < kBands; ++k) shape += speech_shape(k) / kBands;
    for (std::size_t k = 0; k < kBands; ++k) wanted[k] = speech_shape(k) - shape - mean_[k];
    for (std::size_t k = 0; k < kBands; ++k) {
        float sum = 0;
        for (int i = -kSmoothing; i <= kSmoothing; ++i)
            sum += wanted[static_cast<std::size_t>(
                std::clamp(static_cast<int>(k) + i, 0, static_cast<int>(kBands) - 1))];
        gains_[k] = std::exp(std::clamp(sum / (2 * kSmoothing + 1), -kMostGain, kMostGain));
    }
    flat_ = false;
}

void ChannelEqualizer::advance(float* rows, std::int64_t num_rows) {
    for (float* row = rows; row < rows + num_rows * static_cast<std::int64_t>(kBands); row += kBands) {
        listen(row);
        if (flat_) continue;
        for (std::size_t k = 0; k < kBands; ++k)
            row[k] = std::log(std::max(0.0f, std::exp(row[k]) - kFloor) * gains_[k] + kFloor);
    }
}

void ChannelEqualizer::hear(const float* rows, std::int64_t num_rows) {
    for (std::int64_t row = 0; row < num_rows; ++row) listen(rows + row * static_cast<std::int64_t>(kBands));
}

}  // namespace vultus::audio
