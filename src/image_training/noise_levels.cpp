#include "image_training/noise_levels.h"

#include <cmath>

#include "models/unet.h"

namespace vultus::image_training {

using torch::Tensor;

Tensor timesteps_embedded(const std::vector<int>& timesteps, int width) {
    std::vector<float> values;
    for (const int t : timesteps) {
        const std::vector<float> row = models::time_embedding(t, width);
        values.insert(values.end(), row.begin(), row.end());
    }
    return torch::tensor(values).view({static_cast<std::int64_t>(timesteps.size()), width});
}

NoiseLevels noise_levels(const diffusion::Schedule& schedule, const std::vector<int>& timesteps,
                         torch::Device device) {
    std::vector<float> alpha, sigma;
    for (const int t : timesteps) {
        alpha.push_back(static_cast<float>(std::sqrt(schedule.alpha_bar(t))));
        sigma.push_back(static_cast<float>(std::sqrt(1 - schedule.alpha_bar(t))));
    }
    const auto column = [&](const std::vector<float>& values) {
        return torch::tensor(values).view({-1, 1, 1, 1}).to(device);
    };
    return {column(alpha), column(sigma)};
}

}  // namespace vultus::image_training
