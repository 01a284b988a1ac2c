// Eight floats at once.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/cpu_level.h"

namespace vultus::kernels {

/// Sums are split over lanes in a fixed order, so that each instruction set gives the same bits on every run.
/// Plain arithmetic on it becomes one instruction where the CPU has one. Passed by reference only: how it is
/// passed by value depends on the instruction set.
typedef float Lanes __attribute__((vector_size(32)));
typedef std::int32_t IntLanes __attribute__((vector_size(32)));
constexpr int kNumLanes = 8;

/// The same in an array of floats.
typedef float LanesInArray __attribute__((vector_size(32), aligned(4), may_alias));

VULTUS_INLINE void load(const float* from, Lanes& to) { to = *reinterpret_cast<const LanesInArray*>(from); }
VULTUS_INLINE void store(const Lanes& from, float* to) { *reinterpret_cast<LanesInArray*>(to) = from; }

/// y = x / (1 + exp(-x)), relative error about 2e-7. exp is 2^n times a polynomial (Cephes), free of
/// branches.
VULTUS_INLINE void silu(const Lanes& x, Lanes& y) {
    const Lanes lowest = Lanes{} - 87.0f, highest = Lanes{} + 88.0f;
    Lanes minus = -x;
    minus = minus > lowest ? minus : lowest;
    minus = minus < highest ? minus : highest;
    // At 1.5 * 2^23 a float's last bit is worth 1: adding it rounds, and n stands in the lowest bits.
    const Lanes rounded = minus * 1.44269504f + 12582912.0f;
    const Lanes n = rounded - 12582912.0f;
    const Lanes r = minus - n * 0.693359375f + n * 2.12194440e-4f;
    Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    IntLanes bits;
    std::memcpy(&bits, &rounded, sizeof bits);
    bits = (bits << 23) + (127 << 23);
    Lanes power;
    std::memcpy(&power, &bits, sizeof power);
    y = x / (1.0f + p * power);
}

}  // namespace vultus::kernels
