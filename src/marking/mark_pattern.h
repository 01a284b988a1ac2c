// The pattern of the mark of origin: what is added to pictures and looked for in them.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <vector>

namespace vultus::marking {

/// One of the two patterns that the mark is the sum of, each turning at a frequency of its own.
///
/// Both are sums of waves on a torus of kTilePx x kTilePx (a tile that repeats without seams), 8 to 26 px
/// long, with phases drawn from the key. At time t the mark is the sum of Re(q(x, y) exp(-2 pi i f t)): a
/// still picture, however textured, has nothing at the frequencies f, which is what lets the mark be weak;
/// and a cut in time only turns q, which no detector need know. A tile that can be found by correlation
/// wherever it was shifted: Kalker, Depovere, Haitsma, Maes, "A Video Watermarking System for Broadcast
/// Monitoring", SPIE 3657, 1999.
class MarkPattern {
  public:
    static constexpr int kTilePx = 128;
    static constexpr int kNumTones = 2;
    /// Not multiples of 1/2 Hz, where key frames pulse; slower and faster than syllables.
    static constexpr std::array<double, kNumTones> kTonesHz{0.8, 1.75};
    /// Waves a tile, at least and at most: H.264 keeps what is long, the eye sees it.
    static constexpr int kLeastIndex = 5, kMostIndex = 16;
    static constexpr int kSide = 2 * kMostIndex + 1;
    static constexpr int kUnit = 512;  ///< of the tiles' integers
    static constexpr double kTwoPi = 6.283185307179586;

    /// How far a tone has turned: 2 pi f t, in radians, without whole turns, which would cost the angle its
    /// last digits. time_s: 0 or more.
    static double turned_rad(int tone, double time_s);

    explicit MarkPattern(std::uint64_t key);
    /// That of all videos that Vultus draws.
    static const MarkPattern& ours();

    /// Of each wave the phase as exp(i phase), [kSide, kSide] with (ky, kx) from -kMostIndex on; 0 outside of
    /// the band.
    const std::vector<std::complex<float>>& waves(int tone) const { return waves_[tone]; }
    /// How much a wave counts, [kSide, kSide]; its amplitude in the mark, too.
    const std::vector<float>& weights() const { return weights_; }
    /// Real and imaginary part of q, [kTilePx, kTilePx], in units of 1 / kUnit: the sum of both tones' real
    /// parts has a standard deviation of 1.
    const std::vector<std::int16_t>& tile(int tone, bool imaginary) const { return tiles_[tone][imaginary]; }

  private:
    std::array<std::vector<std::complex<float>>, kNumTones> waves_;
    std::vector<float> weights_;
    std::array<std::array<std::vector<std::int16_t>, 2>, kNumTones> tiles_;
};

}  // namespace vultus::marking
