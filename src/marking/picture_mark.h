// Puts the invisible mark of origin into pictures.
#pragma once

#include <cstdint>
#include <vector>

#include "marking/mark_pattern.h"

namespace vultus::marking {

/// Adds the mark to pictures of one size, in whole numbers: the same picture and time give the same bytes on
/// every machine. It is 0.55 levels of 255 strong where the picture is flat, up to 3.2 where it is busy, the
/// same in red, green and blue, and dithered, so that fractions of a level count. docs/origin.md has what
/// that is in dB and what of it survives. Threads: one caller at a time (it owns scratch memory).
class PictureMark {
  public:
    /// Errors: kInvalidArgument unless both sides are 1 px at least.
    PictureMark(int width_px, int height_px, const MarkPattern& pattern = MarkPattern::ours());

    /// rgb [height, width, 3], shown at that time of the video; a picture is to be marked once.
    void add(std::uint8_t* rgb, double time_s);

  private:
    void measure_activity(const std::uint8_t* rgb);
    void settle_strengths();

    int width_px_, height_px_, cells_x_, cells_y_;
    const MarkPattern& pattern_;
    std::vector<std::int16_t> tile_;            ///< the pattern now, [kTilePx, kTilePx]
    std::vector<std::uint8_t> luma_;            ///< [height + 1, width]: the last row twice
    std::vector<std::uint16_t> columns_;        ///< a row of cells before it is summed along x
    std::vector<std::int32_t> cells_, across_;  ///< activity; summed over three cells
    std::vector<std::int16_t> strengths_;       ///< [cells_y, width]
    std::vector<std::int16_t> added_;           ///< to a row of bytes
};

}  // namespace vultus::marking
