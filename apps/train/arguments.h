// The trainer's command line. It parses by hand: machines that train often have LibTorch and nothing else.
#pragma once

#include <optional>

#include "train/options.h"

namespace vultus::train {

/// nullopt after printing help or version. Errors: kInvalidArgument.
std::optional<TrainOptions> parse_arguments(int argc, char** argv);

/// "90s", "60min", "2h", or seconds. Errors: kInvalidArgument.
double parse_duration_s(const std::string& text);

}  // namespace vultus::train
