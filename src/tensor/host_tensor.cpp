#include "tensor/host_tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace vultus {

std::size_t dtype_bytes(DType dtype) {
    switch (dtype) {
        case DType::kF64:
        case DType::kI64:
            return 8;
        case DType::kF32:
        case DType::kI32:
            return 4;
        case DType::kF16:
        case DType::kBF16:
        case DType::kI16:
            return 2;
        case DType::kU8:
            return 1;
    }
    return 0;
}

const char* dtype_name(DType dtype) {
    switch (dtype) {
        case DType::kF64:
            return "F64";
        case DType::kI64:
            return "I64";
        case DType::kF32:
            return "F32";
        case DType::kI32:
            return "I32";
        case DType::kF16:
            return "F16";
        case DType::kBF16:
            return "BF16";
        case DType::kI16:
            return "I16";
        case DType::kU8:
            return "U8";
    }
    return "?";
}

std::int64_t num_elements(const Shape& shape) {
    std::int64_t count = 1;
    for (const std::int64_t dim : shape) {
        if (dim < 0 || (dim > 0 && count > std::numeric_limits<std::int64_t>::max() / dim))
            fail(ErrorCode::kCorruptData, "[tensor] impossible shape {}", to_string(shape));
        count *= dim;
    }
    return count;
}

std::string to_string(const Shape& shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

float bf16_to_f32(std::uint16_t value) { return std::bit_cast<float>(std::uint32_t{value} << 16); }

std::uint16_t f32_to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float f16_to_f32(std::uint16_t value) {
    const int exponent = (value >> 10) & 31;
    const int mantissa = value & 1023;
    const float sign = value & 0x8000 ? -1.0f : 1.0f;
    if (exponent == 31) return mantissa ? std::numeric_limits<float>::quiet_NaN() : sign * INFINITY;
    if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
    return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

namespace {

template <typename T>
HostTensor make(DType dtype, Shape shape, const T* values) {
    HostTensor tensor{dtype, std::move(shape), {}};
    tensor.bytes.resize(static_cast<std::size_t>(tensor.size()) * sizeof(T));
    if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), values, tensor.bytes.size());
    return tensor;
}

template <typename T>
HostTensor make_checked(DType dtype, Shape shape, const std::vector<T>& values) {
    require(num_elements(shape) == static_cast<std::int64_t>(values.size()),
            "[tensor] shape {} does not hold {} values", to_string(shape), values.size());
    return make(dtype, std::move(shape), values.data());
}

template <typename T, typename Convert>
void convert_all(const std::vector<std::uint8_t>& bytes, std::vector<float>& out, Convert convert) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        out[i] = convert(value);
    }
}

}  // namespace

HostTensor HostTensor::from_f32(Shape shape, const float* values) { return make(DType::kF32, shape, values); }
HostTensor HostTensor::from_f32(Shape shape, const std::vector<float>& values) {
    return make_checked(DType::kF32, std::move(shape), values);
}
HostTensor HostTensor::from_i16(Shape shape, const std::vector<std::int16_t>& values) {
    return make_checked(DType::kI16, std::move(shape), values);
}
HostTensor HostTensor::from_u8(Shape shape, const std::vector<std::uint8_t>& values) {
    return make_checked(DType::kU8, std::move(shape), values);
}

std::vector<float> HostTensor::to_f32() const {
    std::vector<float> out(static_cast<std::size_t>(size()));
    const auto plain = [](auto value) { return static_cast<float>(value); };
    switch (dtype) {
        case DType::kF32:
            convert_all<float>(bytes, out, plain);
            break;
        case DType::kF64:
            convert_all<double>(bytes, out, plain);
            break;
        case DType::kI64:
            convert_all<std::int64_t>(bytes, out, plain);
            break;
        case DType::kI32:
            convert_all<std::int32_t>(bytes, out, plain);
            break;
        case DType::kI16:
            convert_all<std::int16_t>(bytes, out, plain);
            break;
        case DType::kU8:
            convert_all<std::uint8_t>(bytes, out, plain);
            break;
        case DType::kBF16:
            convert_all<std::uint16_t>(bytes, out, bf16_to_f32);
            break;
        case DType::kF16:
            convert_all<std::uint16_t>(bytes, out, f16_to_f32);
            break;
    }
    return out;
}

HostTensor HostTensor::to_bf16() const {
    const std::vector<float> values = to_f32();
    std::vector<std::uint16_t> rounded(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) rounded[i] = f32_to_bf16(values[i]);
    return make(DType::kBF16, shape, rounded.data());
}

const std::uint8_t* HostTensor::checked(std::size_t element_bytes) const {
    require(element_bytes == dtype_bytes(dtype), "[tensor] {} read with elements of {} bytes",
            dtype_name(dtype), element_bytes);
    return bytes.data();
}

}  // namespace vultus
