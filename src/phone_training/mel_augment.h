// Varies log-mel rows as other voices, rooms, microphones and noises would: for the speech encoder, which
// hears many hours, each time another way, for next to no work.
#pragma once

#include <vector>

#include "base/rng.h"
#include "phone_training/background_sounds.h"

namespace vultus::phone_training {

/// Each variation happens with its probability, with parameters drawn evenly from its range.
struct MelAugmentOptions {
    double warp_probability = 0.6, warp_low = 0.85,
           warp_high = 1.18;                                 ///< of the frequency axis (vocal tract)
    double equalizer_probability = 0.7, equalizer_db = 5.0;  ///< deviation of the gain curve
    double room_probability = 0.35;
    double room_decay_low_s = 0.1, room_decay_high_s = 0.5;  ///< time to -60 dB
    double room_low_db = -14.0, room_high_db = -2.0;         ///< reverberation against direct sound
    double gain_low_db = -25.0, gain_high_db = 8.0;
    double noise_probability = 0.85, snr_low_db = 0.0, snr_high_db = 25.0;
    double telephone_probability = 0.12;               ///< 300..3400 Hz only
    double colour_probability = 0.5, colour_db = 2.0;  ///< after the channel equalizer; deviation
    double mask_probability = 0.5;  ///< SpecAugment (Park et al. 2019, arXiv:1904.08779): bands, times
};

/// rows [T, 80]: log-mel as audio::LogMelOptions makes it (power + floor, natural logarithm); varied in
/// place. background: rows of the same size to lie below as noise, or empty: noise, clicks or music are
/// drawn, half of them from `sounds`.
void augment_log_mel(std::vector<float>& rows, const std::vector<float>& background,
                     const BackgroundSounds& sounds, Rng& rng, const MelAugmentOptions& options = {});

/// A gentle gain curve over equalized rows [T, 80]: what the channel equalizer leaves of a microphone's
/// colour.
void colour_log_mel(std::vector<float>& rows, Rng& rng, const MelAugmentOptions& options = {});

/// [T, 80] of noise, breath, clicks or music alone: what must be heard as silence.
std::vector<float> noise_log_mel(std::size_t num_rows, const BackgroundSounds& sounds, Rng& rng);

/// Masks bands and times in normalised rows [T, 80] with their mean, 0.
void mask_log_mel(std::vector<float>& normalised, Rng& rng, const MelAugmentOptions& options = {});

}  // namespace vultus::phone_training
