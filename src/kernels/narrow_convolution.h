// A 3 x 3 convolution to a few channels, too few for registers of them.
#pragma once

#include <memory>

#include "tensor/host_tensor.h"

namespace vultus::kernels {

class NarrowConvolution {
  public:
    /// 3 x 3, one image, channels of the input in whole registers, at most 4 out.
    static bool fits(const Shape& input, const Shape& weight, int stride);

    /// weight [O, I, 3, 3], I a multiple of 8; bias [O].
    NarrowConvolution(const float* weight, const float* bias, std::int64_t outputs, std::int64_t inputs);

    /// x [1, I / 8, H, W, 8] to y [1, O, H, W]. Zeros around the image.
    void run(std::int64_t height, std::int64_t width, const float* x, float* y) const;

  private:
    std::int64_t outputs_, inputs_;
    std::shared_ptr<float> weights_;  ///< [O, I / 8, 3, 3, 8]
    std::shared_ptr<float> bias_;
};

}  // namespace vultus::kernels
