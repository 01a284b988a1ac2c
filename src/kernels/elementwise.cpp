#include "kernels/elementwise.h"

#include <bit>
#include <cmath>

#include "kernels/lanes.h"

namespace vultus::kernels {
namespace {

constexpr int kLanes = 16;

/// exp for finite x, relative error about 1e-7: 2^n times a polynomial (Cephes), free of branches.
VULTUS_INLINE float fast_exp(float x) {
    x = x > -87.0f ? x : -87.0f;  // as the instructions maxps and minps do
    x = x < 88.0f ? x : 88.0f;
    const float n = std::floor(x * 1.44269504f + 0.5f);
    const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

VULTUS_INLINE void silu_body(const float* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] / (1.0f + fast_exp(-x[i]));
}

/// erf by Abramowitz and Stegun, 7.1.26; what is small beside 1 is never subtracted from it.
VULTUS_INLINE void gelu_body(const float* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float z = std::abs(x[i]) * 0.70710678f, t = 1.0f / (1.0f + 0.3275911f * z);
        float p = 1.061405429f;
        p = p * t - 1.453152027f;
        p = p * t + 1.421413741f;
        p = p * t - 0.284496736f;
        p = p * t + 0.254829592f;
        const float tail = 0.5f * p * t * fast_exp(-z * z);
        y[i] = x[i] * (x[i] < 0.0f ? tail : 1.0f - tail);
    }
}

VULTUS_INLINE void sigmoid_body(const float* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = 1.0f / (1.0f + fast_exp(-x[i]));
}

VULTUS_INLINE float exp_shifted_body(float* x, float shift, std::int64_t count) {
    float sum = 0;
    for (std::int64_t i = 0; i < count; ++i) x[i] = fast_exp(x[i] - shift);
    for (std::int64_t i = 0; i < count; ++i) sum += x[i];
    return sum;
}

VULTUS_INLINE void scale_shift_body(const float* x, float factor, float offset, float* y,
                                    std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] * factor + offset;
}

VULTUS_INLINE void add_body(const float* a, const float* b, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
}

VULTUS_INLINE void mul_body(const float* a, const float* b, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = a[i] * b[i];
}

VULTUS_INLINE float dot_body(const float* a, const float* b, std::int64_t count) {
    float lanes[kLanes] = {};
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (int k = 0; k < kLanes; ++k) lanes[k] += a[i + k] * b[i + k];
    float sum = 0;
    for (; i < count; ++i) sum += a[i] * b[i];
    for (int k = 0; k < kLanes; ++k) sum += lanes[k];
    return sum;
}

VULTUS_INLINE void axpy_body(float factor, const float* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] += factor * x[i];
}

VULTUS_INLINE void multiply_add_body(const float* a, const float* b, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[i] += a[i] * b[i];
}

VULTUS_INLINE void moments_body(const float* x, std::int64_t count, float& mean, float& inverse_deviation) {
    float lanes[kLanes] = {};
    double sum = 0;
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (int k = 0; k < kLanes; ++k) lanes[k] += x[i + k];
    for (; i < count; ++i) sum += x[i];
    for (float& lane : lanes) {
        sum += lane;
        lane = 0;
    }
    mean = static_cast<float>(sum / static_cast<double>(count));
    const float centre = mean;
    double squares = 0;
    for (i = 0; i + kLanes <= count; i += kLanes)
        for (int k = 0; k < kLanes; ++k) lanes[k] += (x[i + k] - centre) * (x[i + k] - centre);
    for (; i < count; ++i) squares += static_cast<double>(x[i] - centre) * (x[i] - centre);
    for (const float lane : lanes) squares += lane;
    inverse_deviation = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(count) + 1e-5));
}

}  // namespace

void silu(const float* x, float* y, std::int64_t count) { dispatch<silu_body>(x, y, count); }

void gelu(const float* x, float* y, std::int64_t count) { dispatch<gelu_body>(x, y, count); }

void sigmoid(const float* x, float* y, std::int64_t count) { dispatch<sigmoid_body>(x, y, count); }

float exp_shifted(float* x, float shift, std::int64_t count) {
    return dispatch<exp_shifted_body>(x, shift, count);
}

void scale_shift(const float* x, float factor, float offset, float* y, std::int64_t count) {
    dispatch<scale_shift_body>(x, factor, offset, y, count);
}

void add(const float* a, const float* b, float* y, std::int64_t count) { dispatch<add_body>(a, b, y, count); }

void mul(const float* a, const float* b, float* y, std::int64_t count) { dispatch<mul_body>(a, b, y, count); }

float dot(const float* a, const float* b, std::int64_t count) { return dispatch<dot_body>(a, b, count); }

void axpy(float factor, const float* x, float* y, std::int64_t count) {
    dispatch<axpy_body>(factor, x, y, count);
}

void multiply_add(const float* a, const float* b, float* y, std::int64_t count) {
    dispatch<multiply_add_body>(a, b, y, count);
}

void moments(const float* x, std::int64_t count, float& mean, float& inverse_deviation) {
    dispatch<moments_body>(x, count, mean, inverse_deviation);
}

}  // namespace vultus::kernels
