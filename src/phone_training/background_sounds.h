// What is heard where nobody speaks, as sound: noises, breath and music whose windows overlap and whose
// bands move together as those of real sounds do, which noise drawn as log-mel rows lacks.
#pragma once

#include <vector>

#include "base/rng.h"

namespace vultus::phone_training {

/// `seconds` of sound at 16 kHz, of any level; what it is like is drawn.
std::vector<float> draw_music(double seconds, Rng& rng);
std::vector<float> draw_breath(double seconds, Rng& rng);
std::vector<float> draw_coloured_noise(double seconds, Rng& rng);

/// A store of such sounds as mel power, to cut pieces from.
class BackgroundSounds {
  public:
    explicit BackgroundSounds(std::uint64_t seed);

    /// [num_rows, 80] mel power (no floor), coloured anew by an equalizer's curve of the caller.
    std::vector<float> draw(std::size_t num_rows, Rng& rng) const;

  private:
    std::vector<std::vector<float>> sounds_;
};

}  // namespace vultus::phone_training
