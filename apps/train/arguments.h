// The trainer's command line. It parses by hand: machines that train often have LibTorch and nothing else.
#pragma once

#include <optional>

#include "training_loop/options.h"

namespace vultus::train {

/// nullopt after printing help or version. Errors: kInvalidArgument.
std::optional<training_loop::TrainOptions> parse_arguments(int argc, char** argv);

/// "90s", "60min", "2h", or seconds. Errors: kInvalidArgument.
double parse_duration_s(const std::string& text);

}  // namespace vultus::train
