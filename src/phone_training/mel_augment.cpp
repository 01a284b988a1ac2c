#include "phone_training/mel_augment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "audio/log_mel.h"

namespace vultus::phone_training {
namespace {

constexpr std::size_t kBands = 80;
constexpr double kFloor = 1e-5;  // audio::LogMelOptions::floor
constexpr double kRowsPerSecond = 100.0;
constexpr double kShareOfSounds = 0.5;
constexpr int kTelephoneLow = 10, kTelephoneHigh = 57;  // bands about 300 and 3400 Hz

using Curve = std::array<float, kBands>;

float power_of_db(double db) { return static_cast<float>(std::pow(10.0, db / 10)); }

/// A few slow waves over the bands: microphones, rooms, the colour of a noise.
Curve draw_curve(Rng& rng, double deviation_db) {
    Curve gains_db{};
    for (int wave = 0; wave < 4; ++wave) {
        const double amplitude = rng.normal() * deviation_db * 0.7, phase = rng.uniform(0, 6.2831853);
        for (std::size_t k = 0; k < kBands; ++k)
            gains_db[k] += static_cast<float>(amplitude * std::cos(3.14159265 * wave * k / kBands + phase));
    }
    Curve gains;
    for (std::size_t k = 0; k < kBands; ++k) gains[k] = power_of_db(gains_db[k]);
    return gains;
}

void multiply(std::vector<float>& power, const Curve& gains) {
    for (std::size_t at = 0; at < power.size(); ++at) power[at] *= gains[at % kBands];
}

/// Stretches the frequency axis by `factor`, as a shorter or longer vocal tract does.
void warp_bands(std::vector<float>& power, double factor) {
    Curve warped;
    for (std::size_t row = 0; row < power.size(); row += kBands) {
        for (std::size_t k = 0; k < kBands; ++k) {
            const double at = std::min(static_cast<double>(k) * factor, kBands - 1.001);
            const auto low = static_cast<std::size_t>(at);
            const auto part = static_cast<float>(at - static_cast<double>(low));
            warped[k] = power[row + low] + part * (power[row + low + 1] - power[row + low]);
        }
        std::copy(warped.begin(), warped.end(), power.begin() + static_cast<std::ptrdiff_t>(row));
    }
}

void reverberate(std::vector<float>& power, double decay_s, double level_db) {
    const auto keep = static_cast<float>(std::pow(10.0, -6.0 / (decay_s * kRowsPerSecond)));
    const float level = power_of_db(level_db) * (1 - keep);
    Curve tail{};
    for (std::size_t row = 0; row < power.size(); row += kBands)
        for (std::size_t k = 0; k < kBands; ++k) {
            const float direct = power[row + k];
            power[row + k] += level * tail[k];
            tail[k] = keep * (tail[k] + direct);
        }
}

double mean_of(const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values) sum += value;
    return sum / static_cast<double>(std::max<std::size_t>(1, values.size()));
}

/// Short windows of noise fluctuate.
float draw_fluctuation(Rng& rng) {
    return static_cast<float>(-0.5 * std::log((1 - rng.uniform()) * (1 - rng.uniform())));
}

/// Traffic, fans, hiss: a coloured spectrum that stays.
void add_steady(std::vector<float>& power, Rng& rng) {
    const Curve colour = draw_curve(rng, 9.0);
    for (std::size_t at = 0; at < power.size(); ++at)
        power[at] += colour[at % kBands] * draw_fluctuation(rng);
}

/// A colour with little outside of some bands, as a throat or a window makes it.
Curve draw_band(Rng& rng) {
    Curve gains = draw_curve(rng, 6.0);
    const double centre = rng.uniform(5, 70), width = rng.uniform(6, 30), slope_db = rng.uniform(0.5, 3);
    for (std::size_t k = 0; k < kBands; ++k)
        gains[k] *=
            power_of_db(-slope_db * std::max(0.0, std::abs(static_cast<double>(k) - centre) - width / 2));
    return gains;
}

/// Breath, rustling, doors: noise that swells and goes, each time of another colour.
void add_bursts(std::vector<float>& power, Rng& rng) {
    const std::size_t num_rows = power.size() / kBands;
    for (std::size_t row = rng.below(60); row < num_rows; row += 20 + rng.below(120)) {
        const Curve colour = rng.uniform() < 0.5 ? draw_band(rng) : draw_curve(rng, 9.0);
        const std::size_t length = 5 + rng.below(150);
        for (std::size_t k = 0; k < length && row + k < num_rows; ++k) {
            const double shape =
                std::sin(3.14159265 * (static_cast<double>(k) + 0.5) / static_cast<double>(length));
            for (std::size_t band = 0; band < kBands; ++band)
                power[(row + k) * kBands + band] +=
                    colour[band] * static_cast<float>(shape * shape) * draw_fluctuation(rng);
        }
    }
}

/// Keys, knocks, clicks: one window or two, then a short decay.
void add_clicks(std::vector<float>& power, Rng& rng) {
    const std::size_t num_rows = power.size() / kBands;
    for (std::size_t row = rng.below(40); row < num_rows; row += 8 + rng.below(90)) {
        const Curve colour = draw_curve(rng, 9.0);
        const double decay = std::exp(-1 / rng.uniform(0.3, 4.0));
        double level = 10;
        for (std::size_t k = row; k < std::min(num_rows, row + 20); ++k, level *= decay)
            for (std::size_t band = 0; band < kBands; ++band)
                power[k * kBands + band] += colour[band] * static_cast<float>(level) * draw_fluctuation(rng);
    }
}

/// Music: chords of notes with overtones, struck or held, and a little noise.
void add_music(std::vector<float>& power, Rng& rng) {
    const std::size_t num_rows = power.size() / kBands;
    const double beat_rows = rng.uniform(12, 60), key_hz = rng.uniform(60, 240);
    const double fade = rng.uniform() < 0.5 ? 0.0 : rng.uniform(0.005, 0.08), slope = rng.uniform(0.5, 2);
    for (double start = 0; start < static_cast<double>(num_rows); start += beat_rows)
        for (std::size_t note = 0, notes = 1 + rng.below(4); note < notes; ++note) {
            const double hz = key_hz * std::exp2(static_cast<double>(rng.below(30)) / 12);
            for (int overtone = 1; overtone <= 12 && overtone * hz < 7500; ++overtone) {
                const auto band = static_cast<std::size_t>(audio::mel_band_of(overtone * hz) + 0.5);
                const double strength = std::pow(overtone, -slope) * rng.uniform(0.2, 1);
                for (std::size_t k = 0; k < static_cast<std::size_t>(beat_rows) + 1; ++k) {
                    const std::size_t row = static_cast<std::size_t>(start) + k;
                    if (row >= num_rows) break;
                    const auto value =
                        static_cast<float>(strength * std::exp(-fade * static_cast<double>(k)));
                    power[row * kBands + band] += 10 * value;
                    if (band > 0) power[row * kBands + band - 1] += 2 * value;
                    if (band + 1 < kBands) power[row * kBands + band + 1] += 2 * value;
                }
            }
        }
}

/// What is heard where nobody speaks, of mean power 1.
std::vector<float> draw_noise(std::size_t size, const BackgroundSounds& sounds, Rng& rng) {
    std::vector<float> power(size, 0.0f);
    const double kind = rng.uniform();
    if (rng.uniform() < kShareOfSounds) {
        power = sounds.draw(size / kBands, rng);
        multiply(power, draw_curve(rng, 4.0));
    } else if (kind < 0.4) {
        add_steady(power, rng);
    } else if (kind < 0.65) {
        add_bursts(power, rng);
    } else if (kind < 0.8) {
        add_clicks(power, rng);
    } else {
        add_music(power, rng);
    }
    const auto mean = static_cast<float>(std::max(1e-12, mean_of(power)));
    for (float& value : power) value /= mean;
    return power;
}

void add_scaled(std::vector<float>& power, const std::vector<float>& noise, double mean_power) {
    const auto factor = static_cast<float>(mean_power / std::max(1e-12, mean_of(noise)));
    for (std::size_t at = 0; at < power.size(); ++at) power[at] += factor * noise[at];
}

}  // namespace

void augment_log_mel(std::vector<float>& rows, const std::vector<float>& background,
                     const BackgroundSounds& sounds, Rng& rng, const MelAugmentOptions& options) {
    for (float& value : rows) value = std::max(0.0f, std::exp(value) - static_cast<float>(kFloor));
    if (rng.uniform() < options.warp_probability)
        warp_bands(rows, std::exp(rng.uniform(std::log(options.warp_low), std::log(options.warp_high))));
    if (rng.uniform() < options.equalizer_probability) multiply(rows, draw_curve(rng, options.equalizer_db));
    if (rng.uniform() < options.room_probability)
        reverberate(rows, rng.uniform(options.room_decay_low_s, options.room_decay_high_s),
                    rng.uniform(options.room_low_db, options.room_high_db));
    const double speech = mean_of(rows);
    if (rng.uniform() < options.noise_probability) {
        const double snr_db = rng.uniform(options.snr_low_db, options.snr_high_db);
        if (background.size() == rows.size()) {
            std::vector<float> other = background;
            for (float& value : other) value = std::exp(value);
            add_scaled(rows, other, speech * power_of_db(-std::max(snr_db, 10.0)));
        } else {
            add_scaled(rows, draw_noise(rows.size(), sounds, rng), speech * power_of_db(-snr_db));
        }
    }
    if (rng.uniform() < options.telephone_probability)
        for (std::size_t at = 0; at < rows.size(); ++at) {
            const auto band = static_cast<int>(at % kBands);
            if (band < kTelephoneLow || band > kTelephoneHigh) rows[at] *= 1e-4f;
        }
    const float gain = power_of_db(rng.uniform(options.gain_low_db, options.gain_high_db));
    for (float& value : rows) value = std::log(value * gain + static_cast<float>(kFloor));
}

void colour_log_mel(std::vector<float>& rows, Rng& rng, const MelAugmentOptions& options) {
    if (rng.uniform() >= options.colour_probability) return;
    const Curve gains = draw_curve(rng, options.colour_db);
    constexpr auto floor = static_cast<float>(kFloor);
    for (std::size_t at = 0; at < rows.size(); ++at)
        rows[at] = std::log(std::max(0.0f, std::exp(rows[at]) - floor) * gains[at % kBands] + floor);
}

std::vector<float> noise_log_mel(std::size_t num_rows, const BackgroundSounds& sounds, Rng& rng) {
    std::vector<float> rows = draw_noise(num_rows * kBands, sounds, rng);
    // From below the floor to -30 dB of full scale; a windowed full-scale sound has about 1e4 in a band.
    const float level = power_of_db(rng.uniform(-60, 10));
    for (float& value : rows) value = std::log(value * level + static_cast<float>(kFloor));
    return rows;
}

void mask_log_mel(std::vector<float>& normalised, Rng& rng, const MelAugmentOptions& options) {
    const std::size_t num_rows = normalised.size() / kBands;
    for (int i = 0; i < 2; ++i) {
        if (rng.uniform() >= options.mask_probability) continue;
        const std::size_t width = 2 + rng.below(10), first = rng.below(kBands - width);
        for (std::size_t row = 0; row < num_rows; ++row)
            std::fill_n(normalised.begin() + static_cast<std::ptrdiff_t>(row * kBands + first), width, 0.0f);
    }
    for (int i = 0; i < 2; ++i) {
        if (rng.uniform() >= options.mask_probability || num_rows < 20) continue;
        const std::size_t width = 1 + rng.below(8), first = rng.below(num_rows - width);
        std::fill_n(normalised.begin() + static_cast<std::ptrdiff_t>(first * kBands), width * kBands, 0.0f);
    }
}

}  // namespace vultus::phone_training
