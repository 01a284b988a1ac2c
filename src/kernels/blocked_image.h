// Kernels on images whose channels lie side by side in blocks: [pixels, block], block 1, 8 or 16. Block 1 is
// one plain channel. Compiled for several instruction sets, as elementwise.h.
#pragma once

#include <cstdint>

namespace vultus::kernels {

/// totals[k] = sum over pixels of channel k.
void channel_sums(const float* x, std::int64_t pixels, int block, float* totals);
/// totals[k] = sum over pixels of (x - centre[k])^2.
void channel_squares(const float* x, std::int64_t pixels, int block, const float* centre, float* totals);
/// y = x * factor[k] + offset[k], then SiLU if asked for; y is another array.
void affine(const float* x, std::int64_t pixels, int block, const float* factor, const float* offset,
            bool silu, float* y);
/// A row of `width` pixels to one of 2 * width, each twice.
void double_row(const float* x, std::int64_t width, int block, float* y);
/// Two rows of 2 * width pixels to one of `width`, the mean of 2 x 2.
void halve_rows(const float* top, const float* bottom, std::int64_t width, int block, float* y);
/// [block, pixels] to [pixels, block], and back.
void interleave(const float* x, std::int64_t pixels, int block, float* y);
void separate(const float* x, std::int64_t pixels, int block, float* y);

}  // namespace vultus::kernels
