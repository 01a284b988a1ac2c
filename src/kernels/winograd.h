// 3 x 3 convolutions with a quarter of the multiplications.
#pragma once

#include <cstdint>
#include <memory>

#include "tensor/host_tensor.h"

namespace vultus::kernels {

/// Source   Lavin & Gray 2016, arXiv:1509.09308: F(4x4, 3x3). Input patches of 6 x 6 become 36 values each,
///          36 matrix products mix the channels, and every product gives 4 x 4 pixels of the output. Small
///          images, bound by reading the weights, take F(2x2, 3x3): 16 values for 2 x 2 pixels.
/// Order    images in blocks of 8 channels, [B, C / 8, H, W, 8]; padding 1, stride 1.
/// Accuracy f32 with about ten times the rounding error of direct sums: 4e-6 of the outputs' deviation.
/// Threads  one caller at a time; runs on OpenMP's threads, the result does not depend on their number.
class Winograd {
  public:
    /// True where this is the faster way: enough patches for the four times larger weights, channels in whole
    /// registers.
    static bool pays(const Shape& input, const Shape& weight, int stride);

    /// weight [O, I, 3, 3], O a multiple of 16, I of 8; bias [O].
    /// tile: 2 or 4 pixels.
    Winograd(const float* weight, const float* bias, std::int64_t outputs, std::int64_t inputs, int tile);
    /// The tile that is fastest for this input.
    static int tile_for(const Shape& input);

    /// Values of scratch memory that run() wants.
    std::int64_t scratch_size(const Shape& input) const;
    /// x [B, I / 8, H, W, 8] to y [B, O / 8, H, W, 8]; every pointer at a multiple of 32 bytes.
    void run(const Shape& input, const float* x, float* scratch, float* y) const;

  private:
    /// Patches first .. first + num; together: all threads on each stage, else the caller's alone.
    void run_chunk(const Shape& input, const float* x, std::int64_t first, std::int64_t num, bool together,
                   float* scratch, float* y) const;
    std::int64_t outputs_, inputs_;
    int tile_;
    std::shared_ptr<float> weights_;  ///< [(tile + 2)^2, O / 16, I, 16]
    std::shared_ptr<float> bias_;
};

}  // namespace vultus::kernels
