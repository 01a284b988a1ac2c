// Fast Fourier transform of real signals whose length is a power of two.
#pragma once

#include <complex>
#include <vector>

namespace vultus::audio {

/// Own radix-2 transform: no library to install for sizes of some hundred points.
/// Threads: one caller at a time (it owns scratch memory).
class RealFft {
  public:
    /// size: a power of two, 4 or more. Errors: kInvalidArgument.
    explicit RealFft(int size);

    int size() const { return size_; }
    int num_bins() const { return size_ / 2 + 1; }
    /// in [size] to out [size / 2 + 1], unscaled: out[k] = sum in[n] exp(-2 pi i k n / size).
    void forward(const float* in, std::complex<float>* out);
    /// in [size / 2 + 1] to out [size]; inverse(forward(x)) == x up to rounding.
    void inverse(const std::complex<float>* in, float* out);

  private:
    void transform_half();

    int size_;
    std::vector<int> reversed_;                 ///< bit-reversed order of the half-size transform
    std::vector<std::complex<float>> twiddle_;  ///< exp(-2 pi i k / size), k < size / 2
    std::vector<std::complex<float>> work_;     ///< [size / 2]
};

}  // namespace vultus::audio
