// How much of an image and how much noise a timestep means.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "diffusion/schedule.h"

namespace vultus::image_training {

/// [B, width]: models::time_embedding of each timestep.
torch::Tensor timesteps_embedded(const std::vector<int>& timesteps, int width);

/// Of each sample, [B, 1, 1, 1]: the factors of x_0 and of the noise in x_t. Timestep -1: the clean image.
struct NoiseLevels {
    torch::Tensor alpha, sigma;
};
NoiseLevels noise_levels(const diffusion::Schedule& schedule, const std::vector<int>& timesteps,
                         torch::Device device);

}  // namespace vultus::image_training
