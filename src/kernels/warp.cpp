#include "kernels/warp.h"

#include <algorithm>
#include <cmath>

#include "kernels/cpu_level.h"

namespace vultus::kernels {
namespace {

using Index = std::int64_t;
typedef float Pixel __attribute__((vector_size(16)));
typedef float PixelInArray __attribute__((vector_size(16), aligned(4), may_alias));

/// Keys' cubic convolution kernel, a = -0.75, at the four places around a fraction.
VULTUS_INLINE void cubic_weights(float fraction, float* weights) {
    constexpr float a = -0.75f;
    const float rest = 1 - fraction;
    weights[0] = a * fraction * rest * rest;
    weights[1] = ((a + 2) * fraction - (a + 3)) * fraction * fraction + 1;
    weights[3] = a * rest * fraction * fraction;
    weights[2] = 1 - weights[0] - weights[1] - weights[3];
}

/// Two cells and how far between them the centre of a pixel lies.
struct Between {
    Index first, second;
    float part;
};

VULTUS_INLINE void between_cells(Index place, Index pixels, Index cells, Between& result) {
    const float at = std::max(
        0.0f,
        (static_cast<float>(place) + 0.5f) * static_cast<float>(cells) / static_cast<float>(pixels) - 0.5f);
    result.first = std::min(static_cast<Index>(at), cells - 1);
    result.second = std::min(result.first + 1, cells - 1);
    result.part = at - static_cast<float>(result.first);
}

VULTUS_INLINE float displaced(const float* field, const WarpRow& how, const Between& down,
                              const Between& across) {
    const float *top = field + down.first * how.columns, *bottom = field + down.second * how.columns;
    const float above = top[across.first] + (top[across.second] - top[across.first]) * across.part;
    const float below = bottom[across.first] + (bottom[across.second] - bottom[across.first]) * across.part;
    return above + (below - above) * down.part;
}

/// A coordinate in whole pixels of the source, and the rest. NaN becomes the first pixel.
VULTUS_INLINE Index whole_and_rest(float at, Index count, float& rest) {
    const float most = static_cast<float>(count + 1);
    at = at > -2.0f ? (at < most ? at : most) : -2.0f;
    const Index whole = static_cast<Index>(at + 4.0f) - 4;
    rest = at - static_cast<float>(whole);
    return whole;
}

VULTUS_INLINE void warp_row_body(const WarpRow& how, Index row, float* out) {
    const Index stride = (how.width + 2 * kWarpBorder) * kWarpLanes, plane = how.height * how.width;
    const float *field_x = how.field, *field_y = how.field + how.rows * how.columns;
    Between down;
    between_cells(row, how.height, how.rows, down);
    for (Index x = 0; x < how.width; ++x) {
        Between across;
        between_cells(x, how.width, how.columns, across);
        float right[4], below[4], rest_x, rest_y;
        const Index at_x = whole_and_rest(
            static_cast<float>(x) + static_cast<float>(how.width) * displaced(field_x, how, down, across),
            how.width, rest_x);
        const Index at_y = whole_and_rest(
            static_cast<float>(row) + static_cast<float>(how.height) * displaced(field_y, how, down, across),
            how.height, rest_y);
        cubic_weights(rest_x, right);
        cubic_weights(rest_y, below);
        const float* corner =
            how.source + (at_y - 1 + kWarpBorder) * stride + (at_x - 1 + kWarpBorder) * kWarpLanes;
        Pixel sum = {};
        for (int j = 0; j < 4; ++j, corner += stride) {
            const auto* pixels = reinterpret_cast<const PixelInArray*>(corner);
            const Pixel line =
                pixels[0] * right[0] + pixels[1] * right[1] + pixels[2] * right[2] + pixels[3] * right[3];
            sum += line * below[j];
        }
        for (Index c = 0; c < how.channels; ++c) out[c * plane + row * how.width + x] = sum[c];
    }
}

}  // namespace

void warp_source(const float* image, Index channels, Index height, Index width, float* source) {
    for (Index y = -kWarpBorder; y < height + kWarpBorder; ++y)
        for (Index x = -kWarpBorder; x < width + kWarpBorder; ++x, source += kWarpLanes)
            for (Index c = 0; c < kWarpLanes; ++c)
                source[c] = c < channels ? image[(c * height + std::clamp<Index>(y, 0, height - 1)) * width +
                                                 std::clamp<Index>(x, 0, width - 1)]
                                         : 0.0f;
}

void warp_row(const WarpRow& how, Index row, float* out) { dispatch<warp_row_body>(how, row, out); }

}  // namespace vultus::kernels
