// Makes training speech sound like other people, rooms and microphones, without moving anything in time.
#pragma once

#include <vector>

#include "base/rng.h"

namespace vultus::audio {

/// Each stage happens with its probability, with parameters drawn evenly from its range (pitch and formants
/// evenly in the logarithm).
struct AugmentOptions {
    double voice_probability = 0.7;
    double pitch_low = 0.6, pitch_high = 1.7;
    double formant_low = 0.8, formant_high = 1.25;
    double equalizer_probability = 0.6;
    double equalizer_db = 9.0;           ///< standard deviation of the gain curve's points
    double telephone_probability = 0.1;  ///< 300..3400 Hz only
    double room_probability = 0.3;
    double room_decay_low_s = 0.08, room_decay_high_s = 0.3;  ///< time to -60 dB
    double direct_low_db = 8.0, direct_high_db = 24.0;        ///< direct sound over reverberation
    double noise_probability = 0.7;
    double snr_low_db = 5.0, snr_high_db = 40.0;
    double gain_probability = 0.9;
    double gain_low_db = -20.0, gain_high_db = 6.0;

    /// No stage happens: to choose some.
    static AugmentOptions none() {
        AugmentOptions options;
        for (double* probability :
             {&options.voice_probability, &options.equalizer_probability, &options.telephone_probability,
              &options.room_probability, &options.noise_probability, &options.gain_probability})
            *probability = 0;
        return options;
    }
};

/// 16 kHz mono, -1..1, [n] to [n] in the same timing, clipped to -1..1. The same Rng state gives the same
/// audio.
std::vector<float> augment(const std::vector<float>& audio, Rng& rng, const AugmentOptions& options = {});

}  // namespace vultus::audio
