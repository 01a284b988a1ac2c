// Matrix products with weights packed once.
#pragma once

#include <cstdint>
#include <memory>

namespace vultus::infer {

/// Rows of x times the transpose of a weight [O, I], plus a bias.
///
/// Order    x and y are rows [R, I] and [R, O], or images in blocks of 8 channels [I / 8, R, 8] and
///          [O / 8, R, 8], which makes a 1 x 1 convolution of it.
/// Threads  any number of callers; runs on OpenMP's threads, the result does not depend on their number.
class Matrix {
  public:
    Matrix(const float* weight, std::int64_t outputs, std::int64_t inputs);

    /// bias [O]
    void rows(const float* x, std::int64_t num_rows, const float* bias, float* y) const;
    /// The channels of both must be multiples of 8.
    void blocks(const float* x, std::int64_t num_pixels, const float* bias, float* y) const;

    std::int64_t outputs() const { return outputs_; }
    std::int64_t inputs() const { return inputs_; }

  private:
    std::int64_t outputs_, inputs_;
    std::shared_ptr<float> weights_;  ///< [ceil(O / 16), I, 16], zeros beyond O
};

}  // namespace vultus::infer
