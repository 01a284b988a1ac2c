// Element-wise and reduction kernels, compiled for several instruction sets; cpu_level.h says which one runs.
#pragma once

#include <cstdint>

namespace vultus::kernels {

/// y[i] = x[i] * sigmoid(x[i]); in place allowed.
void silu(const float* x, float* y, std::int64_t count);
/// y[i] = x[i] * Phi(x[i]), absolute error about 1e-7; in place allowed.
void gelu(const float* x, float* y, std::int64_t count);
void sigmoid(const float* x, float* y, std::int64_t count);
/// exp(x[i] - shift), in place; returns the sum.
float exp_shifted(float* x, float shift, std::int64_t count);
/// y = x * factor + offset.
void scale_shift(const float* x, float factor, float offset, float* y, std::int64_t count);
void add(const float* a, const float* b, float* y, std::int64_t count);
void mul(const float* a, const float* b, float* y, std::int64_t count);
float dot(const float* a, const float* b, std::int64_t count);
/// y += factor * x.
void axpy(float factor, const float* x, float* y, std::int64_t count);
/// y += a * b.
void multiply_add(const float* a, const float* b, float* y, std::int64_t count);
/// Mean and 1 / sqrt(variance + 1e-5).
void moments(const float* x, std::int64_t count, float& mean, float& inverse_deviation);

}  // namespace vultus::kernels
