#include "diffusion/schedule.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace vultus::diffusion {

Prediction prediction_from_name(const std::string& name) {
    if (name == "eps") return Prediction::kEps;
    if (name == "v") return Prediction::kV;
    fail(ErrorCode::kCorruptData, "[diffusion] prediction: expected eps or v, got {}", name);
}

Schedule::Schedule(int timesteps, double beta_first, double beta_last) {
    require(timesteps >= 2, "[diffusion] expected at least 2 timesteps, got {}", timesteps);
    double product = 1;
    for (int t = 0; t < timesteps; ++t) {
        product *= 1 - (beta_first + (beta_last - beta_first) * t / (timesteps - 1));
        alpha_bar_.push_back(product);
    }
}

std::vector<int> Schedule::timesteps_for(int steps, const std::string& spacing) const {
    const int total = timesteps();
    if (steps < 1 || steps > total)
        fail(ErrorCode::kInvalidArgument, "[diffusion] steps: expected 1 to {}, got {}", total, steps);
    std::vector<int> chosen;
    for (int i = steps; i-- > 0;) {
        if (spacing == "trailing")
            chosen.push_back(static_cast<int>(std::lround(static_cast<double>(total) * (i + 1) / steps)) - 1);
        else
            chosen.push_back(i * (total / steps));
    }
    return chosen;
}

Clean clean_from_prediction(Prediction kind, double alpha_bar, float x_t, float prediction) {
    const auto signal = static_cast<float>(std::sqrt(alpha_bar));
    const auto noise = static_cast<float>(std::sqrt(1 - alpha_bar));
    if (kind == Prediction::kV) return {signal * x_t - noise * prediction, noise * x_t + signal * prediction};
    return {(x_t - noise * prediction) / signal, prediction};
}

namespace {

/// One DDIM move of x from timestep `from` to `to`, given the prediction at `from`.
void move(const Schedule& schedule, int from, int to, Prediction kind, std::span<const float> prediction,
          const Clip& clip, std::span<float> x) {
    const double ab = schedule.alpha_bar(from);
    const auto signal = static_cast<float>(std::sqrt(ab));
    const auto noise = static_cast<float>(std::sqrt(1 - ab));
    const auto next_signal = static_cast<float>(std::sqrt(schedule.alpha_bar(to)));
    const auto next_noise = static_cast<float>(std::sqrt(1 - schedule.alpha_bar(to)));
    std::vector<float> x0(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
        x0[i] = clean_from_prediction(kind, ab, x[i], prediction[i]).x0;
    if (clip) clip(x0);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float eps = noise > 0 ? (x[i] - signal * x0[i]) / noise : 0.0f;
        x[i] = next_signal * x0[i] + next_noise * eps;
    }
}

}  // namespace

void ddim_sample(const Schedule& schedule, const std::vector<int>& timesteps, Prediction kind,
                 const Denoiser& denoise, const Clip& clip, std::span<float> x) {
    std::vector<float> prediction(x.size());
    for (std::size_t i = 0; i < timesteps.size(); ++i) {
        denoise(x, timesteps[i], prediction);
        const int next = i + 1 < timesteps.size() ? timesteps[i + 1] : -1;
        move(schedule, timesteps[i], next, kind, prediction, clip, x);
    }
}

void ddim_invert(const Schedule& schedule, const std::vector<int>& timesteps, Prediction kind,
                 const Denoiser& denoise, std::span<float> x) {
    std::vector<float> prediction(x.size());
    // The clean picture stands for the lowest timestep: there is no noise to estimate below it.
    for (std::size_t i = timesteps.size(); i-- > 1;) {
        denoise(x, timesteps[i], prediction);
        move(schedule, timesteps[i], timesteps[i - 1], kind, prediction, {}, x);
    }
}

std::vector<float> noise_from_seed(std::uint64_t seed, std::int64_t count) {
    Rng rng(seed);
    std::vector<float> noise(static_cast<std::size_t>(count));
    for (float& value : noise) value = static_cast<float>(rng.normal());
    return noise;
}

}  // namespace vultus::diffusion
