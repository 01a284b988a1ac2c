// Noise that depends on the seed and a number alone, the same on every device.
#pragma once

#include <torch/torch.h>

#include "base/rng.h"

namespace vultus::image_training {

/// Millions of standard normal values, drawn once on the processor. A sample's noise is the piece that starts
/// at the place which its own generator draws: one copy, where drawing a 512 px image anew takes a processor
/// longer than a GPU needs to learn from it.
class NoiseBank {
  public:
    /// longest: values of a piece.
    NoiseBank(std::uint64_t seed, std::int64_t longest, torch::Device device);

    static std::int64_t draw_place(Rng& rng) { return static_cast<std::int64_t>(rng.below(kPlaces)); }
    /// places [B], int64, of the bank's device -> [B, count]. count: at most the longest.
    torch::Tensor pieces(const torch::Tensor& places, std::int64_t count) const;

  private:
    static constexpr std::int64_t kPlaces = std::int64_t{1} << 22;
    torch::Tensor values_;  ///< [kPlaces + longest]
};

}  // namespace vultus::image_training
