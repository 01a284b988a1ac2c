#include "matting/guided_filter.h"

#include <algorithm>
#include <array>

namespace vultus::matting {
namespace {

/// Sums of columns slide down, sums of rows along.
void add_row(const float* row, float sign, int width, float* columns) {
    for (int x = 0; x < width; ++x) columns[x] += sign * row[x];
}

/// Symmetric 3 x 3: xx, xy, xz, yy, yz, zz.
using Symmetric = std::array<float, 6>;

Symmetric inverse_of(const Symmetric& m) {
    const float a = m[3] * m[5] - m[4] * m[4], b = m[2] * m[4] - m[1] * m[5], c = m[1] * m[4] - m[2] * m[3];
    const float scale = 1 / (m[0] * a + m[1] * b + m[2] * c);
    return {a * scale,
            b * scale,
            c * scale,
            (m[0] * m[5] - m[2] * m[2]) * scale,
            (m[1] * m[2] - m[0] * m[4]) * scale,
            (m[0] * m[3] - m[1] * m[1]) * scale};
}

}  // namespace

void box_mean(const float* values, int width, int height, int radius, std::vector<float>& scratch,
              float* out) {
    scratch.assign(static_cast<std::size_t>(width) * (height + 1), 0.0f);
    float* columns = scratch.data();
    float* means = columns + width;  // [height, width]: over rows; `out` may be `values`
    for (int y = 0; y < std::min(radius, height); ++y)
        add_row(values + std::size_t(y) * width, 1, width, columns);
    for (int y = 0; y < height; ++y) {
        if (y + radius < height) add_row(values + std::size_t(y + radius) * width, 1, width, columns);
        if (y - radius > 0) add_row(values + std::size_t(y - radius - 1) * width, -1, width, columns);
        const int rows = std::min(y + radius, height - 1) - std::max(y - radius, 0) + 1;
        for (int x = 0; x < width; ++x)
            means[std::size_t(y) * width + x] = columns[x] / static_cast<float>(rows);
    }
    for (int y = 0; y < height; ++y) {
        const float* row = means + std::size_t(y) * width;
        float* to = out + std::size_t(y) * width;
        double sum = 0;
        for (int x = 0; x < std::min(radius, width); ++x) sum += row[x];
        for (int x = 0; x < width; ++x) {
            if (x + radius < width) sum += row[x + radius];
            if (x - radius > 0) sum -= row[x - radius - 1];
            to[x] = static_cast<float>(sum / (std::min(x + radius, width - 1) - std::max(x - radius, 0) + 1));
        }
    }
}

GuidedFilter::GuidedFilter(int width, int height, int radius, float eps)
    : width_(width),
      height_(height),
      radius_(radius),
      count_(static_cast<std::size_t>(width) * height),
      eps_(eps),
      guide_(3 * count_),
      mean_(3 * count_),
      inverse_(6 * count_),
      product_(count_),
      functions_(4 * count_) {}

void GuidedFilter::set_guide(const float* rgb) {
    std::copy(rgb, rgb + 3 * count_, guide_.begin());
    for (int c = 0; c < 3; ++c)
        box_mean(&guide_[c * count_], width_, height_, radius_, scratch_, &mean_[c * count_]);
    constexpr int kFirst[6] = {0, 0, 0, 1, 1, 2}, kSecond[6] = {0, 1, 2, 1, 2, 2};
    for (int k = 0; k < 6; ++k) {
        const float *a = &guide_[kFirst[k] * count_], *b = &guide_[kSecond[k] * count_];
        for (std::size_t i = 0; i < count_; ++i) product_[i] = a[i] * b[i];
        box_mean(product_.data(), width_, height_, radius_, scratch_, &inverse_[k * count_]);
    }
    for (std::size_t i = 0; i < count_; ++i) {
        Symmetric covariance;
        for (int k = 0; k < 6; ++k)
            covariance[k] = inverse_[k * count_ + i] -
                            mean_[kFirst[k] * count_ + i] * mean_[kSecond[k] * count_ + i] +
                            (kFirst[k] == kSecond[k] ? eps_ : 0.0f);
        const Symmetric inverse = inverse_of(covariance);
        for (int k = 0; k < 6; ++k) inverse_[k * count_ + i] = inverse[k];
    }
}

const std::vector<float>& GuidedFilter::functions(const float* values) {
    float* constant = &functions_[3 * count_];
    box_mean(values, width_, height_, radius_, scratch_, constant);  // the mean of the values, for now
    for (int c = 0; c < 3; ++c) {
        for (std::size_t i = 0; i < count_; ++i) product_[i] = guide_[c * count_ + i] * values[i];
        box_mean(product_.data(), width_, height_, radius_, scratch_, &functions_[c * count_]);
    }
    for (std::size_t i = 0; i < count_; ++i) {
        const float mean = constant[i];
        float covariance[3], slope[3];
        for (int c = 0; c < 3; ++c) covariance[c] = functions_[c * count_ + i] - mean_[c * count_ + i] * mean;
        const auto m = [&](int k) { return inverse_[k * count_ + i]; };
        slope[0] = m(0) * covariance[0] + m(1) * covariance[1] + m(2) * covariance[2];
        slope[1] = m(1) * covariance[0] + m(3) * covariance[1] + m(4) * covariance[2];
        slope[2] = m(2) * covariance[0] + m(4) * covariance[1] + m(5) * covariance[2];
        for (int c = 0; c < 3; ++c) {
            functions_[c * count_ + i] = slope[c];
            constant[i] -= slope[c] * mean_[c * count_ + i];
        }
    }
    for (int k = 0; k < 4; ++k) {
        float* plane = &functions_[k * count_];
        box_mean(plane, width_, height_, radius_, scratch_, plane);
    }
    return functions_;
}

void GuidedFilter::smooth(const float* values, float* out) {
    const float* f = functions(values).data();
    for (std::size_t i = 0; i < count_; ++i)
        out[i] = f[i] * guide_[i] + f[count_ + i] * guide_[count_ + i] +
                 f[2 * count_ + i] * guide_[2 * count_ + i] + f[3 * count_ + i];
}

}  // namespace vultus::matting
