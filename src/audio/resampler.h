// Audio at any rate to another rate, in a stream.
#pragma once

#include <cstdint>
#include <vector>

namespace vultus::audio {

/// Windowed sinc (Kaiser, 16 zero crossings a side, about 80 dB), one filter for each phase of the exact
/// rational ratio: no drift however long the audio. Output sample n stands for input time n * from / to,
/// without delay; zeros lie before the start and after the end. Any chunking gives the same bits.
class Resampler {
  public:
    /// Rates 8000..192000 Hz. Errors: kInvalidArgument.
    Resampler(int from_hz, int to_hz);

    /// Appends the samples that are certain to `out`.
    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    /// Appends the rest, as many in all as the audio is long (rounded up), and starts afresh.
    void finish(std::vector<float>& out);

  private:
    void produce(std::int64_t until, std::vector<float>& out);

    std::int64_t up_, down_;      ///< output n lies at input n * down / up
    std::int64_t reach_ = 0;      ///< input samples on each side
    std::vector<float> filters_;  ///< [up, 2 * reach]
    std::vector<float> held_;     ///< input from first_ on
    std::int64_t first_ = 0, pushed_ = 0, made_ = 0;
};

}  // namespace vultus::audio
