#include "kernels/warp.h"

#include <algorithm>
#include <cmath>

#include "kernels/cpu_level.h"

namespace vultus::kernels {
namespace {

using Index = std::int64_t;
typedef float Taps __attribute__((vector_size(64)));  ///< four pixels of four values
typedef float TapsInArray __attribute__((vector_size(64), aligned(4), may_alias));
typedef float Pixel __attribute__((vector_size(16)));

constexpr int kPart = 64;  ///< pixels of a row done at once

/// Where some pixels of a row come from: the corner of their 4 x 4 pixels and the weights of these.
struct Taps4x4 {
    std::int32_t corner[kPart];
    float across[4][kPart], down[4][kPart];
};

/// Keys' cubic convolution kernel, a = -0.75, at the four places around a fraction.
VULTUS_INLINE void cubic_weights(float fraction, float* w0, float* w1, float* w2, float* w3) {
    constexpr float a = -0.75f;
    const float rest = 1 - fraction;
    *w0 = a * fraction * rest * rest;
    *w1 = ((a + 2) * fraction - (a + 3)) * fraction * fraction + 1;
    *w3 = a * rest * fraction * fraction;
    *w2 = 1 - *w0 - *w1 - *w3;
}

/// How far between the centres of two cells the centre of a pixel lies; first < cells.
VULTUS_INLINE float between_cells(float place, float cells_per_pixel, std::int32_t cells,
                                  std::int32_t* first) {
    float at = (place + 0.5f) * cells_per_pixel - 0.5f;
    at = at > 0.0f ? at : 0.0f;
    const auto whole = static_cast<std::int32_t>(at);
    *first = whole < cells - 1 ? whole : cells - 1;
    return at - static_cast<float>(*first);
}

/// A coordinate in whole pixels, at most two outside of 0 .. count - 1, and the rest. NaN is outside.
VULTUS_INLINE std::int32_t whole_and_rest(float at, float count, float* rest) {
    at = at > -2.0f ? at : -2.0f;
    at = at < count + 1.0f ? at : count + 1.0f;
    const std::int32_t whole = static_cast<std::int32_t>(at + 4.0f) - 4;
    *rest = at - static_cast<float>(whole);
    return whole;
}

/// One row of the field, between the two that lie around it; one more cell repeats the last.
VULTUS_INLINE void field_row(const WarpRow& how, const float* field, Index row, float* line) {
    std::int32_t top = 0;
    const float part =
        between_cells(static_cast<float>(row), static_cast<float>(how.rows) / static_cast<float>(how.height),
                      static_cast<std::int32_t>(how.rows), &top);
    const float* above = field + top * how.columns;
    const float* below = top + 1 < how.rows ? above + how.columns : above;
    for (Index i = 0; i < how.columns; ++i) line[i] = above[i] + (below[i] - above[i]) * part;
    line[how.columns] = line[how.columns - 1];
}

VULTUS_INLINE void find_taps(const WarpRow& how, const float* line_x, const float* line_y, Index row,
                             Index begin, Taps4x4& taps) {
    const float width = static_cast<float>(how.width), height = static_cast<float>(how.height);
    const float cells = static_cast<float>(how.columns) / width, y = static_cast<float>(row);
    const auto stride = static_cast<std::int32_t>((how.width + 2 * kWarpBorder) * kWarpLanes);
    for (int i = 0; i < kPart; ++i) {
        const float x = static_cast<float>(begin + i);
        std::int32_t cell = 0;
        const float part = between_cells(x, cells, static_cast<std::int32_t>(how.columns), &cell);
        const float dx = line_x[cell] + (line_x[cell + 1] - line_x[cell]) * part;
        const float dy = line_y[cell] + (line_y[cell + 1] - line_y[cell]) * part;
        float rest_x = 0, rest_y = 0;
        const std::int32_t at_x = whole_and_rest(x + width * dx, width, &rest_x);
        const std::int32_t at_y = whole_and_rest(y + height * dy, height, &rest_y);
        constexpr auto border = static_cast<std::int32_t>(kWarpBorder),
                       lanes = static_cast<std::int32_t>(kWarpLanes);
        taps.corner[i] = (at_y - 1 + border) * stride + (at_x - 1 + border) * lanes;
        cubic_weights(rest_x, &taps.across[0][i], &taps.across[1][i], &taps.across[2][i], &taps.across[3][i]);
        cubic_weights(rest_y, &taps.down[0][i], &taps.down[1][i], &taps.down[2][i], &taps.down[3][i]);
    }
}

VULTUS_INLINE void warp_row_body(const WarpRow& how, Index row, float* out) {
    const Index stride = (how.width + 2 * kWarpBorder) * kWarpLanes, plane = how.height * how.width;
    float line_x[kWarpMostCells + 1], line_y[kWarpMostCells + 1];
    field_row(how, how.field, row, line_x);
    field_row(how, how.field + how.rows * how.columns, row, line_y);
    Taps4x4 taps;
    for (Index begin = 0; begin < how.width; begin += kPart) {
        find_taps(how, line_x, line_y, row, begin, taps);
        const int count = static_cast<int>(std::min<Index>(kPart, how.width - begin));
        for (int i = 0; i < count; ++i) {
            const float* corner = how.source + taps.corner[i];
            Taps sum = {};
            for (int j = 0; j < 4; ++j)
                sum += *reinterpret_cast<const TapsInArray*>(corner + j * stride) * taps.down[j][i];
            Pixel pixel = {};
            for (int k = 0; k < 4; ++k)
                pixel +=
                    Pixel{sum[4 * k], sum[4 * k + 1], sum[4 * k + 2], sum[4 * k + 3]} * taps.across[k][i];
            for (Index c = 0; c < how.channels; ++c) out[c * plane + row * how.width + begin + i] = pixel[c];
        }
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
