#include "frame_rate.h"

#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace vultus::cli {
FrameRate parse_frame_rate(const std::string& text, const std::string& command) {
    int num = 0, den = 1;
    char rest = 0;
    double value = 0;
    if (std::sscanf(text.c_str(), "%d/%d%c", &num, &den, &rest) == 2 && num > 0 && den > 0 && num >= den &&
        num / den <= 240)
        return {num, den};
    if (std::sscanf(text.c_str(), "%lf%c", &value, &rest) == 1 && value >= 1 && value <= 240) {
        const double nearest = std::round(value);
        const bool ntsc =
            std::abs(value - nearest * 1000 / 1001) < 0.005 && std::abs(value - nearest) > 0.005;
        if (ntsc) return {static_cast<int>(nearest) * 1000, 1001};
        const int thousandths = static_cast<int>(std::lround(value * 1000));
        return thousandths % 1000 == 0 ? FrameRate{thousandths / 1000, 1} : FrameRate{thousandths, 1000};
    }
    fail(ErrorCode::kInvalidArgument,
         "[{}] --fps: expected a rate from 1 to 240 like 25, 59.94 or 30000/1001, got '{}'", command, text);
}

}  // namespace vultus::cli
