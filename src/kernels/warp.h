// Moving an image by a coarse field of displacements.
#pragma once

#include <cstdint>

namespace vultus::kernels {

/// Pixels repeated around an image for warp_row(), and values that one pixel takes there.
inline constexpr std::int64_t kWarpBorder = 4, kWarpLanes = 4;
/// Columns of a field, at most.
inline constexpr std::int64_t kWarpMostCells = 256;

/// image [channels, height, width], at most 4 channels -> [height + 2 * border, width + 2 * border, 4], the
/// border repeated, missing channels 0.
void warp_source(const float* image, std::int64_t channels, std::int64_t height, std::int64_t width,
                 float* source);

/// One row of the result of models::Ops::warp. field [2, rows, columns]; out [channels, height, width], of
/// which the row is written.
struct WarpRow {
    const float* source;  ///< of warp_source()
    std::int64_t channels, height, width;
    const float* field;
    std::int64_t rows, columns;
};
void warp_row(const WarpRow& how, std::int64_t row, float* out);

}  // namespace vultus::kernels
