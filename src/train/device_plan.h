// What a training run does on the device that it has.
#pragma once

#include "autograd/process_group.h"
#include "corpus/corpus.h"
#include "training_loop/options.h"
#include "training_loop/run_folder.h"

namespace vultus::train {

/// Chooses the device of this process (of several on one machine: by LOCAL_RANK), its threads and stream.
/// Errors: kInvalidArgument when there is no such device, or options.precision is unknown.
void choose_device(training_loop::TrainOptions& options);

/// Fills in the batch and the learning rate of the images' stage where they are 0, and prints them.
void plan_images(training_loop::TrainOptions& options, autograd::ProcessGroup& group);

/// Images a second of whole training steps, before and after the encoder is frozen, beside those of the
/// networks alone (image_training/network_speed.h): one line of JSON on standard output.
void print_training_speed(training_loop::TrainOptions options, const corpus::Corpus& corpus,
                          const training_loop::RunFolder& run, autograd::ProcessGroup& group);

}  // namespace vultus::train
