// Which FFmpeg is loaded.
#pragma once

#include <string>

namespace vultus::media {

/// As FFmpeg's own programs say it, e.g. "5.1.6-0+deb12u1".
std::string ffmpeg_version();

}  // namespace vultus::media
