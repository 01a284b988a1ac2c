// Frames of a video, gathered over time at the frequencies of the mark.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <vector>

#include "marking/mark_pattern.h"

namespace vultus::marking {

/// Sums over the frames of a stretch of time: of luma, and of luma turned at each of the mark's frequencies.
struct FrameSums {
    FrameSums() = default;
    FrameSums(int width_px, int height_px);

    /// luma [height, width], at that time.
    void add(const std::vector<float>& luma, double time_s);
    /// The frames of both, `next` being later.
    void join(const FrameSums& next);

    std::int64_t num_frames = 0;
    double first_s = 0, last_s = 0;  ///< times of the first and last frame
    std::vector<float> still;        ///< [height, width]
    std::array<std::array<std::vector<float>, 2>, MarkPattern::kNumTones> turned;  ///< real, imaginary
    std::array<std::complex<double>, MarkPattern::kNumTones> turns;                ///< of a luma of 1
};

/// What a mark would have left: for each tone the real and imaginary picture at its frequency without what
/// stands still, evened out in space, so that a moving face does not drown the rest. [4, height, width].
std::vector<float> evened_tones(const FrameSums& sums, int width_px, int height_px);

/// Luma of an RGB picture, halved by averaging until no side is longer than most_side_px.
class LumaShrinker {
  public:
    LumaShrinker(int width_px, int height_px, int most_side_px);
    const std::vector<float>& shrink(const std::uint8_t* rgb);
    int width_px() const { return out_width_px_; }
    int height_px() const { return out_height_px_; }

  private:
    int width_px_, factor_ = 1, out_width_px_, out_height_px_;
    std::vector<float> luma_;
};

}  // namespace vultus::marking
