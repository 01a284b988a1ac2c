#include "audio/fft.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"

namespace vultus::audio {
namespace {

std::vector<float> noise(int size) {
    Rng rng(7);
    std::vector<float> values(size);
    for (float& value : values) value = static_cast<float>(rng.normal());
    return values;
}

TEST(RealFft, EqualsTheDefinition) {
    for (const int size : {4, 8, 64, 512}) {
        const std::vector<float> x = noise(size);
        RealFft fft(size);
        std::vector<std::complex<float>> y(fft.num_bins());
        fft.forward(x.data(), y.data());
        for (int k = 0; k <= size / 2; ++k) {
            std::complex<double> sum = 0;
            for (int n = 0; n < size; ++n) sum += double(x[n]) * std::polar(1.0, -2.0 * M_PI * k * n / size);
            EXPECT_NEAR(y[k].real(), sum.real(), 2e-5 * size) << size << " bin " << k;
            EXPECT_NEAR(y[k].imag(), sum.imag(), 2e-5 * size) << size << " bin " << k;
        }
    }
}

TEST(RealFft, InverseUndoesForward) {
    for (const int size : {4, 16, 1024}) {
        const std::vector<float> x = noise(size);
        RealFft fft(size);
        std::vector<std::complex<float>> y(fft.num_bins());
        std::vector<float> back(size);
        fft.forward(x.data(), y.data());
        fft.inverse(y.data(), back.data());
        for (int n = 0; n < size; ++n) EXPECT_NEAR(back[n], x[n], 2e-6 * std::sqrt(size));
    }
}

TEST(RealFft, RefusesOtherSizes) {
    EXPECT_THROW(RealFft(0), Error);
    EXPECT_THROW(RealFft(2), Error);
    EXPECT_THROW(RealFft(400), Error);
}

}  // namespace
}  // namespace vultus::audio
