// A whole training run: images, then speech, then the person file.
#pragma once

#include "training_loop/options.h"

namespace vultus::train {

/// Resumes an earlier state of the same run. Writes options.out only when everything asked for is done.
/// Errors: kCancelled after a checkpoint; kInvalidArgument, kIo, kCorruptData.
void train_person(training_loop::TrainOptions options);

}  // namespace vultus::train
