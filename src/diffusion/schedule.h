// Noise schedules and the deterministic DDIM sampler; knows nothing of networks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace vultus::diffusion {

enum class Prediction {
    kEps,  ///< the noise
    kV,    ///< sqrt(ab) * eps - sqrt(1 - ab) * x_0 (Salimans & Ho 2022, arXiv:2202.00512)
};

/// Errors: kCorruptData on another name.
Prediction prediction_from_name(const std::string& name);

/// Linear betas, Ho et al. 2020: alpha_bar[t] = prod(1 - beta).
class Schedule {
  public:
    Schedule(int timesteps, double beta_first, double beta_last);

    int timesteps() const { return static_cast<int>(alpha_bar_.size()); }
    /// t in -1..T-1; alpha_bar(-1) = 1, the clean image.
    double alpha_bar(int t) const { return t < 0 ? 1.0 : alpha_bar_[static_cast<std::size_t>(t)]; }

    /// `steps` timesteps, highest first. leading (DiffAE): ..., 2s, s, 0 with s = T / steps; trailing: starts
    /// at T-1. Errors: kInvalidArgument unless 1 <= steps <= T.
    std::vector<int> timesteps_for(int steps, const std::string& spacing) const;

  private:
    std::vector<double> alpha_bar_;
};

/// x_0 and eps from a prediction at noise level alpha_bar.
struct Clean {
    float x0, eps;
};
Clean clean_from_prediction(Prediction kind, double alpha_bar, float x_t, float prediction);

/// Writes the network's prediction for x_t at timestep t.
using Denoiser = std::function<void(std::span<const float> x_t, int t, std::span<float> prediction)>;
/// What an image can be, value by value; repeated over x when it is shorter. Empty: anything.
struct Limits {
    std::span<const float> low, high;
};

/// DDIM with eta 0 (Song et al. 2021, arXiv:2010.02502, eq. 12): x is x_T on entry and x_0 on return.
/// As DiffAE, eps is derived again from the clipped x_0.
void ddim_sample(const Schedule& schedule, const std::vector<int>& timesteps, Prediction kind,
                 const Denoiser& denoise, const Limits& limits, std::span<float> x);

/// One step of that from timestep `from` to `to` (-1: the clean image), given the prediction at `from`.
/// Writes to `out`, which may be x. Allocates nothing.
void ddim_step(const Schedule& schedule, int from, int to, Prediction kind, std::span<const float> prediction,
               const Limits& limits, std::span<const float> x, std::span<float> out);

/// The same ODE upwards: x is x_0 on entry and x_T on return (DiffAE's stochastic encoder). `timesteps` as
/// for sampling, highest first; they are walked backwards.
void ddim_invert(const Schedule& schedule, const std::vector<int>& timesteps, Prediction kind,
                 const Denoiser& denoise, std::span<float> x);

/// The shared x_T of a person: standard normal values from a seed.
std::vector<float> noise_from_seed(std::uint64_t seed, std::int64_t count);

}  // namespace vultus::diffusion
