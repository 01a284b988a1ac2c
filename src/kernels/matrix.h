// Matrix products with weights packed once.
#pragma once

#include <cstdint>
#include <memory>

namespace vultus::kernels {

/// Rows of x times the transpose of a weight [O, I], plus a bias.
///
/// Order    x and y are rows [R, I] and [R, O], or images in blocks of 8 channels [I / 8, R, 8] and
///          [O / 8, R, 8], which makes a 1 x 1 convolution of it.
/// Threads  any number of callers; runs on OpenMP's threads, the result does not depend on their number.
class Matrix {
  public:
    Matrix(const float* weight, std::int64_t outputs, std::int64_t inputs);

    /// bias [O]. A row of x begins in_row values after the one before it (they may overlap), one of y out_row
    /// values after; 0: side by side.
    void rows(const float* x, std::int64_t num_rows, const float* bias, float* y, std::int64_t in_row = 0,
              std::int64_t out_row = 0) const;
    /// The channels of both must be multiples of 8.
    void blocks(const float* x, std::int64_t num_pixels, const float* bias, float* y) const;

    std::int64_t outputs() const { return outputs_; }
    std::int64_t inputs() const { return inputs_; }

  private:
    std::int64_t outputs_, inputs_;
    std::shared_ptr<float> weights_;  ///< [ceil(O / 16), I, 16], zeros beyond O
};

}  // namespace vultus::kernels
