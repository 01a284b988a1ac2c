#include "audio/fft.h"

#include <cmath>
#include <utility>

#include "base/error.h"

namespace vultus::audio {
namespace {

using Complex = std::complex<float>;

// std::complex multiplication checks for NaN at every product; this one does not.
inline Complex times(Complex a, Complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

}  // namespace

RealFft::RealFft(int size) : size_(size) {
    if (size < 4 || (size & (size - 1)) != 0)
        fail(ErrorCode::kInvalidArgument, "[audio] transform: expected a power of two of 4 or more, got {}",
             size);
    const int half = size / 2;
    reversed_.resize(half);
    for (int i = 1; i < half; ++i) reversed_[i] = (reversed_[i / 2] / 2) | ((i & 1) ? half / 2 : 0);
    twiddle_.resize(half);
    for (int k = 0; k < half; ++k) {
        const double angle = -2.0 * M_PI * k / size;
        twiddle_[k] = Complex(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
    }
    work_.resize(half);
}

// In-place complex transform of work_, decimation in time.
void RealFft::transform_half() {
    const int half = size_ / 2;
    for (int i = 0; i < half; ++i)
        if (i < reversed_[i]) std::swap(work_[i], work_[reversed_[i]]);
    for (int width = 1; width < half; width *= 2) {
        const int stride = size_ / (2 * width);  // twiddle_ is for size_, the butterfly for 2 * width points
        for (int start = 0; start < half; start += 2 * width) {
            for (int k = 0; k < width; ++k) {
                const Complex odd = times(work_[start + k + width], twiddle_[k * stride]);
                const Complex even = work_[start + k];
                work_[start + k] = even + odd;
                work_[start + k + width] = even - odd;
            }
        }
    }
}

void RealFft::forward(const float* in, Complex* out) {
    const int half = size_ / 2;
    for (int i = 0; i < half; ++i) work_[i] = Complex(in[2 * i], in[2 * i + 1]);
    transform_half();
    out[0] = Complex(work_[0].real() + work_[0].imag(), 0.0f);
    out[half] = Complex(work_[0].real() - work_[0].imag(), 0.0f);
    for (int k = 1; k < half; ++k) {
        const Complex a = work_[k], b = std::conj(work_[half - k]);
        const Complex odd = times(a - b, twiddle_[k]);
        // 0.5 (a + b) - 0.5 i odd
        out[k] = 0.5f * (a + b) + Complex(0.5f * odd.imag(), -0.5f * odd.real());
    }
}

void RealFft::inverse(const Complex* in, float* out) {
    const int half = size_ / 2;
    // The inverse is the conjugate of the forward transform of the conjugate.
    work_[0] = Complex(0.5f * (in[0].real() + in[half].real()), -0.5f * (in[0].real() - in[half].real()));
    for (int k = 1; k < half; ++k) {
        const Complex a = in[k], b = std::conj(in[half - k]);
        const Complex odd = times(a - b, std::conj(twiddle_[k]));
        work_[k] = std::conj(0.5f * (a + b) + Complex(-0.5f * odd.imag(), 0.5f * odd.real()));
    }
    transform_half();
    const float scale = 1.0f / static_cast<float>(half);
    for (int i = 0; i < half; ++i) {
        out[2 * i] = work_[i].real() * scale;
        out[2 * i + 1] = -work_[i].imag() * scale;
    }
}

}  // namespace vultus::audio
