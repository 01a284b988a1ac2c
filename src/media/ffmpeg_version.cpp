#include "media/ffmpeg_version.h"

extern "C" {
#include <libavutil/avutil.h>
}

namespace vultus::media {

std::string ffmpeg_version() { return av_version_info(); }

}  // namespace vultus::media
