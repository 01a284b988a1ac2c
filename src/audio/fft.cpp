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
    twiddle_.resize(size);
    for (int k = 0; k < size; ++k) {
        const double angle = -2.0 * M_PI * k / size;
        twiddle_[k] = Complex(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
    }
    for (Split* split : {&work_, &next_}) {
        split->re.resize(size / 2);
        split->im.resize(size / 2);
    }
}

// Complex transform of work_ of which sub-transforms of `points` points are still to be done.
void RealFft::transform_half() {
    std::size_t points = static_cast<std::size_t>(size_) / 2, stride = 1;
    for (; points >= 4; points /= 4, stride *= 4) radix4(points, stride);
    if (points == 2) radix2(stride);
}

void RealFft::radix4(std::size_t points, std::size_t stride) {
    const std::size_t quarter = points / 4, jump = stride * quarter,
                      turn = static_cast<std::size_t>(size_) / points;
    for (std::size_t p = 0; p < quarter; ++p) {
        const Complex w1 = twiddle_[p * turn], w2 = twiddle_[2 * p * turn], w3 = twiddle_[3 * p * turn];
        const float* re = &work_.re[stride * p];
        const float* im = &work_.im[stride * p];
        float* out_re = &next_.re[4 * stride * p];
        float* out_im = &next_.im[4 * stride * p];
        for (std::size_t q = 0; q < stride; ++q) {
            const float a_re = re[q] + re[q + 2 * jump], a_im = im[q] + im[q + 2 * jump];
            const float b_re = re[q] - re[q + 2 * jump], b_im = im[q] - im[q + 2 * jump];
            const float c_re = re[q + jump] + re[q + 3 * jump], c_im = im[q + jump] + im[q + 3 * jump];
            // i times the difference
            const float d_re = im[q + 3 * jump] - im[q + jump], d_im = re[q + jump] - re[q + 3 * jump];
            const float x_re = b_re - d_re, x_im = b_im - d_im, y_re = a_re - c_re, y_im = a_im - c_im;
            const float z_re = b_re + d_re, z_im = b_im + d_im;
            out_re[q] = a_re + c_re;
            out_im[q] = a_im + c_im;
            out_re[q + stride] = x_re * w1.real() - x_im * w1.imag();
            out_im[q + stride] = x_re * w1.imag() + x_im * w1.real();
            out_re[q + 2 * stride] = y_re * w2.real() - y_im * w2.imag();
            out_im[q + 2 * stride] = y_re * w2.imag() + y_im * w2.real();
            out_re[q + 3 * stride] = z_re * w3.real() - z_im * w3.imag();
            out_im[q + 3 * stride] = z_re * w3.imag() + z_im * w3.real();
        }
    }
    std::swap(work_, next_);
}

void RealFft::radix2(std::size_t stride) {
    for (std::size_t q = 0; q < stride; ++q) {
        next_.re[q] = work_.re[q] + work_.re[q + stride];
        next_.im[q] = work_.im[q] + work_.im[q + stride];
        next_.re[q + stride] = work_.re[q] - work_.re[q + stride];
        next_.im[q + stride] = work_.im[q] - work_.im[q + stride];
    }
    std::swap(work_, next_);
}

void RealFft::forward(const float* in, Complex* out) {
    const int half = size_ / 2;
    for (int i = 0; i < half; ++i) {
        work_.re[i] = in[2 * i];
        work_.im[i] = in[2 * i + 1];
    }
    transform_half();
    out[0] = Complex(work_.re[0] + work_.im[0], 0.0f);
    out[half] = Complex(work_.re[0] - work_.im[0], 0.0f);
    for (int k = 1; k < half; ++k) {
        const Complex a(work_.re[k], work_.im[k]), b(work_.re[half - k], -work_.im[half - k]);
        const Complex odd = times(a - b, twiddle_[k]);
        // 0.5 (a + b) - 0.5 i odd
        out[k] = 0.5f * (a + b) + Complex(0.5f * odd.imag(), -0.5f * odd.real());
    }
}

void RealFft::inverse(const Complex* in, float* out) {
    const int half = size_ / 2;
    // The inverse is the conjugate of the forward transform of the conjugate.
    work_.re[0] = 0.5f * (in[0].real() + in[half].real());
    work_.im[0] = -0.5f * (in[0].real() - in[half].real());
    for (int k = 1; k < half; ++k) {
        const Complex a = in[k], b = std::conj(in[half - k]);
        const Complex odd = times(a - b, std::conj(twiddle_[k]));
        const Complex value = 0.5f * (a + b) + Complex(-0.5f * odd.imag(), 0.5f * odd.real());
        work_.re[k] = value.real();
        work_.im[k] = -value.imag();
    }
    transform_half();
    const float scale = 1.0f / static_cast<float>(half);
    for (int i = 0; i < half; ++i) {
        out[2 * i] = work_.re[i] * scale;
        out[2 * i + 1] = -work_.im[i] * scale;
    }
}

}  // namespace vultus::audio
