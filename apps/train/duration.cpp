#include "duration.h"

#include <cmath>
#include <cstdlib>

#include "base/error.h"

namespace vultus::train {

double parse_duration_s(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const std::string unit = end;
    const double factor = unit == "h"                    ? 3600
                          : unit == "min" || unit == "m" ? 60
                          : unit == "s" || unit.empty()  ? 1
                                                         : 0;
    if (end == text.c_str() || factor == 0 || !(value > 0) || !std::isfinite(value))
        fail(ErrorCode::kInvalidArgument, "[train] expected a duration such as 90s, 60min or 2h, got '{}'",
             text);
    return value * factor;
}

}  // namespace vultus::train
