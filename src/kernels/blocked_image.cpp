#include "kernels/blocked_image.h"

#include <algorithm>

#include "kernels/lanes.h"

namespace vultus::kernels {
namespace {

using Index = std::int64_t;

/// Every block divides it: a tile of values starts at the first channel of its block.
constexpr int kTile = 32;

VULTUS_INLINE void fold(const float* lanes, int block, float* totals) {
    for (int k = 0; k < block; ++k) totals[k] = 0;
    for (int k = 0; k < kTile; ++k) totals[k % block] += lanes[k];
}

VULTUS_INLINE void spread(const float* values, int block, float* lanes) {
    for (int k = 0; k < kTile; ++k) lanes[k] = values[k % block];
}

/// One tile; every kNumLanes of its values are done at once.
template <bool kSilu>
VULTUS_INLINE void affine_tile(const float* x, const float* factors, const float* offsets, float* y) {
    for (int k = 0; k < kTile; k += kNumLanes) {
        Lanes value, factor, offset;
        load(x + k, value);
        load(factors + k, factor);
        load(offsets + k, offset);
        value = value * factor + offset;
        if (kSilu) silu(value, value);
        store(value, y + k);
    }
}

template <bool kSilu>
VULTUS_INLINE void affine_of(const float* x, Index count, const float* factors, const float* offsets,
                             float* y) {
    Index i = 0;
    for (; i + kTile <= count; i += kTile) affine_tile<kSilu>(x + i, factors, offsets, y + i);
    float rest[kTile] = {};
    std::copy_n(x + i, count - i, rest);
    affine_tile<kSilu>(rest, factors, offsets, rest);
    std::copy_n(rest, count - i, y + i);
}

template <int kBlock>
VULTUS_INLINE void double_row_of(const float* x, Index width, float* y) {
    for (Index i = 0; i < width; ++i)
        for (int k = 0; k < kBlock; ++k)
            y[2 * i * kBlock + k] = y[(2 * i + 1) * kBlock + k] = x[i * kBlock + k];
}

template <int kBlock>
VULTUS_INLINE void halve_rows_of(const float* top, const float* bottom, Index width, float* y) {
    for (Index i = 0; i < width; ++i)
        for (int k = 0; k < kBlock; ++k) {
            const Index left = 2 * i * kBlock + k, right = left + kBlock;
            y[i * kBlock + k] = 0.25f * (top[left] + top[right] + bottom[left] + bottom[right]);
        }
}

VULTUS_INLINE void channel_sums_body(const float* x, Index pixels, int block, float* totals) {
    float lanes[kTile] = {};
    const Index count = pixels * block;
    Index i = 0;
    for (; i + kTile <= count; i += kTile)
        for (int k = 0; k < kTile; ++k) lanes[k] += x[i + k];
    for (int k = 0; i + k < count; ++k) lanes[k] += x[i + k];
    fold(lanes, block, totals);
}

VULTUS_INLINE void channel_squares_body(const float* x, Index pixels, int block, const float* centre,
                                        float* totals) {
    float lanes[kTile] = {}, centres[kTile];
    spread(centre, block, centres);
    const Index count = pixels * block;
    Index i = 0;
    for (; i + kTile <= count; i += kTile)
        for (int k = 0; k < kTile; ++k) lanes[k] += (x[i + k] - centres[k]) * (x[i + k] - centres[k]);
    for (int k = 0; i + k < count; ++k) lanes[k] += (x[i + k] - centres[k]) * (x[i + k] - centres[k]);
    fold(lanes, block, totals);
}

VULTUS_INLINE void affine_body(const float* x, Index pixels, int block, const float* factor,
                               const float* offset, bool silu, float* y) {
    float factors[kTile], offsets[kTile];
    spread(factor, block, factors);
    spread(offset, block, offsets);
    if (silu)
        affine_of<true>(x, pixels * block, factors, offsets, y);
    else
        affine_of<false>(x, pixels * block, factors, offsets, y);
}

VULTUS_INLINE void double_row_body(const float* x, Index width, int block, float* y) {
    if (block == 16) return double_row_of<16>(x, width, y);
    if (block == 8) return double_row_of<8>(x, width, y);
    double_row_of<1>(x, width, y);
}

VULTUS_INLINE void halve_rows_body(const float* top, const float* bottom, Index width, int block, float* y) {
    if (block == 16) return halve_rows_of<16>(top, bottom, width, y);
    if (block == 8) return halve_rows_of<8>(top, bottom, width, y);
    halve_rows_of<1>(top, bottom, width, y);
}

VULTUS_INLINE void interleave_body(const float* x, Index pixels, int block, float* y) {
    for (Index i = 0; i < pixels; ++i)
        for (int k = 0; k < block; ++k) y[i * block + k] = x[k * pixels + i];
}

VULTUS_INLINE void separate_body(const float* x, Index pixels, int block, float* y) {
    for (int k = 0; k < block; ++k)
        for (Index i = 0; i < pixels; ++i) y[k * pixels + i] = x[i * block + k];
}

}  // namespace

void channel_sums(const float* x, Index pixels, int block, float* totals) {
    dispatch<channel_sums_body>(x, pixels, block, totals);
}

void channel_squares(const float* x, Index pixels, int block, const float* centre, float* totals) {
    dispatch<channel_squares_body>(x, pixels, block, centre, totals);
}

void affine(const float* x, Index pixels, int block, const float* factor, const float* offset, bool silu,
            float* y) {
    dispatch<affine_body>(x, pixels, block, factor, offset, silu, y);
}

void double_row(const float* x, Index width, int block, float* y) {
    dispatch<double_row_body>(x, width, block, y);
}

void halve_rows(const float* top, const float* bottom, Index width, int block, float* y) {
    dispatch<halve_rows_body>(top, bottom, width, block, y);
}

void interleave(const float* x, Index pixels, int block, float* y) {
    dispatch<interleave_body>(x, pixels, block, y);
}

void separate(const float* x, Index pixels, int block, float* y) {
    dispatch<separate_body>(x, pixels, block, y);
}

}  // namespace vultus::kernels
