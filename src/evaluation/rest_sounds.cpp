#include "evaluation/rest_sounds.h"

#include <cmath>

#include "base/rng.h"

namespace vultus::evaluation {
namespace {

constexpr double kRateHz = 16000, kTau = 6.283185307179586;

std::vector<float> white(std::size_t count, Rng& rng) {
    std::vector<float> audio(count);
    for (float& sample : audio) sample = static_cast<float>(rng.normal());
    return audio;
}

/// -3 dB an octave: white noise through first-order filters an octave and a half apart.
std::vector<float> pink(std::size_t count, Rng& rng) {
    std::vector<float> audio(count);
    double state[7] = {};
    for (float& sample : audio) {
        const double input = rng.normal();
        double sum = 0, hz = 20;
        for (double& value : state) {
            const double keep = std::exp(-kTau * hz / kRateHz);
            value = keep * value + (1 - keep) * input;
            sum += value * std::sqrt(1 / hz) * 20;
            hz *= 2.8;
        }
        sample = static_cast<float>(sum);
    }
    return audio;
}

/// Chords of three struck notes with overtones, two a second.
std::vector<float> chords(std::size_t count, Rng& rng) {
    std::vector<float> audio(count, 0.0f);
    const auto beat = static_cast<std::size_t>(kRateHz / 2);
    for (std::size_t start = 0; start < count; start += beat)
        for (int note = 0; note < 3; ++note) {
            const double hz = 110 * std::exp2(static_cast<double>(rng.below(25)) / 12);
            for (std::size_t k = 0; k < 2 * beat && start + k < count; ++k) {
                const double time_s = static_cast<double>(k) / kRateHz;
                double value = 0;
                for (int overtone = 1; overtone <= 8; ++overtone)
                    value += std::sin(kTau * overtone * hz * time_s) / (overtone * overtone);
                audio[start + k] += static_cast<float>(value * std::exp(-5 * time_s));
            }
        }
    return audio;
}

/// A second in, a second out: noise about 500 and 1500 Hz that swells and goes.
std::vector<float> breath(std::size_t count, Rng& rng) {
    std::vector<float> audio(count);
    double low = 0, high = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double time_s = static_cast<double>(i) / kRateHz, input = rng.normal();
        const bool in = static_cast<std::int64_t>(time_s / 2) % 2 == 0;
        const double hz = in ? 1500 : 500;
        low += (1 - std::exp(-kTau * hz * 1.5 / kRateHz)) * (input - low);
        high += (1 - std::exp(-kTau * hz * 0.7 / kRateHz)) * (low - high);
        audio[i] = static_cast<float>((low - high) * std::pow(std::sin(kTau * time_s / 4), 2));
    }
    return audio;
}

/// About four a second, each a few milliseconds.
std::vector<float> clicks(std::size_t count, Rng& rng) {
    std::vector<float> audio(count, 0.0f);
    for (std::size_t at = 800; at < count; at += 1600 + rng.below(4800)) {
        const double keep = std::exp(-1 / rng.uniform(10, 60)), hz = rng.uniform(600, 5000);
        double level = 1;
        for (std::size_t k = at; k < count && level > 1e-3; ++k, level *= keep)
            audio[k] += static_cast<float>(
                level * (std::sin(kTau * hz * static_cast<double>(k - at) / kRateHz) + 0.5 * rng.normal()));
    }
    return audio;
}

void set_level(std::vector<float>& audio) {
    double sum = 0;
    for (const float sample : audio) sum += static_cast<double>(sample) * sample;
    const double now = std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, audio.size())));
    const auto factor = static_cast<float>(std::pow(10.0, kRestLevelDb / 20) / std::max(now, 1e-12));
    for (float& sample : audio) sample *= factor;
}

}  // namespace

std::vector<RestSound> rest_sounds(double seconds) {
    const auto count = static_cast<std::size_t>(seconds * kRateHz);
    Rng rng(11);
    std::vector<RestSound> sounds{{"white noise", white(count, rng)},
                                  {"pink noise", pink(count, rng)},
                                  {"chords", chords(count, rng)},
                                  {"breath", breath(count, rng)},
                                  {"clicks", clicks(count, rng)}};
    for (RestSound& sound : sounds) set_level(sound.audio);
    sounds.insert(sounds.begin(), {"digital silence", std::vector<float>(count, 0.0f)});
    return sounds;
}

}  // namespace vultus::evaluation
