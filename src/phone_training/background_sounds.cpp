#include "phone_training/background_sounds.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "audio/log_mel.h"

namespace vultus::phone_training {
namespace {

constexpr double kRateHz = 16000, kTau = 6.283185307179586;
constexpr std::size_t kBands = 80;
constexpr double kSoundSeconds = 10, kLevelDb = -30;
constexpr int kMusic = 48, kBreath = 24, kNoise = 24;

std::size_t samples_of(double seconds) { return static_cast<std::size_t>(seconds * kRateHz); }

/// One period of a tone: overtones that fall off, some of them missing, some lifted by a body's resonance.
class Timbre {
  public:
    explicit Timbre(Rng& rng)
        : slope_(rng.uniform(0.5, 2.6)),
          odd_only_(rng.uniform() < 0.25),
          resonance_hz_(rng.uniform(300, 3000)),
          resonance_(rng.uniform(0, 4)),
          num_overtones_(static_cast<int>(1 + rng.below(16))) {}

    std::array<float, 1024> period(double hz, Rng& rng) const {
        std::array<float, 1024> wave{};
        for (int n = 1; n <= num_overtones_ && n * hz < 7500; n += odd_only_ ? 2 : 1) {
            const double octaves = std::log2(n * hz / resonance_hz_);
            const double strength = std::pow(n, -slope_) * rng.uniform(0.4, 1) *
                                    (1 + resonance_ * std::exp(-octaves * octaves * 4));
            const double phase = rng.uniform(0, kTau);
            for (std::size_t i = 0; i < wave.size(); ++i)
                wave[i] += static_cast<float>(
                    strength *
                    std::sin(kTau * n * static_cast<double>(i) / static_cast<double>(wave.size()) + phase));
        }
        return wave;
    }

  private:
    double slope_;
    bool odd_only_;
    double resonance_hz_, resonance_;
    int num_overtones_;
};

struct Touch {
    double attack_s, decay_per_s, vibrato, vibrato_hz;
};

void add_note(std::vector<float>& audio, std::size_t begin, std::size_t length, double hz,
              const Timbre& timbre, const Touch& touch, Rng& rng) {
    const std::array<float, 1024> wave = timbre.period(hz, rng);
    const double level = rng.uniform(0.3, 1);
    const std::size_t release = samples_of(0.03);
    double phase = 0;
    for (std::size_t k = 0; k < length && begin + k < audio.size(); ++k) {
        const double time_s = static_cast<double>(k) / kRateHz;
        phase += hz / kRateHz * (1 + touch.vibrato * std::sin(kTau * touch.vibrato_hz * time_s));
        phase -= std::floor(phase);
        const double end = std::min(1.0, static_cast<double>(length - k) / static_cast<double>(release));
        const double shape = std::min(1.0, time_s / touch.attack_s) * std::exp(-touch.decay_per_s * time_s);
        audio[begin + k] +=
            static_cast<float>(level * end * shape) * wave[static_cast<std::size_t>(phase * 1024) & 1023];
    }
}

/// A drum's skin (a falling tone) or a cymbal (noise), dying away.
void add_beat(std::vector<float>& audio, std::size_t begin, Rng& rng) {
    const bool skin = rng.uniform() < 0.5;
    const double decay = rng.uniform(8, 40), hz = rng.uniform(50, 160), level = rng.uniform(0.3, 2);
    double phase = 0, before = 0;
    for (std::size_t k = 0; k < samples_of(0.4) && begin + k < audio.size(); ++k) {
        const double time_s = static_cast<double>(k) / kRateHz, white = rng.normal();
        phase += hz * (1 + std::exp(-30 * time_s)) / kRateHz;
        const double value = skin ? std::sin(kTau * phase) : 0.4 * (white - before);
        before = white;
        audio[begin + k] += static_cast<float>(level * value * std::exp(-decay * time_s));
    }
}

void set_level(std::vector<float>& audio) {
    double power = 0;
    for (const float sample : audio) power += static_cast<double>(sample) * sample;
    power /= static_cast<double>(std::max<std::size_t>(1, audio.size()));
    const auto factor = static_cast<float>(std::pow(10.0, kLevelDb / 20) / std::sqrt(std::max(power, 1e-12)));
    for (float& sample : audio) sample *= factor;
}

}  // namespace

std::vector<float> draw_music(double seconds, Rng& rng) {
    std::vector<float> audio(samples_of(seconds), 0.0f);
    const Timbre timbre(rng);
    const bool struck = rng.uniform() < 0.5, drums = rng.uniform() < 0.35;
    const Touch touch{struck ? rng.uniform(0.001, 0.02) : rng.uniform(0.02, 0.3),
                      struck ? rng.uniform(1, 9) : rng.uniform(0, 0.5),
                      rng.uniform() < 0.4 ? rng.uniform(0.001, 0.012) : 0.0, rng.uniform(4, 7)};
    const double beat_s = rng.uniform(0.14, 1.6), key_hz = rng.uniform(55, 300);
    const double overlap = rng.uniform(0.6, 2.2);
    const std::size_t most_notes = 1 + rng.below(4);
    for (double start = 0; start < seconds; start += beat_s * static_cast<double>(1 + rng.below(2))) {
        for (std::size_t note = 0, notes = 1 + rng.below(most_notes); note < notes; ++note)
            add_note(audio, samples_of(start), samples_of(beat_s * overlap),
                     key_hz * std::exp2(static_cast<double>(rng.below(25)) / 12), timbre, touch, rng);
        if (drums) add_beat(audio, samples_of(start), rng);
    }
    return audio;
}

std::vector<float> draw_breath(double seconds, Rng& rng) {
    std::vector<float> audio(samples_of(seconds));
    const double period_s = rng.uniform(0.6, 5), rest = rng.uniform(0, 0.6);
    double hz[2] = {rng.uniform(300, 4000), rng.uniform(300, 4000)}, low = 0, high = 0;
    const double width = rng.uniform(1.2, 3);
    for (std::size_t i = 0; i < audio.size(); ++i) {
        const double place = static_cast<double>(i) / kRateHz / period_s;
        const double within = place - std::floor(place), centre = hz[static_cast<std::size_t>(place) & 1];
        const double input = rng.normal();
        low += (1 - std::exp(-kTau * centre * width / kRateHz)) * (input - low);
        high += (1 - std::exp(-kTau * centre / width / kRateHz)) * (low - high);
        const double swell = within < rest ? 0 : std::sin(0.5 * kTau * (within - rest) / (1 - rest));
        audio[i] = static_cast<float>((low - high) * swell * swell);
    }
    return audio;
}

std::vector<float> draw_coloured_noise(double seconds, Rng& rng) {
    std::vector<float> audio(samples_of(seconds));
    constexpr std::array<double, 7> kHz{20, 60, 170, 480, 1300, 3000, 6500};
    std::array<double, 7> state{}, gain{};
    const double slope = rng.uniform(-0.2, 1.2);  // 0 white, 0.5 pink, 1 brown
    for (std::size_t k = 0; k < kHz.size(); ++k)
        gain[k] = std::pow(kHz[k] / 1000, -slope) * std::exp(0.4 * rng.normal());
    const double wobble = rng.uniform() < 0.4 ? rng.uniform(0.2, 0.9) : 0.0, wobble_hz = rng.uniform(0.2, 6);
    for (std::size_t i = 0; i < audio.size(); ++i) {
        const double input = rng.normal();
        double sum = 0;
        for (std::size_t k = 0; k < kHz.size(); ++k) {
            const double change = (1 - std::exp(-kTau * kHz[k] / kRateHz)) * (input - state[k]);
            state[k] += change;
            sum += gain[k] * (k == 0 ? state[k] : state[k] - state[k - 1]);
        }
        audio[i] = static_cast<float>(
            sum * (1 + wobble * std::sin(kTau * wobble_hz * static_cast<double>(i) / kRateHz)));
    }
    return audio;
}

BackgroundSounds::BackgroundSounds(std::uint64_t seed) {
    Rng rng(seed);
    for (int i = 0; i < kMusic + kBreath + kNoise; ++i) {
        std::vector<float> audio = i < kMusic             ? draw_music(kSoundSeconds, rng)
                                   : i < kMusic + kBreath ? draw_breath(kSoundSeconds, rng)
                                                          : draw_coloured_noise(kSoundSeconds, rng);
        set_level(audio);
        std::vector<float> rows = audio::log_mel(audio.data(), static_cast<std::int64_t>(audio.size()));
        for (float& value : rows) value = std::max(0.0f, std::exp(value) - audio::LogMelOptions{}.floor);
        sounds_.push_back(std::move(rows));
    }
}

std::vector<float> BackgroundSounds::draw(std::size_t num_rows, Rng& rng) const {
    const std::vector<float>& sound = sounds_[rng.below(sounds_.size())];
    const std::size_t length = sound.size() / kBands, first = rng.below(length);
    std::vector<float> power(num_rows * kBands);
    for (std::size_t row = 0; row < num_rows; ++row)
        std::copy_n(&sound[(first + row) % length * kBands], kBands, &power[row * kBands]);
    return power;
}

}  // namespace vultus::phone_training
