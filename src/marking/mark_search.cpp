#include "marking/mark_search.h"

#include <algorithm>
#include <cmath>

#include "kernels/matrix.h"

namespace vultus::marking {
namespace {

constexpr double kTwoPi = MarkPattern::kTwoPi;
constexpr int kTile = MarkPattern::kTilePx, kSide = MarkPattern::kSide, kMost = MarkPattern::kMostIndex;
constexpr int kTones = MarkPattern::kNumTones;
constexpr int kHalf = 2 * (kMost + 1);  ///< cosines and sines of the waves 0..kMost
// The picture's longer side in pixels as drawn: from the smallest that holds enough waves on. Steps turn the
// shortest wave at the edges by a sixteenth.
constexpr double kLeastSidePx = 56, kMostSidePx = 1100, kSideStepPx = 2.5;
constexpr double kLeastScale = 0.35;  ///< pixels a drawn pixel; below, short waves are gone

/// Cosines, then sines, of the waves 0..kMost at each pixel: [kHalf, count].
std::vector<float> wave_table(int count, double scale) {
    std::vector<float> table(static_cast<std::size_t>(kHalf) * count);
    for (int k = 0; k <= kMost; ++k)
        for (int i = 0; i < count; ++i) {
            const double angle = kTwoPi * k * i / (kTile * scale);
            table[static_cast<std::size_t>(k) * count + i] = static_cast<float>(std::cos(angle));
            table[static_cast<std::size_t>(k + kMost + 1) * count + i] = static_cast<float>(std::sin(angle));
        }
    return table;
}

/// [parts, rows, columns] to [parts, columns, rows].
std::vector<float> transposed(const std::vector<float>& from, int parts, int rows, int columns) {
    std::vector<float> to(from.size());
    const auto size = static_cast<std::size_t>(rows) * columns;
    for (int p = 0; p < parts; ++p)
        for (int y = 0; y < rows; ++y)
            for (int x = 0; x < columns; ++x)
                to[p * size + static_cast<std::size_t>(x) * rows + y] =
                    from[p * size + static_cast<std::size_t>(y) * columns + x];
    return to;
}

std::vector<float> product(const std::vector<float>& rows, const kernels::Matrix& matrix) {
    const std::vector<float> bias(static_cast<std::size_t>(matrix.outputs()));
    const auto count = static_cast<std::int64_t>(rows.size()) / matrix.inputs();
    std::vector<float> result(static_cast<std::size_t>(count * matrix.outputs()));
    matrix.rows(rows.data(), count, bias.data(), result.data());
    return result;
}

/// Of a real picture's products [x wave, y wave] with cosines and sines: its sum with
/// exp(-2 pi i (kx x + ky y)).
std::complex<float> coefficient(const float* products, int kx, int ky) {
    const int x = std::abs(kx), y = std::abs(ky), sine = kMost + 1;
    const float sx = kx < 0 ? -1.0f : 1.0f, sy = ky < 0 ? -1.0f : 1.0f;
    const auto at = [&](int i, int j) { return products[i * kHalf + j]; };
    return {at(x, y) - sx * sy * at(sine + x, sine + y), -sx * at(sine + x, y) - sy * at(x, sine + y)};
}

/// From waves -kMost..kMost, real and imaginary, to places 0..kTile: sums with exp(2 pi i k d / kTile).
const kernels::Matrix& to_places() {
    static const kernels::Matrix matrix = [] {
        std::vector<float> weights(static_cast<std::size_t>(2 * kTile) * 2 * kSide);
        for (int d = 0; d < kTile; ++d)
            for (int k = 0; k < kSide; ++k) {
                const double angle = kTwoPi * (k - kMost) * d / kTile;
                const auto c = static_cast<float>(std::cos(angle)), s = static_cast<float>(std::sin(angle));
                float* real = &weights[static_cast<std::size_t>(d) * 2 * kSide];
                float* imaginary = &weights[static_cast<std::size_t>(kTile + d) * 2 * kSide];
                real[k] = imaginary[kSide + k] = c;
                real[kSide + k] = -s;
                imaginary[k] = s;
            }
        return kernels::Matrix(weights.data(), 2 * kTile, 2 * kSide);
    }();
    return matrix;
}

double sum_of_squares(const std::vector<float>& values) {
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value) * value;
    return sum;
}

}  // namespace

double log_chance(double score) { return std::log1p(score) - score; }

MarkSearch::MarkSearch(int width_px, int height_px) : width_px_(width_px), height_px_(height_px) {
    const double most = std::min(kMostSidePx, std::max(width_px, height_px) / kLeastScale);
    for (double side = kLeastSidePx; side <= most; side += kSideStepPx) sides_px_.push_back(side);
}

std::vector<std::complex<float>> MarkSearch::phases(const std::vector<float>& tones, double side_px) const {
    const double scale = std::max(width_px_, height_px_) / side_px;
    const kernels::Matrix along_x(wave_table(width_px_, scale).data(), kHalf, width_px_);
    const kernels::Matrix along_y(wave_table(height_px_, scale).data(), kHalf, height_px_);
    const std::vector<float> columns = transposed(product(tones, along_x), 2 * kTones, height_px_, kHalf);
    const std::vector<float> products = product(columns, along_y);
    std::vector<std::complex<float>> result(static_cast<std::size_t>(kTones) * kSide * kSide);
    for (int tone = 0; tone < kTones; ++tone) {
        const float* real = &products[static_cast<std::size_t>(2 * tone) * kHalf * kHalf];
        const float* imaginary = real + kHalf * kHalf;
        for (int ky = -kMost; ky <= kMost; ++ky)
            for (int kx = -kMost; kx <= kMost; ++kx) {
                const std::complex<float> a = coefficient(real, kx, ky), b = coefficient(imaginary, kx, ky);
                const std::complex<float> wave(a.real() - b.imag(), a.imag() + b.real());
                const float size = std::abs(wave);
                // Where there is nothing, there is no phase.
                if (size > 1e-6f) result[(tone * kSide + ky + kMost) * kSide + kx + kMost] = wave / size;
            }
    }
    return result;
}

std::vector<float> MarkSearch::scores(const std::vector<std::complex<float>>& phases,
                                      const MarkPattern& pattern) const {
    std::vector<float> total(static_cast<std::size_t>(kTile) * kTile);
    const auto norm = static_cast<float>(1 / sum_of_squares(pattern.weights()));
    for (int tone = 0; tone < kTones; ++tone) {
        std::vector<float> waves(static_cast<std::size_t>(kSide) * 2 * kSide);  // [ky, (re, im), kx]
        for (int k = 0; k < kSide * kSide; ++k) {
            const std::complex<float> u =
                phases[tone * kSide * kSide + k] * std::conj(pattern.waves(tone)[k]);
            float* row = &waves[static_cast<std::size_t>(k / kSide) * 2 * kSide];
            row[k % kSide] = pattern.weights()[k] * u.real();
            row[kSide + k % kSide] = pattern.weights()[k] * u.imag();
        }
        const std::vector<float> rows = product(waves, to_places());  // [ky, (re, im), dx]
        std::vector<float> columns(static_cast<std::size_t>(kTile) * 2 * kSide);
        for (int ky = 0; ky < kSide; ++ky)
            for (int part = 0; part < 2; ++part)
                for (int dx = 0; dx < kTile; ++dx)
                    columns[(dx * 2 + part) * kSide + ky] = rows[(ky * 2 + part) * kTile + dx];
        const std::vector<float> places = product(columns, to_places());  // [dx, (re, im), dy]
        for (int dx = 0; dx < kTile; ++dx) {
            const float* re = &places[static_cast<std::size_t>(dx) * 2 * kTile];
            for (int dy = 0; dy < kTile; ++dy)
                total[dy * kTile + dx] += norm * (re[dy] * re[dy] + re[kTile + dy] * re[kTile + dy]);
        }
    }
    return total;
}

MarkFit MarkSearch::best(const std::vector<float>& tones, const MarkPattern& pattern) const {
    MarkFit best;
    for (const double side_px : sides_px_) {
        const std::vector<float> all = scores(phases(tones, side_px), pattern);
        const auto most = std::max_element(all.begin(), all.end());
        best.num_tried += static_cast<double>(all.size());
        if (*most <= best.score) continue;
        const auto place = static_cast<int>(most - all.begin());
        best.score = *most;
        best.side_px = side_px;
        best.shift_x = place % kTile;
        best.shift_y = place / kTile;
    }
    return best;
}

double MarkSearch::score_at(const std::vector<float>& tones, const MarkPattern& pattern,
                            const MarkFit& where) const {
    const std::vector<float> all = scores(phases(tones, where.side_px), pattern);
    return all[static_cast<std::size_t>(where.shift_y) * kTile + where.shift_x];
}

}  // namespace vultus::marking
