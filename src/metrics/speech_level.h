// How loud the speech is at each video frame.
#pragma once

#include <cstdint>
#include <vector>

namespace vultus::metrics {

/// Log energy (dB) of 16 kHz mono sound at frames 0..num_frames-1 (frame i is centred on (i + 0.5) / fps),
/// smoothed by a Gaussian of one frame. Floored 50 dB below the loud passages (95th percentile), so that the
/// depth of a pause does not count.
std::vector<float> speech_level_db(const std::vector<float>& audio, double fps, std::int64_t num_frames);

/// 1 where the level stays 30 dB or more below the loud passages, for the frame and its neighbours.
/// Sound without any loud passage is silent throughout.
std::vector<std::uint8_t> silent_frames(const std::vector<float>& audio, double fps, std::int64_t num_frames);

}  // namespace vultus::metrics
