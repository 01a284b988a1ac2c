#include "kernels/winograd.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <vector>

#include "base/rng.h"

namespace vultus::kernels {
namespace {

std::vector<float> normals(std::int64_t count, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(rng.normal());
    return values;
}

/// Index of a pixel in blocks of 8 channels.
std::size_t at(const Shape& shape, std::int64_t b, std::int64_t c, std::int64_t y, std::int64_t x) {
    return static_cast<std::size_t>(
        ((b * shape[1] / 8 + c / 8) * shape[2] * shape[3] + y * shape[3] + x) * 8 + c % 8);
}

struct Problem {
    Shape input, output;
    std::vector<float> x, weight, bias;

    Problem(const Shape& input_, std::int64_t outputs)
        : input(input_),
          output({input[0], outputs, input[2], input[3]}),
          x(normals(num_elements(input), 1)),
          weight(normals(outputs * input[1] * 9, 2)),
          bias(normals(outputs, 3)) {}

    double direct(std::int64_t b, std::int64_t o, std::int64_t y, std::int64_t c) const {
        double sum = bias[static_cast<std::size_t>(o)];
        for (std::int64_t i = 0; i < input[1]; ++i)
            for (std::int64_t k = 0; k < 9; ++k) {
                const std::int64_t iy = y + k / 3 - 1, ix = c + k % 3 - 1;
                if (iy >= 0 && ix >= 0 && iy < input[2] && ix < input[3])
                    sum += double{x[at(input, b, i, iy, ix)]} *
                           weight[static_cast<std::size_t>((o * input[1] + i) * 9 + k)];
            }
        return sum;
    }

    std::vector<float> run(int threads, int tile) const {
        omp_set_num_threads(threads);
        const Winograd winograd(weight.data(), bias.data(), output[1], input[1], tile);
        std::vector<float> y(static_cast<std::size_t>(num_elements(output)), 99.0f);
        std::vector<float> scratch(static_cast<std::size_t>(winograd.scratch_size(input)), 99.0f);
        winograd.run(input, x.data(), scratch.data(), y.data());
        return y;
    }
};

void expect_direct_sums(const Problem& problem, int tile) {
    const Shape& input = problem.input;
    const std::vector<float> y = problem.run(1, tile);
    // A sum of 9 * inputs products of standard normal values has this deviation.
    const double size = std::sqrt(9.0 * static_cast<double>(input[1]));
    double squares = 0;
    for (std::int64_t b = 0; b < input[0]; ++b)
        for (std::int64_t o = 0; o < problem.output[1]; ++o)
            for (std::int64_t p = 0; p < input[2] * input[3]; ++p) {
                const std::int64_t row = p / input[3], column = p % input[3];
                const double error =
                    y[at(problem.output, b, o, row, column)] - problem.direct(b, o, row, column);
                squares += error * error;
                ASSERT_LT(std::abs(error), 4e-5 * size)
                    << to_string(input) << " image " << b << " channel " << o << " pixel " << p;
            }
    EXPECT_LT(std::sqrt(squares / static_cast<double>(y.size())), 4e-6 * size) << to_string(input);
}

TEST(Winograd, EqualsDirectSums) {
    for (const Shape& input :
         {Shape{1, 8, 16, 16}, Shape{2, 24, 13, 6}, Shape{1, 40, 40, 36}, Shape{3, 8, 1, 2}}) {
        for (const int tile : {2, 4}) expect_direct_sums(Problem(input, 16 + 16 * input[0]), tile);
    }
}

TEST(Winograd, SameBitsOnAnyNumberOfThreads) {
    for (const Shape& input : {Shape{1, 32, 56, 52}, Shape{1, 64, 16, 16}}) {
        const Problem problem(input, 48);
        for (const int tile : {2, 4}) {
            EXPECT_EQ(problem.run(1, tile), problem.run(2, tile));
            EXPECT_EQ(problem.run(1, tile), problem.run(3, tile));
        }
    }
}

TEST(Winograd, PaysForLargeImagesOnly) {
    EXPECT_TRUE(Winograd::pays({1, 32, 64, 64}, {32, 32, 3, 3}, 1));
    EXPECT_FALSE(Winograd::pays({1, 192, 4, 8}, {192, 192, 3, 3}, 1));
    EXPECT_FALSE(Winograd::pays({1, 32, 64, 64}, {32, 32, 3, 3}, 2));
    EXPECT_FALSE(Winograd::pays({1, 32, 64, 64}, {32, 32, 1, 1}, 1));
    EXPECT_FALSE(Winograd::pays({1, 3, 64, 64}, {32, 3, 3, 3}, 1));
    EXPECT_FALSE(Winograd::pays({1, 32, 64, 64}, {24, 32, 3, 3}, 1));
}

}  // namespace
}  // namespace vultus::kernels
