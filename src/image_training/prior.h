// What another person's images teach a new one's networks.
#pragma once

#include "person/person.h"

namespace vultus::image_training {

/// The weights of encoder and U-Net of `model` that `from` knows, perhaps at another image size: levels of
/// the U-Net correspond by their grids (512 px have one more than 256), position maps are interpolated, what
/// fits nowhere is left out and starts anew.
Archive prior_weights(const person::Person& from, const models::ModelConfig& model);

}  // namespace vultus::image_training
