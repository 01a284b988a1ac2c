// exp without branches, and the compilation of one function for several instruction sets.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

// Sums are split over lanes in a fixed order, so that each instruction set gives the same bits on every run.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VULTUS_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VULTUS_CLONES
#endif
/// For what clones call: it must take on the caller's instruction set.
#define VULTUS_INLINE inline __attribute__((always_inline))

namespace vultus::infer::kernels {

/// exp for finite x, relative error about 1e-7: 2^n times a polynomial (Cephes), free of branches.
VULTUS_INLINE float fast_exp(float x) {
    x = std::min(std::max(x, -87.0f), 88.0f);
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

}  // namespace vultus::infer::kernels
