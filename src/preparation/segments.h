// Which parts of a recording show one person from one place, and what is wrong with the others.
#pragma once

#include <string>
#include <vector>

#include "preparation/clip_measurement.h"

namespace vultus::preparation {

/// Frames first .. first + count - 1 of a recording.
struct Part {
    int first = 0, count = 0;
    std::string reason;  ///< why it is left out; empty: it can be used

    int end() const { return first + count; }
};

inline constexpr double kLeastPartSeconds = 1.5;

/// First frames of new shots: where the picture around the head changes at once and stays changed, or the
/// face jumps while it moved little before and after. Noise, key frames, flashes and slow drift are none.
std::vector<int> find_cuts(const ClipMeasurement& clip);

/// Parts that follow each other and cover the recording. Single frames that do not fit become invalid in
/// `clip`; whole runs of them become parts with a reason.
std::vector<Part> split_recording(ClipMeasurement& clip);

}  // namespace vultus::preparation
