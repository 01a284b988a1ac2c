// Does the sound fit the lips? Cameras, capture cards and cutting move one against the other by several
// frames, and a person learnt from that speaks late.
#pragma once

#include <span>
#include <vector>

#include "metrics/track_metrics.h"

namespace vultus::preparation {

/// One recording as seen and as heard; T frames each.
struct SeenAndHeard {
    metrics::Series opening;     ///< [T] of the lips, any unit
    std::vector<float> visemes;  ///< [T, audio::kNumVisemes]: how likely each is heard in a frame
};

/// log_posteriors [n, num_phones] of PhoneRecognizer to [num_frames, kNumVisemes] at `fps`.
std::vector<float> visemes_per_frame(std::span<const float> log_posteriors, int num_frames, double fps);

/// By how many frames the sound of each recording comes after its lips; 0 where that is not certain. At most
/// 0.35 s. Recordings of 20 s tell it by themselves: at their true place visemes explain the opening best.
/// Shorter ones are taken together for that, and then, where they are 90 s in all, each is held against what
/// the others' visemes say of its lips.
std::vector<int> audio_delays_frames(const std::vector<SeenAndHeard>& recordings, double fps);

}  // namespace vultus::preparation
