#include "audio/voice_shift.h"

#include <algorithm>
#include <cmath>
#include <complex>

#include "audio/fft.h"
#include "base/error.h"

namespace vultus::audio {
namespace {

using Complex = std::complex<float>;

constexpr int kSampleRateHz = 16000;
constexpr int kWindow = 1024;  // 64 ms: harmonics of a 60 Hz voice still stand apart
constexpr int kHop = kWindow / 4;
constexpr int kBins = kWindow / 2 + 1;
constexpr int kLifter = 28;  // quefrencies up to 1.75 ms: formants, but no pitch below 570 Hz
constexpr float kTiny = 1e-9f;

class Shifter {
  public:
    explicit Shifter(const VoiceShift& shift) : shift_(shift), fft_(kWindow), gain_(kBins, 1.0f) {
        for (int i = 0; i < kWindow; ++i)
            window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * M_PI * i / kWindow));
        if (shift.gain)
            for (int k = 0; k < kBins; ++k)
                gain_[k] = static_cast<float>(shift.gain(double(k) * kSampleRateHz / kWindow));
    }

    /// in, out: kWindow samples; out is added to.
    void add_window(const float* in, float* out) {
        for (int i = 0; i < kWindow; ++i) frame_[i] = in[i] * window_[i];
        fft_.forward(frame_, spectrum_);
        if (shift_.pitch != 1.0 || shift_.formant != 1.0) change_voice();
        for (int k = 0; k < kBins; ++k) spectrum_[k] *= gain_[k];
        fft_.inverse(spectrum_, frame_);
        // Hann squared at a hop of a quarter sums to 1.5.
        for (int i = 0; i < kWindow; ++i) out[i] += frame_[i] * window_[i] * (1.0f / 1.5f);
    }

  private:
    void change_voice() {
        float energy = 0;
        for (int k = 0; k < kBins; ++k) {
            power_[k] = std::norm(spectrum_[k]);
            energy += power_[k];
        }
        if (energy < kTiny) return;
        find_envelope();
        if (shift_.pitch != 1.0) {
            move_peaks();
        } else {
            for (int k = 0; k < kBins; ++k) moved_[k] = spectrum_[k] / envelope_[k];
        }
        float new_energy = kTiny;
        for (int k = 0; k < kBins; ++k) {
            spectrum_[k] = moved_[k] * warped_envelope(k);
            new_energy += std::norm(spectrum_[k]);
        }
        const float scale = std::sqrt(energy / new_energy);
        for (Complex& value : spectrum_) value *= scale;
    }

    // exp of the low quefrencies of the log magnitude.
    void find_envelope() {
        for (int k = 0; k < kBins; ++k) cepstral_[k] = Complex(0.5f * std::log(power_[k] + kTiny), 0.0f);
        fft_.inverse(cepstral_, frame_);
        for (int i = kLifter; i <= kWindow - kLifter; ++i) frame_[i] = 0.0f;
        fft_.forward(frame_, cepstral_);
        for (int k = 0; k < kBins; ++k) envelope_[k] = std::exp(cepstral_[k].real());
    }

    float warped_envelope(int bin) const {
        const double source = std::min<double>(bin / shift_.formant, kBins - 1);
        const int low = std::min(static_cast<int>(source), kBins - 2);
        const auto part = static_cast<float>(source - low);
        return envelope_[low] + part * (envelope_[low + 1] - envelope_[low]);
    }

    // Each spectral peak moves with its surroundings to pitch * its frequency and turns its phase by what the
    // higher or lower frequency gains over a hop (Laroche and Dolson 1999).
    void move_peaks() {
        std::fill(std::begin(moved_), std::end(moved_), Complex(0, 0));
        int start = 0;
        for (int peak = next_peak(0); peak < kBins;) {
            const int following = next_peak(peak + 1);
            const int end = following < kBins ? lowest_between(peak, following) : kBins;
            move_region(start, peak, end);
            start = end;
            peak = following;
        }
        // A lowered voice leaves the top of the spectrum empty: the original noise-like top fills it.
        for (int k = static_cast<int>(shift_.pitch * (kBins - 1)); k < kBins; ++k)
            moved_[k] = spectrum_[k] / envelope_[k];
    }

    int next_peak(int from) const {
        for (int k = std::max(from, 2); k < kBins - 2; ++k)
            if (power_[k] > power_[k - 1] && power_[k] >= power_[k + 1] && power_[k] > power_[k - 2] &&
                power_[k] >= power_[k + 2])
                return k;
        return kBins;
    }

    int lowest_between(int a, int b) const {
        return static_cast<int>(std::min_element(power_ + a, power_ + b) - power_);
    }

    void move_region(int start, int peak, int end) {
        const float left = power_[peak - 1], centre = power_[peak], right = power_[peak + 1];
        const float curve = 2.0f * centre - left - right;
        const double offset = curve > 0 ? 0.5 * (right - left) / curve : 0.0;
        const double shift_bins = (shift_.pitch - 1.0) * (peak + offset);
        double turn = turn_[peak] + 2.0 * M_PI * shift_bins * kHop / kWindow;
        turn = std::remainder(turn, 2.0 * M_PI);
        const Complex rotation(static_cast<float>(std::cos(turn)), static_cast<float>(std::sin(turn)));
        const int distance = static_cast<int>(std::lround(shift_bins));
        for (int k = start; k < end; ++k) {
            turn_[k] = static_cast<float>(turn);
            const int target = k + distance;
            if (target < 0 || target >= kBins) continue;
            const Complex value = spectrum_[k] / envelope_[k];
            moved_[target] += Complex(value.real() * rotation.real() - value.imag() * rotation.imag(),
                                      value.real() * rotation.imag() + value.imag() * rotation.real());
        }
    }

    const VoiceShift& shift_;
    RealFft fft_;
    std::vector<float> gain_;
    float window_[kWindow];
    float frame_[kWindow];
    float power_[kBins], envelope_[kBins];
    float turn_[kBins] = {};
    Complex spectrum_[kBins], moved_[kBins], cepstral_[kBins];
};

}  // namespace

std::vector<float> shift_voice(const std::vector<float>& audio, const VoiceShift& shift) {
    if (!(shift.pitch >= 0.25 && shift.pitch <= 4.0 && shift.formant >= 0.5 && shift.formant <= 2.0))
        fail(ErrorCode::kInvalidArgument,
             "[audio] voice shift: expected pitch 0.25 to 4 and formant 0.5 to 2, got {} and {}", shift.pitch,
             shift.formant);
    const std::size_t size = audio.size();
    std::vector<float> padded(size + 2 * kWindow, 0.0f), out(size + 2 * kWindow, 0.0f);
    std::copy(audio.begin(), audio.end(), padded.begin() + kWindow);
    Shifter shifter(shift);
    // Windows start before the first sample, so that every sample lies under four of them.
    for (std::size_t at = kHop; at < size + kWindow; at += kHop)
        shifter.add_window(padded.data() + at, out.data() + at);
    return {out.begin() + kWindow, out.begin() + kWindow + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace vultus::audio
