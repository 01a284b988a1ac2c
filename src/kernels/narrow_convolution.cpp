#include "kernels/narrow_convolution.h"

#include <algorithm>

#include "kernels/aligned_floats.h"
#include "kernels/lanes.h"

namespace vultus::kernels {
namespace {

using Index = std::int64_t;

constexpr Index kMostOutputs = 4;

struct NarrowRow {
    Index blocks, height, width;
    const float* x;
    const float* weights;  ///< of one output
    float bias;
};

VULTUS_INLINE void narrow_row_body(const NarrowRow& how, Index row, float* out) {
    const Index top = row > 0 ? -1 : 0, bottom = row + 1 < how.height ? 1 : 0;
    for (Index column = 0; column < how.width; ++column) {
        const Index left = column > 0 ? -1 : 0, right = column + 1 < how.width ? 1 : 0;
        Lanes sum = {}, values, weights;  // of eight channels
        for (Index block = 0; block < how.blocks; ++block)
            for (Index dy = top; dy <= bottom; ++dy)
                for (Index dx = left; dx <= right; ++dx) {
                    const Index pixel = (block * how.height + row + dy) * how.width + column + dx;
                    const Index tap = (block * 3 + dy + 1) * 3 + dx + 1;
                    load(how.x + pixel * kNumLanes, values);
                    load(how.weights + tap * kNumLanes, weights);
                    sum += values * weights;
                }
        float value = how.bias;
        for (Index lane = 0; lane < kNumLanes; ++lane) value += sum[lane];
        out[column] = value;
    }
}

}  // namespace

bool NarrowConvolution::fits(const Shape& input, const Shape& weight, int stride) {
    return stride == 1 && input[0] == 1 && weight[0] <= kMostOutputs && weight[1] % kNumLanes == 0 &&
           weight[2] == 3 && weight[3] == 3;
}

NarrowConvolution::NarrowConvolution(const float* weight, const float* bias, Index outputs, Index inputs)
    : outputs_(outputs),
      inputs_(inputs),
      weights_(aligned_floats(outputs * inputs * 9)),
      bias_(aligned_floats(outputs)) {
    std::copy_n(bias, outputs, bias_.get());
    for (Index o = 0; o < outputs; ++o)
        for (Index i = 0; i < inputs; ++i)
            for (Index tap = 0; tap < 9; ++tap)
                weights_.get()[((o * (inputs / kNumLanes) + i / kNumLanes) * 9 + tap) * kNumLanes +
                               i % kNumLanes] = weight[(o * inputs + i) * 9 + tap];
}

void NarrowConvolution::run(Index height, Index width, const float* x, float* y) const {
    for (Index o = 0; o < outputs_; ++o) {
        const NarrowRow how{inputs_ / kNumLanes, height, width, x, weights_.get() + o * inputs_ * 9,
                            bias_.get()[o]};
        for (Index row = 0; row < height; ++row)
            dispatch<narrow_row_body>(how, row, y + (o * height + row) * width);
    }
}

}  // namespace vultus::kernels
