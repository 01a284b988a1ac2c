// Mouth shapes long enough to be seen.
#pragma once

#include <vector>

#include "transcription/phone_formats.h"

namespace vultus::transcription {

/// As Rhubarb Lip Sync times its shapes: stretches of open or of closed mouth last 0.08 s where those before
/// them can spare it (up to 0.06 s earlier), shapes within them 0.07 s; those that find no room are left out.
/// cues follow one another; 'X' is a mouth at rest and may be short.
std::vector<MouthCue> held_shapes(const std::vector<MouthCue>& cues);

}  // namespace vultus::transcription
