// Durations as people write them, for the trainer and for what calls it.
#pragma once

#include <string>

namespace vultus::train {

/// "90s", "60min", "2h", or seconds. Errors: kInvalidArgument.
double parse_duration_s(const std::string& text);

}  // namespace vultus::train
