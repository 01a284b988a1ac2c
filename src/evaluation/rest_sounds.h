// Sounds in which nobody speaks: a mouth must not answer them.
#pragma once

#include <string>
#include <vector>

namespace vultus::evaluation {

struct RestSound {
    std::string name;
    std::vector<float> audio;  ///< 16 kHz
};

inline constexpr double kRestLevelDb = -35;  ///< root mean square against full scale

/// Digital silence, white and pink noise, chords, breath and clicks, `seconds` long, all but the first at
/// kRestLevelDb. Always the same.
std::vector<RestSound> rest_sounds(double seconds);

}  // namespace vultus::evaluation
