#include "media/hdr.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace vultus::media {
namespace {

constexpr int kSteps = 4096;
constexpr double kWhiteNits = 203, kPqNits = 10000;
constexpr double kKnee = 0.6;       // of diffuse white: what is darker keeps its light
constexpr double kGamma = 1 / 2.2;  // of the bytes
constexpr int kCombLevels = 10;     // grey levels that a line must stand out by

double pq_light(double code) {
    constexpr double m1 = 0.1593017578125, m2 = 78.84375, c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;
    const double root = std::pow(code, 1 / m2);
    return std::pow(std::max(root - c1, 0.0) / (c2 - c3 * root), 1 / m1) * kPqNits / kWhiteNits;
}

double hlg_light(double code) {
    constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
    const auto scene = [&](double v) { return v <= 0.5 ? v * v / 3 : (std::exp((v - c) / a) + b) / 12; };
    // The screen's own exponent of 1.2; diffuse white lies at three quarters of the signal.
    return std::pow(scene(code) / scene(0.75), 1.2);
}

double rolled_off(double light) {
    return light <= kKnee ? light : kKnee + (1 - kKnee) * (1 - std::exp(-(light - kKnee) / (1 - kKnee)));
}

}  // namespace

ToneMapper::ToneMapper(Transfer transfer) : linear_(kSteps), encode_(kSteps) {
    for (int i = 0; i < kSteps; ++i) {
        const double code = i / (kSteps - 1.0);
        linear_[i] = static_cast<float>(transfer == Transfer::kPq ? pq_light(code) : hlg_light(code));
        encode_[i] = static_cast<std::uint8_t>(std::lround(255 * std::pow(code, kGamma)));
    }
}

void ToneMapper::map(const std::uint16_t* rgb, std::size_t count, std::uint8_t* out) const {
    // BT.2020 to BT.709 primaries, on linear light.
    constexpr float kMatrix[9] = {1.6605f,  -0.5876f, -0.0728f, -0.1246f, 1.1329f,
                                  -0.0083f, -0.0182f, -0.1006f, 1.1187f};
    for (std::size_t i = 0; i < count; ++i, rgb += 3, out += 3) {
        const float in[3] = {linear_[rgb[0] >> 4], linear_[rgb[1] >> 4], linear_[rgb[2] >> 4]};
        float light[3], most = 1e-6f;
        for (int c = 0; c < 3; ++c) {
            light[c] = kMatrix[3 * c] * in[0] + kMatrix[3 * c + 1] * in[1] + kMatrix[3 * c + 2] * in[2];
            most = std::max(most, light[c]);
        }
        const float scale = most <= kKnee ? 1.0f : static_cast<float>(rolled_off(most)) / most;
        for (int c = 0; c < 3; ++c)
            out[c] = encode_[static_cast<int>(std::clamp(light[c] * scale, 0.0f, 1.0f) * (kSteps - 1))];
    }
}

void deinterlace(std::uint8_t* rgb, int width_px, int height_px) {
    const std::size_t row = std::size_t{3} * width_px;
    for (int y = 1; y + 1 < height_px; y += 2) {
        const std::uint8_t *above = rgb + (y - 1) * row, *below = rgb + (y + 1) * row;
        std::uint8_t* line = rgb + y * row;
        for (int x = 0; x < width_px; ++x) {
            // Beyond both neighbours in green, where most of the luma is.
            const int i = 3 * x + 1, low = std::min(above[i], below[i]), high = std::max(above[i], below[i]);
            if (line[i] >= low - kCombLevels && line[i] <= high + kCombLevels) continue;
            for (int c = 3 * x; c < 3 * x + 3; ++c)
                line[c] = static_cast<std::uint8_t>((above[c] + below[c] + 1) / 2);
        }
    }
}

}  // namespace vultus::media
