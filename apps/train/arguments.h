// The trainer's command line. It parses by hand: machines that train often have LibTorch and nothing else.
#pragma once

#include <optional>

#include "duration.h"
#include "training_loop/options.h"

namespace vultus::train {

/// nullopt after printing help or version. Errors: kInvalidArgument.
std::optional<training_loop::TrainOptions> parse_arguments(int argc, char** argv);

}  // namespace vultus::train
