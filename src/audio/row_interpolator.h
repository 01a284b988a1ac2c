// Rows of features from one rate to another, in a stream.
#pragma once

#include <cstdint>
#include <vector>

namespace vultus::audio {

/// Linear interpolation between neighbouring rows. Output row j stands at input row j * step, as a fraction.
/// Any chunking gives the same bits; memory is constant.
class RowInterpolator {
  public:
    /// width: values a row; step: input rows per output row, > 0.
    RowInterpolator(std::int64_t width, double step) : width_(width), step_(step) {}

    /// Where the next input rows go: append whole rows, then call advance().
    std::vector<float>& input() { return rows_; }
    /// Appends the output rows that are certain; last: no input comes any more, the last row is held.
    void advance(bool last, std::vector<float>& out);

  private:
    std::int64_t width_;
    double step_;
    std::vector<float> rows_;  ///< input from first_row_ on
    std::int64_t first_row_ = 0;
    std::int64_t next_ = 0;  ///< index of the next output row
};

}  // namespace vultus::audio
