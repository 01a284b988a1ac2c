// Frame rates as people write them.
#pragma once

#include <string>

namespace vultus::cli {

struct FrameRate {
    int num = 0, den = 1;
};

/// "25", "30000/1001", or "59.94", which stands for 60000/1001. Errors: kInvalidArgument, naming `command`,
/// for what is none from 1 to 240.
FrameRate parse_frame_rate(const std::string& text, const std::string& command);

}  // namespace vultus::cli
