#include "audio/augment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "audio/fft.h"
#include "audio/voice_shift.h"

namespace vultus::audio {
namespace {

constexpr double kSampleRateHz = 16000.0;

double uniform_log(Rng& rng, double low, double high) {
    return std::exp(rng.uniform(std::log(low), std::log(high)));
}

double gain_from_db(double db) { return std::pow(10.0, db / 20.0); }

double mean_square(const std::vector<float>& audio) {
    double sum = 0;
    for (const float value : audio) sum += double(value) * value;
    return audio.empty() ? 0.0 : sum / static_cast<double>(audio.size());
}

// A smooth random curve in dB through points an octave or so apart, and sometimes a telephone's band.
struct GainCurve {
    std::array<double, 8> points_db{};  // at 62.5 Hz * 2^i
    bool telephone = false;

    double operator()(double hz) const {
        const double octave = std::clamp(std::log2(std::max(hz, 1.0) / 62.5), 0.0, 6.999);
        const int low = static_cast<int>(octave);
        const double part = 0.5 - 0.5 * std::cos(M_PI * (octave - low));
        const double gain = gain_from_db(points_db[low] + part * (points_db[low + 1] - points_db[low]));
        if (!telephone) return gain;
        // 12th-order slopes outside 300..3400 Hz.
        const double low_side = 1.0 / (1.0 + std::pow(300.0 / std::max(hz, 1.0), 6.0));
        return gain * low_side / (1.0 + std::pow(hz / 3400.0, 12.0));
    }
};

VoiceShift draw_voice(Rng& rng, const AugmentOptions& options) {
    VoiceShift shift;
    if (rng.uniform() < options.voice_probability) {
        shift.pitch = uniform_log(rng, options.pitch_low, options.pitch_high);
        shift.formant = uniform_log(rng, options.formant_low, options.formant_high);
    }
    GainCurve curve;
    const bool equalize = rng.uniform() < options.equalizer_probability;
    if (equalize)
        for (double& point : curve.points_db)
            point = std::clamp(rng.normal(), -2.0, 2.0) * options.equalizer_db;
    curve.telephone = rng.uniform() < options.telephone_probability;
    if (equalize || curve.telephone) shift.gain = curve;
    return shift;
}

// Direct sound at lag 0 followed by exponentially decaying noise: it blurs, but does not delay.
std::vector<float> draw_room(Rng& rng, const AugmentOptions& options) {
    const double decay_s = rng.uniform(options.room_decay_low_s, options.room_decay_high_s);
    const double direct_db = rng.uniform(options.direct_low_db, options.direct_high_db);
    const auto length = static_cast<std::size_t>(decay_s * kSampleRateHz);
    std::vector<float> response(std::max<std::size_t>(length, 2));
    double tail_energy = 0;
    for (std::size_t i = 1; i < response.size(); ++i) {
        const double level = std::pow(10.0, -3.0 * static_cast<double>(i) / static_cast<double>(length));
        // A sparse, signed tail: first echoes stand alone, as in a small room.
        const bool sounds = i > 800 || rng.uniform() < 0.05 + static_cast<double>(i) / 800.0;
        response[i] = sounds && i > 16 ? static_cast<float>(rng.normal() * level) : 0.0f;
        tail_energy += double(response[i]) * response[i];
    }
    const double scale = gain_from_db(-direct_db) / std::sqrt(std::max(tail_energy, 1e-12));
    for (float& value : response) value = static_cast<float>(value * scale);
    response[0] = 1.0f;
    return response;
}

// Overlap-add convolution, cut to the length of `audio`.
std::vector<float> convolve(const std::vector<float>& audio, const std::vector<float>& response) {
    int size = 4096;
    while (size < static_cast<int>(2 * response.size())) size *= 2;
    const std::size_t block = static_cast<std::size_t>(size) - response.size() + 1;
    RealFft fft(size);
    std::vector<std::complex<float>> filter(fft.num_bins()), spectrum(fft.num_bins());
    std::vector<float> buffer(size, 0.0f), out(audio.size() + size, 0.0f);
    std::copy(response.begin(), response.end(), buffer.begin());
    fft.forward(buffer.data(), filter.data());
    for (std::size_t at = 0; at < audio.size(); at += block) {
        const std::size_t count = std::min(block, audio.size() - at);
        std::fill(buffer.begin(), buffer.end(), 0.0f);
        std::copy_n(audio.begin() + static_cast<std::ptrdiff_t>(at), count, buffer.begin());
        fft.forward(buffer.data(), spectrum.data());
        for (std::size_t k = 0; k < spectrum.size(); ++k) {
            const auto a = spectrum[k], b = filter[k];
            spectrum[k] = {a.real() * b.real() - a.imag() * b.imag(),
                           a.real() * b.imag() + a.imag() * b.real()};
        }
        fft.inverse(spectrum.data(), buffer.data());
        for (int i = 0; i < size; ++i) out[at + i] += buffer[i];
    }
    out.resize(audio.size());
    return out;
}

std::vector<float> white_noise(std::size_t size, Rng& rng) {
    std::vector<float> noise(size);
    for (float& value : noise) value = static_cast<float>(rng.uniform() + rng.uniform() - 1.0);
    return noise;
}

// Kellet's three-pole approximation of 1/f.
std::vector<float> pink_noise(std::size_t size, Rng& rng) {
    std::vector<float> noise = white_noise(size, rng);
    double a = 0, b = 0, c = 0;
    for (float& value : noise) {
        a = 0.99765 * a + value * 0.0990460;
        b = 0.96300 * b + value * 0.2965164;
        c = 0.57000 * c + value * 1.0526913;
        value = static_cast<float>(a + b + c + value * 0.1848);
    }
    return noise;
}

// Many people at once: the clip itself backwards from several places, so that it has the spectrum of speech.
std::vector<float> babble_noise(const std::vector<float>& audio, Rng& rng) {
    constexpr int kVoices = 6;
    const std::size_t size = audio.size();
    std::vector<float> noise(size, 0.0f);
    for (int voice = 0; voice < kVoices; ++voice) {
        std::size_t at = rng.below(size);
        const auto level = static_cast<float>(rng.uniform(0.4, 1.0));
        for (float& value : noise) {
            value += level * audio[at];
            at = at == 0 ? size - 1 : at - 1;
        }
    }
    return noise;
}

void add_noise(std::vector<float>& audio, Rng& rng, const AugmentOptions& options) {
    const double snr_db = rng.uniform(options.snr_low_db, options.snr_high_db);
    const auto kind = rng.below(3);
    const std::vector<float> noise = kind == 0   ? white_noise(audio.size(), rng)
                                     : kind == 1 ? pink_noise(audio.size(), rng)
                                                 : babble_noise(audio, rng);
    const double signal = mean_square(audio), level = mean_square(noise);
    if (signal <= 0 || level <= 0) return;
    const auto scale = static_cast<float>(std::sqrt(signal / level) * gain_from_db(-snr_db));
    for (std::size_t i = 0; i < audio.size(); ++i) audio[i] += scale * noise[i];
}

}  // namespace

std::vector<float> augment(const std::vector<float>& audio, Rng& rng, const AugmentOptions& options) {
    if (audio.empty()) return audio;
    const VoiceShift shift = draw_voice(rng, options);
    const bool changes = shift.pitch != 1.0 || shift.formant != 1.0 || shift.gain;
    std::vector<float> out = changes ? shift_voice(audio, shift) : audio;
    if (rng.uniform() < options.room_probability) out = convolve(out, draw_room(rng, options));
    if (rng.uniform() < options.noise_probability) add_noise(out, rng, options);
    double gain = 1.0;
    if (rng.uniform() < options.gain_probability)
        gain = gain_from_db(rng.uniform(options.gain_low_db, options.gain_high_db));
    for (float& value : out) value = std::clamp(static_cast<float>(value * gain), -1.0f, 1.0f);
    return out;
}

}  // namespace vultus::audio
