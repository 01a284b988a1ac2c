// Fast Fourier transform of real signals whose length is a power of two.
#pragma once

#include <complex>
#include <vector>

namespace vultus::audio {

/// Own radix-4 transform (Stockham's order: no reversal of bits, inner loops over neighbours, which compilers
/// turn into vector code): no library to install for sizes of some hundred points.
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
    /// Two arrays instead of complex numbers: see above.
    struct Split {
        std::vector<float> re, im;
    };
    void transform_half();
    void radix4(std::size_t points, std::size_t stride);
    void radix2(std::size_t stride);

    int size_;
    std::vector<std::complex<float>> twiddle_;  ///< exp(-2 pi i k / size), k < size
    Split work_, next_;                         ///< [size / 2]; a step goes from one to the other
};

}  // namespace vultus::audio
