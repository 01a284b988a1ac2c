// What a recogniser thinks of every frame, as searches weigh it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "audio/phones.h"

namespace vultus::alignment {

/// Frame t is centred on t * 20 ms (PhoneRecognizer).
inline constexpr int kPosteriorRateHz = 50;
inline constexpr int kParts = 2;  ///< of a frame: phones change between frames, too

/// Frames of log_posteriors [T * 40], T = ceil(samples / 320). Errors: kInvalidArgument for another size or
/// values that are no logarithms of probabilities (NaN, above 0.01).
std::size_t checked_frames(const std::vector<float>& log_posteriors, std::int64_t num_samples);

/// However sure a recogniser is, one wrong frame does not outweigh a word: at least -8.
inline float score_of(const std::vector<float>& log_posteriors, std::size_t frame, int phone) {
    return std::max(log_posteriors[frame * audio::kNumPhones + static_cast<std::size_t>(phone)], -8.0f);
}

/// All 40 scores of a frame: a phone's own, and by `weight` (0..1) that of all that look like it together.
void lookalike_scores(const std::vector<float>& log_posteriors, std::size_t frame, double weight, float* row);

/// Where a part of a frame begins: a frame lies half before and half after its centre, the first begins with
/// the sound.
double part_begin_s(std::size_t part);
/// Where a frame begins; frame T at the sound's end.
double frame_begin_s(std::size_t frame, std::int64_t num_samples);

}  // namespace vultus::alignment
