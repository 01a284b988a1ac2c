// A person whose weights mean nothing, to measure time and memory at any size.
#pragma once

#include "person/person.h"

namespace vultus::person {

/// Preset `name` at `size_px` with weights drawn from a seed, as bf16. It talks, but shows noise.
/// Errors: kInvalidArgument on another preset or size.
person::Person random_person(const std::string& name, int size_px);

/// Multiply-accumulates: of one run of the U-Net, and of the speech network over `frames` video frames.
std::int64_t unet_macs(const models::ModelConfig& config);
std::int64_t speech_macs(const models::ModelConfig& config, std::int64_t frames);

}  // namespace vultus::person
