// Plain dense arrays on the host. Dimension order of the whole project: images [H, W, C] as bytes, network
// activations [B, C, H, W] or [B, T, F], convolution weights [O, I, Kh, Kw], linear weights [O, I].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vultus {

enum class DType { kF32, kF64, kF16, kBF16, kI64, kI32, kI16, kU8 };

std::size_t dtype_bytes(DType dtype);
/// The safetensors name: "F32", "BF16", ...
const char* dtype_name(DType dtype);

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions. Errors: kCorruptData on a negative dimension or overflow.
std::int64_t num_elements(const Shape& shape);
std::string to_string(const Shape& shape);

/// Owns its bytes; row-major, contiguous, little endian.
struct HostTensor {
    DType dtype = DType::kF32;
    Shape shape;
    std::vector<std::uint8_t> bytes;

    static HostTensor from_f32(Shape shape, const float* values);
    static HostTensor from_f32(Shape shape, const std::vector<float>& values);
    static HostTensor from_i16(Shape shape, const std::vector<std::int16_t>& values);
    static HostTensor from_u8(Shape shape, const std::vector<std::uint8_t>& values);

    std::int64_t size() const { return num_elements(shape); }
    /// Values as f32 whatever the dtype is.
    std::vector<float> to_f32() const;
    /// The same values stored as bf16 (round to nearest even).
    HostTensor to_bf16() const;
    /// Direct view. T must match the dtype's width; errors: kInternal.
    template <typename T>
    const T* as() const {
        return reinterpret_cast<const T*>(checked(sizeof(T)));
    }

  private:
    const std::uint8_t* checked(std::size_t element_bytes) const;
};

float bf16_to_f32(std::uint16_t value);
std::uint16_t f32_to_bf16(float value);
float f16_to_f32(std::uint16_t value);

}  // namespace vultus
