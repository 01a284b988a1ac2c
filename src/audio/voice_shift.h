// Changes who seems to speak without changing when: pitch, formants and a gain curve over frequency.
#pragma once

#include <functional>
#include <vector>

namespace vultus::audio {

struct VoiceShift {
    double pitch = 1.0;                     ///< factor on the fundamental, 0.25..4
    double formant = 1.0;                   ///< factor on the spectral envelope's frequencies, 0.5..2
    std::function<double(double hz)> gain;  ///< linear gain at a frequency; empty: 1
};

/// 16 kHz mono [n] to [n]. Every 64 ms window is split into its envelope (cepstral smoothing) and what
/// remains; the peaks of the remainder move (phase vocoder), the envelope is stretched, both are multiplied
/// again and the window's energy (before `gain`) is restored, so that the loudness over time stays. Errors:
/// kInvalidArgument for factors out of range.
std::vector<float> shift_voice(const std::vector<float>& audio, const VoiceShift& shift);

}  // namespace vultus::audio
