// Which parts of recordings belong together, and which look unlike the rest.
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
/// light and place of the face. A look that less than a fifth of the material shares is left out (the most
/// frequent one never), as are clips with too few valid frames.
ClipChoice choose_clips(const std::vector<ClipMeasurement>& clips, double min_valid);

}  // namespace vultus::preparation
