// Which clips belong together, and which look unlike the rest.
#pragma once

#include <string>
#include <vector>

#include "preparation/clip_measurement.h"

namespace vultus::preparation {

struct ClipVerdict {
    int session = -1;    ///< index into ClipChoice::sessions; -1: left out
    std::string reason;  ///< why it was left out
    double oddness = 0;  ///< distance of its look from its group's, grey levels
};

struct ClipChoice {
    std::vector<ClipVerdict> clips;          ///< one per measurement
    std::vector<std::vector<int>> sessions;  ///< indices of the measurements of each session
};

/// Groups the usable measurements into recording sessions: equal image size, similar background, clothes,
/// light and place of the face. A look that less than a fifth of the material shares is left out, as are
/// clips whose image jumps and those with too few valid frames.
/// Longer recordings with a jump stay; see frames_around_jumps().
ClipChoice choose_clips(const std::vector<ClipMeasurement>& clips, double min_valid);

/// Frames within half a second of a place where the whole image changes at once (a cut, or damage that
/// heals). [0, num_frames) ascending.
std::vector<int> frames_around_jumps(const ClipMeasurement& clip);

}  // namespace vultus::preparation
