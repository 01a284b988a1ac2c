// How fast a device could learn: the measure for what training reaches, and for how large a batch pays.
#pragma once

#include <torch/torch.h>

#include "models/config.h"

namespace vultus::image_training {

/// Images per second of encoder, U-Net, squared error, gradients and update alone, on images that are there
/// already, recorded where the device can (autograd/recorded_work.h). 0 where the memory does not suffice.
double network_speed(const models::ModelConfig& model, torch::Device device, std::int64_t batch,
                     double seconds);

/// The smallest batch (a power of two from 8 to 256) that learns from four fifths as many images a second as
/// the best: more would take more images to the same end. Seconds of work.
std::int64_t batch_that_pays(const models::ModelConfig& model, torch::Device device);

}  // namespace vultus::image_training
