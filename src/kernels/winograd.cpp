#include "kernels/winograd.h"

#include <algorithm>

#include "kernels/aligned_floats.h"
#include "kernels/lanes.h"
#include "kernels/parallel.h"

namespace vultus::kernels {
namespace {

using Index = std::int64_t;

constexpr int kBlock = kNumLanes, kPanel = 16;
/// Values of the largest patch.
constexpr int kMostPoints = 36;
/// Patches worked on together: their transforms stay near the core between the three stages. A multiple of
/// the six rows that the product takes at a time.
constexpr Index kChunk = 48;
/// From here on the fewer multiplications outweigh the four times larger weights.
constexpr Index kFewestPatches = 4;
/// Up to here reading the weights takes longer than multiplying: smaller tiles have smaller weights.
constexpr Index kMostPixelsOfSmallTiles = 64;

/// Where the patches of an image lie.
struct Grid {
    Index height, width, across, per_image;
    Grid(const Shape& input, int tile)
        : height(input[2]),
          width(input[3]),
          across((width + tile - 1) / tile),
          per_image(across * ((height + tile - 1) / tile)) {}
};

/// Sizes of one chunk's transforms. Planes are apart by an odd number of cache lines: 36 streams at a power
/// of two would fall on the same few cache sets.
struct Planes {
    Index points, input_stride, output_stride;
    Planes(int tile, Index num, Index inputs, Index outputs)
        : points((tile + 2) * (tile + 2)),
          input_stride(num * inputs + kPanel),
          output_stride(num * outputs + kPanel) {}
    Index size() const { return points * (input_stride + output_stride); }
};

/// B^T of F(kTile, 3) on kTile + 2 values `step` apart.
template <int kTile>
VULTUS_INLINE void transform_in(const Lanes* d, int step, Lanes* t) {
    if constexpr (kTile == 2) {
        t[0] = d[0] - d[2 * step];
        t[step] = d[step] + d[2 * step];
        t[2 * step] = d[2 * step] - d[step];
        t[3 * step] = d[step] - d[3 * step];
        return;
    }
    const Lanes a = d[4 * step] - 4.0f * d[2 * step], b = d[3 * step] - 4.0f * d[step];
    const Lanes c = d[4 * step] - d[2 * step], e = 2.0f * (d[3 * step] - d[step]);
    t[0] = 4.0f * d[0] - 5.0f * d[2 * step] + d[4 * step];
    t[step] = a + b;
    t[2 * step] = a - b;
    t[3 * step] = c + e;
    t[4 * step] = c - e;
    t[5 * step] = 4.0f * d[step] - 5.0f * d[3 * step] + d[5 * step];
}

/// A^T of F(kTile, 3): kTile + 2 values to kTile.
template <int kTile>
VULTUS_INLINE void transform_out(const Lanes* m, int step, Lanes* y) {
    if constexpr (kTile == 2) {
        y[0] = m[0] + m[step] + m[2 * step];
        y[step] = m[step] - m[2 * step] - m[3 * step];
        return;
    }
    const Lanes sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
    const Lanes far_sum = m[3 * step] + m[4 * step], far_difference = m[3 * step] - m[4 * step];
    y[0] = m[0] + sum + far_sum;
    y[step] = difference + 2.0f * far_difference;
    y[2 * step] = sum + 4.0f * far_sum;
    y[3 * step] = difference + 8.0f * far_difference + m[5 * step];
}

template <int kTile>
VULTUS_INLINE void load_patch(const float* image, const Grid& grid, Index patch, Lanes* d) {
    constexpr int kPatch = kTile + 2;
    const Index top = patch / grid.across * kTile - 1, left = patch % grid.across * kTile - 1;
    for (Index y = 0; y < kPatch; ++y)
        for (Index x = 0; x < kPatch; ++x) {
            const Index at_y = top + y, at_x = left + x;
            const bool inside = at_y >= 0 && at_x >= 0 && at_y < grid.height && at_x < grid.width;
            if (inside)
                load(image + (at_y * grid.width + at_x) * kBlock, d[y * kPatch + x]);
            else
                d[y * kPatch + x] = Lanes{};
        }
}

/// Patches begin..end of the chunk that starts at `first`: x to points [36][patches, inputs].
template <int kTile>
VULTUS_INLINE void gather_of(const float* x, const Grid& grid, Index inputs, Index first, Index begin,
                             Index end, Index stride, float* points) {
    constexpr int kPatch = kTile + 2, kPoints = kPatch * kPatch;
    Lanes d[kPoints], t[kPoints];
    const Index image_size = grid.height * grid.width * kBlock;
    for (Index p = begin; p < end; ++p) {
        const float* image = x + (first + p) / grid.per_image * (inputs / kBlock) * image_size;
        for (Index c = 0; c < inputs / kBlock; ++c) {
            load_patch<kTile>(image + c * image_size, grid, (first + p) % grid.per_image, d);
            for (int i = 0; i < kPatch; ++i) transform_in<kTile>(d + i, kPatch, t + i);
            for (int i = 0; i < kPatch; ++i) transform_in<kTile>(t + i * kPatch, 1, d + i * kPatch);
            for (int i = 0; i < kPoints; ++i) store(d[i], points + i * stride + p * inputs + c * kBlock);
        }
    }
}

VULTUS_INLINE void gather_body(int tile, const float* x, const Grid& grid, Index inputs, Index first,
                               Index begin, Index end, Index stride, float* points) {
    if (tile == 2) return gather_of<2>(x, grid, inputs, first, begin, end, stride, points);
    gather_of<4>(x, grid, inputs, first, begin, end, stride, points);
}

void gather(int tile, const float* x, const Grid& grid, Index inputs, Index first, Index begin, Index end,
            Index stride, float* points) {
    dispatch<gather_body>(tile, x, grid, inputs, first, begin, end, stride, points);
}

/// kRows patches times one panel of 16 outputs.
template <int kRows>
VULTUS_INLINE void multiply_panel(const float* in, Index inputs, const float* weights, float* out,
                                  Index outputs) {
    Lanes sums[kRows][2];
    for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = Lanes{};
    for (Index i = 0; i < inputs; ++i) {
        Lanes low, high;
        load(weights + i * kPanel, low);
        load(weights + i * kPanel + kBlock, high);
        for (int r = 0; r < kRows; ++r) {
            sums[r][0] += in[r * inputs + i] * low;
            sums[r][1] += in[r * inputs + i] * high;
        }
    }
    for (int r = 0; r < kRows; ++r) {
        store(sums[r][0], out + r * outputs);
        store(sums[r][1], out + r * outputs + kBlock);
    }
}

/// [num, inputs] times [outputs / 16, inputs, 16] to [num, outputs].
VULTUS_INLINE void multiply_body(const float* in, Index num, Index inputs, const float* weights,
                                 Index outputs, float* out) {
    for (Index o = 0; o < outputs; o += kPanel) {
        const float* panel = weights + o * inputs;
        Index p = 0;
        for (; p + 6 <= num; p += 6)
            multiply_panel<6>(in + p * inputs, inputs, panel, out + p * outputs + o, outputs);
        for (; p + 4 <= num; p += 4)
            multiply_panel<4>(in + p * inputs, inputs, panel, out + p * outputs + o, outputs);
        for (; p < num; ++p)
            multiply_panel<1>(in + p * inputs, inputs, panel, out + p * outputs + o, outputs);
    }
}

void multiply(const float* in, Index num, Index inputs, const float* weights, Index outputs, float* out) {
    dispatch<multiply_body>(in, num, inputs, weights, outputs, out);
}

/// The way back: products [36][patches, outputs] to y, plus bias.
template <int kTile>
VULTUS_INLINE void scatter_of(const float* products, const Grid& grid, Index outputs, Index first,
                              Index begin, Index end, Index stride, const float* bias, float* y) {
    constexpr int kPatch = kTile + 2, kPoints = kPatch * kPatch;
    Lanes m[kPoints], t[kPoints], shift;
    const Index image_size = grid.height * grid.width * kBlock;
    for (Index p = begin; p < end; ++p) {
        const Index patch = (first + p) % grid.per_image;
        const Index top = patch / grid.across * kTile, left = patch % grid.across * kTile;
        float* image = y + (first + p) / grid.per_image * (outputs / kBlock) * image_size;
        for (Index c = 0; c < outputs / kBlock; ++c, image += image_size) {
            for (int i = 0; i < kPoints; ++i) load(products + i * stride + p * outputs + c * kBlock, m[i]);
            for (int i = 0; i < kPatch; ++i) transform_out<kTile>(m + i, kPatch, t + i);
            for (int i = 0; i < kTile; ++i) transform_out<kTile>(t + i * kPatch, 1, m + i * kPatch);
            load(bias + c * kBlock, shift);
            for (Index i = 0; i < std::min<Index>(kTile, grid.height - top); ++i)
                for (Index k = 0; k < std::min<Index>(kTile, grid.width - left); ++k)
                    store(m[i * kPatch + k] + shift, image + ((top + i) * grid.width + left + k) * kBlock);
        }
    }
}

VULTUS_INLINE void scatter_body(int tile, const float* products, const Grid& grid, Index outputs, Index first,
                                Index begin, Index end, Index stride, const float* bias, float* y) {
    if (tile == 2) return scatter_of<2>(products, grid, outputs, first, begin, end, stride, bias, y);
    scatter_of<4>(products, grid, outputs, first, begin, end, stride, bias, y);
}

void scatter(int tile, const float* products, const Grid& grid, Index outputs, Index first, Index begin,
             Index end, Index stride, const float* bias, float* y) {
    dispatch<scatter_body>(tile, products, grid, outputs, first, begin, end, stride, bias, y);
}

Index num_patches(const Shape& input, int tile) { return input[0] * Grid(input, tile).per_image; }

/// G w G^T of one 3 x 3 kernel, in double: this happens once. G [patch, 3].
void transform_weight(const double (*g)[3], int patch, const float* w, double* out) {
    double rows[6][3];
    for (int a = 0; a < patch; ++a)
        for (int x = 0; x < 3; ++x) rows[a][x] = g[a][0] * w[x] + g[a][1] * w[3 + x] + g[a][2] * w[6 + x];
    for (int a = 0; a < patch; ++a)
        for (int b = 0; b < patch; ++b)
            out[a * patch + b] = g[b][0] * rows[a][0] + g[b][1] * rows[a][1] + g[b][2] * rows[a][2];
}

constexpr double kG2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
constexpr double kG4[6][3] = {{1. / 4, 0, 0},
                              {-1. / 6, -1. / 6, -1. / 6},
                              {-1. / 6, 1. / 6, -1. / 6},
                              {1. / 24, 1. / 12, 1. / 6},
                              {1. / 24, -1. / 12, 1. / 6},
                              {0, 0, 1}};

}  // namespace

bool Winograd::pays(const Shape& input, const Shape& weight, int stride) {
    return stride == 1 && weight[2] == 3 && weight[3] == 3 && weight[0] % kPanel == 0 &&
           weight[1] % kBlock == 0 && num_patches(input, 4) >= kFewestPatches;
}

int Winograd::tile_for(const Shape& input) { return input[2] * input[3] <= kMostPixelsOfSmallTiles ? 2 : 4; }

Winograd::Winograd(const float* weight, const float* bias, Index outputs, Index inputs, int tile)
    : outputs_(outputs),
      inputs_(inputs),
      tile_(tile),
      weights_(aligned_floats((tile + 2) * (tile + 2) * outputs * inputs)),
      bias_(aligned_floats(outputs)) {
    std::copy_n(bias, outputs, bias_.get());
    double points[kMostPoints];
    for (Index o = 0; o < outputs; ++o)
        for (Index i = 0; i < inputs; ++i) {
            transform_weight(tile == 2 ? kG2 : kG4, tile + 2, weight + (o * inputs + i) * 9, points);
            for (Index k = 0; k < (tile + 2) * (tile + 2); ++k)
                weights_.get()[((k * (outputs / kPanel) + o / kPanel) * inputs + i) * kPanel + o % kPanel] =
                    static_cast<float>(points[k]);
        }
}

Index Winograd::scratch_size(const Shape& input) const {
    const Planes planes(tile_, std::min(kChunk, num_patches(input, tile_)), inputs_, outputs_);
    return omp_get_max_threads() * planes.size();
}

void Winograd::run(const Shape& input, const float* x, float* scratch, float* y) const {
    const Index all = num_patches(input, tile_);
    const Index size = Planes(tile_, std::min(kChunk, all), inputs_, outputs_).size();
    const auto run_patches = [&](Index begin, Index end, bool together, float* own_scratch) {
        for (Index first = begin; first < end; first += kChunk)
            run_chunk(input, x, first, std::min(kChunk, end - first), together, own_scratch, y);
    };
    // Many patches: each thread takes its share the whole way. Few: the threads share every stage, so that
    // each reads only its part of the weights.
    if (all * 2 >= kChunk * omp_get_max_threads())
        parallel(all, kParallelFrom, [&](Index begin, Index end) {
            run_patches(begin, end, false, scratch + omp_get_thread_num() * size);
        });
    else
        run_patches(0, all, true, scratch);
}

void Winograd::run_chunk(const Shape& input, const float* x, Index first, Index num, bool together,
                         float* scratch, float* y) const {
    const Grid grid(input, tile_);
    const Planes planes(tile_, num, inputs_, outputs_);
    float* products = scratch + planes.points * planes.input_stride;
    const auto stage = [&](Index count, Index work_each, const auto& body) {
        if (together)
            parallel(count, work_each, body);
        else
            body(Index{0}, count);
    };
    stage(num, planes.points * inputs_, [&](Index begin, Index end) {
        gather(tile_, x, grid, inputs_, first, begin, end, planes.input_stride, scratch);
    });
    stage(planes.points, num * inputs_ * outputs_, [&](Index begin, Index end) {
        for (Index k = begin; k < end; ++k)
            multiply(scratch + k * planes.input_stride, num, inputs_, weights_.get() + k * inputs_ * outputs_,
                     outputs_, products + k * planes.output_stride);
    });
    stage(num, planes.points * outputs_, [&](Index begin, Index end) {
        scatter(tile_, products, grid, outputs_, first, begin, end, planes.output_stride, bias_.get(), y);
    });
}

}  // namespace vultus::kernels
