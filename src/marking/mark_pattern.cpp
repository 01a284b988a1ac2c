#include "marking/mark_pattern.h"

#include <cmath>

#include "base/rng.h"

namespace vultus::marking {
namespace {

constexpr double kTwoPi = MarkPattern::kTwoPi;
constexpr std::uint64_t kOurKey = 0x56756C7475732031ull;  // "Vultus 1"
constexpr int kSide = MarkPattern::kSide, kTile = MarkPattern::kTilePx, kMost = MarkPattern::kMostIndex;

/// exp(2 pi i k d / kTile) for k from -kMost on: [kSide, kTile].
std::vector<std::complex<double>> turns() {
    std::vector<std::complex<double>> all;
    for (int k = -kMost; k <= kMost; ++k)
        for (int d = 0; d < kTile; ++d) all.push_back(std::polar(1.0, kTwoPi * k * d / kTile));
    return all;
}

/// The sum of the waves at each place of the tile, along x first.
std::vector<std::complex<double>> sum_of_waves(const std::vector<std::complex<double>>& waves) {
    const auto turn = turns();
    std::vector<std::complex<double>> rows(kSide * kTile), tile(kTile * kTile);
    for (int ky = 0; ky < kSide; ++ky)
        for (int kx = 0; kx < kSide; ++kx)
            for (int x = 0; x < kTile; ++x)
                rows[ky * kTile + x] += waves[ky * kSide + kx] * turn[kx * kTile + x];
    for (int ky = 0; ky < kSide; ++ky)
        for (int y = 0; y < kTile; ++y)
            for (int x = 0; x < kTile; ++x)
                tile[y * kTile + x] += rows[ky * kTile + x] * turn[ky * kTile + y];
    return tile;
}

}  // namespace

MarkPattern::MarkPattern(std::uint64_t key) : weights_(kSide * kSide) {
    double power = 0;  // of Re(q), one tone
    for (int ky = -kMost; ky <= kMost; ++ky) {
        for (int kx = -kMost; kx <= kMost; ++kx) {
            const double index = std::hypot(kx, ky);
            if (index < kLeastIndex || index > kMost) continue;
            weights_[(ky + kMost) * kSide + kx + kMost] = static_cast<float>(1 / std::sqrt(index));
            power += 0.5 / index;
        }
    }
    Rng rng(key);
    const double unit = kUnit / std::sqrt(power * kNumTones);
    for (int tone = 0; tone < kNumTones; ++tone) {
        std::vector<std::complex<double>> waves(kSide * kSide);
        waves_[tone].resize(kSide * kSide);
        for (int k = 0; k < kSide * kSide; ++k) {
            if (weights_[k] == 0) continue;
            const auto phase = std::polar(1.0, rng.uniform(0, kTwoPi));
            waves_[tone][k] = std::complex<float>(phase);
            waves[k] = unit * static_cast<double>(weights_[k]) * phase;
        }
        for (const std::complex<double>& q : sum_of_waves(waves)) {
            tiles_[tone][0].push_back(static_cast<std::int16_t>(std::lround(q.real())));
            tiles_[tone][1].push_back(static_cast<std::int16_t>(std::lround(q.imag())));
        }
    }
}

double MarkPattern::turned_rad(int tone, double time_s) {
    return kTwoPi * std::fmod(kTonesHz[tone] * time_s, 1.0);
}

const MarkPattern& MarkPattern::ours() {
    static const MarkPattern pattern(kOurKey);
    return pattern;
}

}  // namespace vultus::marking
