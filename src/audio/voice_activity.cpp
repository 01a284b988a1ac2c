#include "audio/voice_activity.h"

#include <algorithm>
#include <cmath>

namespace vultus::audio {
namespace {

// A step each 20 ms.
constexpr float kSmoothing = 0.5f, kBegins = 0.6f, kEnds = 0.35f;
constexpr float kRise = 0.5f, kFall = 0.25f;
/// What a signal of root mean square 1 has in the bands of log_mel together.
constexpr double kFullScalePower = 3e4;

void softmax(const float* logits, std::vector<float>& out) {
    const float top = *std::max_element(logits, logits + out.size());
    float sum = 0;
    for (std::size_t k = 0; k < out.size(); ++k) sum += out[k] = std::exp(logits[k] - top);
    for (float& value : out) value /= sum;
}

}  // namespace

float VoiceActivityDetector::advance(float silence, float level_db) {
    const float now = level_db < kLeastLevelDb ? 0.0f : 1 - silence;
    speech_ += kSmoothing * (now - speech_);
    if (speech_ > kBegins) {
        active_ = true;
        quiet_frames_ = 0;
    } else if (speech_ < kEnds && ++quiet_frames_ > kHangOverFrames) {
        active_ = false;
    } else if (speech_ >= kEnds) {
        quiet_frames_ = 0;
    }
    gate_ = active_ ? std::min(1.0f, gate_ + kRise) : std::max(0.0f, gate_ - kFall);
    return gate_;
}

VoiceActivityGate::VoiceActivityGate(std::vector<float> rest, std::int64_t num_phones)
    : rest_(std::move(rest)),
      embedding_(static_cast<std::int64_t>(rest_.size())),
      num_phones_(num_phones),
      posterior_(static_cast<std::size_t>(num_phones)) {}

VoiceActivityGate VoiceActivityGate::of_posteriors(std::int64_t num_phones, std::int64_t embedding) {
    std::vector<float> silence(static_cast<std::size_t>(num_phones), 0.0f);
    silence[0] = 1;
    VoiceActivityGate gate(std::move(silence), num_phones);
    gate.embedding_ = embedding;
    gate.posteriors_ = true;
    return gate;
}

void VoiceActivityGate::hear(const float* log_mel, std::int64_t num_rows, const std::vector<float>& mel_mean,
                             const std::vector<float>& mel_std) {
    const std::size_t bands = mel_mean.size();
    for (std::int64_t row = 0; row < num_rows; ++row, even_ = !even_) {
        if (!even_) continue;
        double power = 0;
        for (std::size_t k = 0; k < bands; ++k)
            power += std::exp(log_mel[static_cast<std::size_t>(row) * bands + k] * mel_std[k] + mel_mean[k]);
        levels_db_.push_back(static_cast<float>(10 * std::log10(power / kFullScalePower)));
    }
}

void VoiceActivityGate::advance(const float* rows, std::int64_t num_rows, std::vector<float>& out) {
    for (std::int64_t i = 0; i < num_rows; ++i, rows += embedding_ + num_phones_) {
        softmax(rows + embedding_, posterior_);
        const float gate = activity_.advance(posterior_[0], levels_db_[static_cast<std::size_t>(i)]);
        const float* heard = posteriors_ ? posterior_.data() : rows;
        for (std::size_t k = 0; k < rest_.size(); ++k) out.push_back(gate * heard[k] + (1 - gate) * rest_[k]);
    }
    levels_db_.erase(levels_db_.begin(), levels_db_.begin() + num_rows);
}

void VoiceActivityGate::restart() {
    activity_ = {};
    levels_db_.clear();
    even_ = true;
}

}  // namespace vultus::audio
