#include "marking/picture_mark.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "kernels/cpu_level.h"

namespace vultus::marking {
namespace {

constexpr int kTile = MarkPattern::kTilePx;
constexpr int kCellPx = 4;     ///< the strength is the same in a cell, and rests on it and its neighbours
constexpr int kMostStep = 24;  ///< between pixels: outlines do not make the mark strong beside them
// Strengths in 1/64 of a level; activity is the mean step along x plus that along y, in levels.
constexpr int kStrengthUnit = 64;
constexpr int kLeastStrength = 35, kMostStrength = 205;  ///< 0.55 and 3.2 levels
constexpr int kPixels = 9 * kCellPx * kCellPx;           ///< that an activity is summed over
constexpr int kGain = static_cast<int>(0.14 * kStrengthUnit * 65536 / kPixels);
constexpr int kShift = 15;  ///< kStrengthUnit * MarkPattern::kUnit
constexpr int kTurnBits = 14;

/// Ordered dither (Bayer's matrix), added before rounding down: 1/128 .. 127/128 of a level.
constexpr std::array<std::array<std::int32_t, 8>, 8> make_dither() {
    std::array<std::array<std::int32_t, 8>, 8> dither{};
    for (int y = 0; y < 8; ++y)
        for (int x = 0; x < 8; ++x) {
            int value = 0;
            for (int bit = 0; bit < 3; ++bit) value = value << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1);
            dither[y][x] = (2 * value + 1) << (kShift - 7);
        }
    return dither;
}
constexpr auto kDither = make_dither();

VULTUS_INLINE void luma_body(const std::uint8_t* rgb, std::uint8_t* luma, int count) {
    for (int i = 0; i < count; ++i)
        luma[i] =
            static_cast<std::uint8_t>((54 * rgb[3 * i] + 183 * rgb[3 * i + 1] + 19 * rgb[3 * i + 2]) >> 8);
}

/// Adds each pixel's steps to the right and down to its column.
VULTUS_INLINE void steps_body(const std::uint8_t* row, const std::uint8_t* below, std::uint16_t* columns,
                              int count) {
    for (int x = 0; x < count; ++x) {
        const int right = std::abs(row[x + 1] - row[x]), down = std::abs(below[x] - row[x]);
        columns[x] =
            static_cast<std::uint16_t>(columns[x] + std::min(right, kMostStep) + std::min(down, kMostStep));
    }
}

VULTUS_INLINE void tile_body(const std::int16_t* const* parts, const int* turn, std::int16_t* tile) {
    for (int i = 0; i < kTile * kTile; ++i)
        tile[i] = static_cast<std::int16_t>(
            (turn[0] * parts[0][i] + turn[1] * parts[1][i] + turn[2] * parts[2][i] + turn[3] * parts[3][i]) >>
            kTurnBits);
}

/// What is added to a row: the pattern times the strength, dithered; three times each.
VULTUS_INLINE void amounts_body(const std::int16_t* strengths, const std::int16_t* tile,
                                const std::int32_t* dither, std::int16_t* added, int width) {
    for (int begin = 0; begin < width; begin += 8) {
        const int count = std::min(8, width - begin);
        const std::int16_t* pattern = tile + begin % kTile;
        for (int i = 0; i < count; ++i) {
            const auto amount =
                static_cast<std::int16_t>((strengths[begin + i] * pattern[i] + dither[i]) >> kShift);
            std::int16_t* to = added + 3 * (begin + i);
            to[0] = to[1] = to[2] = amount;
        }
    }
}

VULTUS_INLINE void add_body(const std::int16_t* added, std::uint8_t* bytes, int count) {
    for (int i = 0; i < count; ++i)
        bytes[i] = static_cast<std::uint8_t>(std::clamp(bytes[i] + added[i], 0, 255));
}

}  // namespace

PictureMark::PictureMark(int width_px, int height_px, const MarkPattern& pattern)
    : width_px_(width_px),
      height_px_(height_px),
      cells_x_((width_px + kCellPx - 1) / kCellPx),
      cells_y_((height_px + kCellPx - 1) / kCellPx),
      pattern_(pattern) {
    if (width_px < 1 || height_px < 1)
        fail(ErrorCode::kInvalidArgument, "[marking] picture: expected sides of 1 px or more, got {} x {}",
             width_px, height_px);
    const auto width = static_cast<std::size_t>(width_px), height = static_cast<std::size_t>(height_px);
    tile_.resize(kTile * kTile);
    luma_.resize(width * (height + 1));
    columns_.resize(static_cast<std::size_t>(cells_x_) * kCellPx);
    cells_.resize(static_cast<std::size_t>(cells_x_) * cells_y_);
    across_.resize(cells_.size());
    strengths_.resize(width * static_cast<std::size_t>(cells_y_));
    added_.resize(3 * width);
}

void PictureMark::measure_activity(const std::uint8_t* rgb) {
    const int count = width_px_ * height_px_;
    kernels::dispatch<luma_body>(rgb, luma_.data(), count);
    std::copy_n(luma_.data() + count - width_px_, width_px_, luma_.data() + count);
    for (int cy = 0; cy < cells_y_; ++cy) {
        std::fill(columns_.begin(), columns_.end(), std::uint16_t{0});
        for (int y = cy * kCellPx; y < std::min((cy + 1) * kCellPx, height_px_); ++y) {
            const std::uint8_t* row = &luma_[static_cast<std::size_t>(y) * width_px_];
            kernels::dispatch<steps_body>(row, row + width_px_, columns_.data(), width_px_ - 1);
        }
        for (int cx = 0; cx < cells_x_; ++cx) {
            const std::uint16_t* column = &columns_[static_cast<std::size_t>(cx) * kCellPx];
            cells_[static_cast<std::size_t>(cy) * cells_x_ + cx] =
                column[0] + column[1] + column[2] + column[3];
        }
    }
}

void PictureMark::settle_strengths() {
    const auto at = [this](std::vector<std::int32_t>& grid, int y, int x) -> std::int32_t& {
        return grid[static_cast<std::size_t>(std::clamp(y, 0, cells_y_ - 1)) * cells_x_ +
                    std::clamp(x, 0, cells_x_ - 1)];
    };
    for (int cy = 0; cy < cells_y_; ++cy)
        for (int cx = 0; cx < cells_x_; ++cx)
            at(across_, cy, cx) = at(cells_, cy, cx - 1) + at(cells_, cy, cx) + at(cells_, cy, cx + 1);
    for (int cy = 0; cy < cells_y_; ++cy) {
        std::int16_t* row = &strengths_[static_cast<std::size_t>(cy) * width_px_];
        for (int cx = 0; cx < cells_x_; ++cx) {
            const int activity = at(across_, cy - 1, cx) + at(across_, cy, cx) + at(across_, cy + 1, cx);
            const int strength = std::min(kLeastStrength + (activity * kGain >> 16), kMostStrength);
            std::fill(row + cx * kCellPx, row + std::min((cx + 1) * kCellPx, width_px_),
                      static_cast<std::int16_t>(strength));
        }
    }
}

void PictureMark::add(std::uint8_t* rgb, double time_s) {
    const std::int16_t* parts[2 * MarkPattern::kNumTones];
    int turn[2 * MarkPattern::kNumTones];
    for (int tone = 0; tone < MarkPattern::kNumTones; ++tone) {
        const double angle = MarkPattern::turned_rad(tone, time_s);
        turn[2 * tone] = static_cast<int>(std::lround(std::cos(angle) * (1 << kTurnBits)));
        turn[2 * tone + 1] = static_cast<int>(std::lround(std::sin(angle) * (1 << kTurnBits)));
        for (int part = 0; part < 2; ++part) parts[2 * tone + part] = pattern_.tile(tone, part == 1).data();
    }
    kernels::dispatch<tile_body>(parts, turn, tile_.data());
    measure_activity(rgb);
    settle_strengths();
    for (int y = 0; y < height_px_; ++y) {
        const std::int16_t* strengths = &strengths_[static_cast<std::size_t>(y / kCellPx) * width_px_];
        kernels::dispatch<amounts_body>(strengths, &tile_[static_cast<std::size_t>(y % kTile) * kTile],
                                        kDither[y % 8].data(), added_.data(), width_px_);
        kernels::dispatch<add_body>(added_.data(), rgb + std::size_t{3} * y * width_px_, 3 * width_px_);
    }
}

}  // namespace vultus::marking
