#include "kernels/matrix.h"

#include <algorithm>

#include "kernels/aligned_floats.h"
#include "kernels/lanes.h"
#include "kernels/parallel.h"

namespace vultus::kernels {
namespace {

using Index = std::int64_t;

constexpr int kBlock = kNumLanes, kPanel = 2 * kNumLanes;
/// Panels that a single row is multiplied with at a time: enough sums to keep the multipliers busy.
constexpr int kPanelsOfRow = 4;

/// Where the values of a row, and the next row, are. Inputs come in runs of 8, the halves of a panel of
/// outputs apart by `half`.
struct Layout {
    Index in_row, in_block, out_row, out_half;
};

/// kRows rows times one panel of 16 outputs; sums go over the inputs in order, one by one.
template <int kRows>
VULTUS_INLINE void panel_sums(const float* x, const Layout& layout, Index inputs, const float* weights,
                              Lanes (&sums)[kRows][2]) {
    for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = Lanes{};
    const auto add = [&](Index i) __attribute__((always_inline)) {
        Lanes low, high;
        load(weights, low);
        load(weights + kBlock, high);
        weights += kPanel;
        for (int r = 0; r < kRows; ++r) {
            sums[r][0] += x[r * layout.in_row + i] * low;
            sums[r][1] += x[r * layout.in_row + i] * high;
        }
    };
    Index block = 0;
    for (; block + kBlock <= inputs; block += kBlock, x += layout.in_block)
        for (Index i = 0; i < kBlock; ++i) add(i);
    for (Index i = 0; block + i < inputs; ++i) add(i);
}

VULTUS_INLINE void put_half(const Lanes& sum, const float* bias, Index count, float* y) {
    if (count >= kBlock) {
        Lanes shift, value = sum;
        load(bias, shift);
        value += shift;
        store(value, y);
        return;
    }
    float values[kBlock];
    store(sum, values);
    for (Index k = 0; k < count; ++k) y[k] = values[k] + bias[k];
}

/// What is the same for all rows.
struct Product {
    const float *weights, *bias, *x;
    float* y;
    Index inputs, outputs;
    Layout layout;
};

template <int kRows>
VULTUS_INLINE void multiply_rows(const Product& p, Index row, Index output) {
    Lanes sums[kRows][2];
    panel_sums<kRows>(p.x + row * p.layout.in_row, p.layout, p.inputs, p.weights + output * p.inputs, sums);
    for (int r = 0; r < kRows; ++r)
        for (int half = 0; half < 2; ++half) {
            const Index left = p.outputs - output - half * kBlock;
            const Index at = (row + r) * p.layout.out_row + (output / kBlock + half) * p.layout.out_half;
            if (left > 0) put_half(sums[r][half], p.bias + output + half * kBlock, left, p.y + at);
        }
}

/// Rows begin..end times all panels.
VULTUS_INLINE void multiply_body(const Product& p, Index begin, Index end) {
    for (Index o = 0; o < p.outputs; o += kPanel) {
        Index row = begin;
        for (; row + 6 <= end; row += 6) multiply_rows<6>(p, row, o);
        for (; row + 4 <= end; row += 4) multiply_rows<4>(p, row, o);
        for (; row < end; ++row) multiply_rows<1>(p, row, o);
    }
}

void multiply(const Product& p, Index begin, Index end) { dispatch<multiply_body>(p, begin, end); }

/// One row times outputs begin..end, whole groups of panels: bound by reading the weights.
VULTUS_INLINE void multiply_one_body(const Product& p, Index begin, Index end) {
    constexpr int kHalves = 2 * kPanelsOfRow;
    Index o = begin;
    for (; o + kPanelsOfRow * kPanel <= end && o + kPanelsOfRow * kPanel <= p.outputs;
         o += kPanelsOfRow * kPanel) {
        Lanes sums[kHalves];
        for (Lanes& sum : sums) sum = Lanes{};
        const float* weights = p.weights + o * p.inputs;
        for (Index i = 0; i < p.inputs; ++i, weights += kPanel)
            for (int half = 0; half < kHalves; ++half) {
                Lanes w;
                load(weights + half / 2 * kPanel * p.inputs + half % 2 * kBlock, w);
                sums[half] += p.x[i] * w;
            }
        for (int half = 0; half < kHalves; ++half)
            put_half(sums[half], p.bias + o + half * kBlock, kBlock, p.y + o + half * kBlock);
    }
    for (; o < std::min(end, p.outputs); o += kPanel) multiply_rows<1>(p, 0, o);
}

void multiply_one(const Product& p, Index begin, Index end) { dispatch<multiply_one_body>(p, begin, end); }

}  // namespace

Matrix::Matrix(const float* weight, Index outputs, Index inputs)
    : outputs_(outputs),
      inputs_(inputs),
      weights_(aligned_floats((outputs + kPanel - 1) / kPanel * kPanel * inputs)) {
    std::fill_n(weights_.get(), (outputs + kPanel - 1) / kPanel * kPanel * inputs, 0.0f);
    for (Index o = 0; o < outputs; ++o)
        for (Index i = 0; i < inputs; ++i)
            weights_.get()[(o / kPanel * inputs + i) * kPanel + o % kPanel] = weight[o * inputs + i];
}

void Matrix::rows(const float* x, Index num_rows, const float* bias, float* y, Index in_row,
                  Index out_row) const {
    const Layout layout{in_row > 0 ? in_row : inputs_, kBlock, out_row > 0 ? out_row : outputs_, kBlock};
    const Product product{weights_.get(), bias, x, y, inputs_, outputs_, layout};
    if (num_rows == 1) {
        constexpr Index kGroup = kPanelsOfRow * kPanel;
        parallel((outputs_ + kGroup - 1) / kGroup, kGroup * inputs_,
                 [&](Index begin, Index end) { multiply_one(product, begin * kGroup, end * kGroup); });
        return;
    }
    parallel(num_rows, inputs_ * outputs_, [&](Index begin, Index end) { multiply(product, begin, end); });
}

void Matrix::blocks(const float* x, Index num_pixels, const float* bias, float* y) const {
    const Index plane = num_pixels * kBlock;
    const Product product{weights_.get(), bias, x, y, inputs_, outputs_, {kBlock, plane, kBlock, plane}};
    parallel(num_pixels, inputs_ * outputs_, [&](Index begin, Index end) { multiply(product, begin, end); });
}

}  // namespace vultus::kernels
