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

/// Both kinds of prediction are linear: x_0 = from_x * x_t + from_prediction * prediction.
struct Coefficients {
    float from_x, from_prediction;

    Coefficients(Prediction kind, double alpha_bar)
        : from_x(clean_from_prediction(kind, alpha_bar, 1, 0).x0),
          from_prediction(clean_from_prediction(kind, alpha_bar, 0, 1).x0) {}
};

}  // namespace

void ddim_step(const Schedule& schedule, int from, int to, Prediction kind, std::span<const float> prediction,
               const Limits& limits, std::span<const float> x, std::span<float> out) {
    const double ab = schedule.alpha_bar(from), next = schedule.alpha_bar(to);
    const Coefficients clean(kind, ab);
    // eps = (x - signal * x_0) / noise, so the next x is again a sum of x and the clipped x_0.
    const double of_eps = ab < 1 ? std::sqrt((1 - next) / (1 - ab)) : 0.0;
    const auto of_x = static_cast<float>(of_eps);
    const auto of_x0 = static_cast<float>(std::sqrt(next) - of_eps * std::sqrt(ab));
    const std::size_t part = limits.low.empty() ? x.size() : limits.low.size();
    for (std::size_t begin = 0; begin < x.size(); begin += part) {
        const float *x_t = &x[begin], *predicted = &prediction[begin];
        const float *low = limits.low.data(), *high = limits.high.data();
        float* to_x = &out[begin];
        if (low == nullptr)
            for (std::size_t i = 0; i < part; ++i)
                to_x[i] =
                    of_x * x_t[i] + of_x0 * (clean.from_x * x_t[i] + clean.from_prediction * predicted[i]);
        else
            for (std::size_t i = 0; i < part; ++i) {
                float x0 = clean.from_x * x_t[i] + clean.from_prediction * predicted[i];
                x0 = x0 < low[i] ? low[i] : x0;
                x0 = x0 > high[i] ? high[i] : x0;
                to_x[i] = of_x * x_t[i] + of_x0 * x0;
            }
    }
}

void ddim_sample(const Schedule& schedule, const std::vector<int>& timesteps, Prediction kind,
                 const Denoiser& denoise, const Limits& limits, std::span<float> x) {
    std::vector<float> prediction(x.size());
    for (std::size_t i = 0; i < timesteps.size(); ++i) {
        denoise(x, timesteps[i], prediction);
        const int next = i + 1 < timesteps.size() ? timesteps[i + 1] : -1;
        ddim_step(schedule, timesteps[i], next, kind, prediction, limits, x, x);
    }
}

void ddim_invert(const Schedule& schedule, const std::vector<int>& timesteps, Prediction kind,
                 const Denoiser& denoise, std::span<float> x) {
    std::vector<float> prediction(x.size());
    // The clean image stands for the lowest timestep: there is no noise to estimate below it.
    for (std::size_t i = timesteps.size(); i-- > 1;) {
        denoise(x, timesteps[i], prediction);
        ddim_step(schedule, timesteps[i], timesteps[i - 1], kind, prediction, {}, x, x);
    }
}

std::vector<float> noise_from_seed(std::uint64_t seed, std::int64_t count) {
    Rng rng(seed);
    std::vector<float> noise(static_cast<std::size_t>(count));
    for (float& value : noise) value = static_cast<float>(rng.normal());
    return noise;
}

}  // namespace vultus::diffusion
