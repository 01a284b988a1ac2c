#include "media/resize.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vultus::media {
namespace {

/// Weights of one output position: source[first + k] * weight[k].
struct Taps {
    int first = 0;
    std::vector<float> weight;
};

/// Keys' cubic with a = -0.5 (Catmull-Rom).
double cubic(double x) {
    x = std::abs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    return 0;
}

/// Cubic weights, widened by the scale when shrinking so that nothing aliases.
std::vector<Taps> make_taps(double start, double length, int out_size) {
    const double scale = length / out_size, stretch = std::max(scale, 1.0);
    std::vector<Taps> taps(out_size);
    for (int i = 0; i < out_size; ++i) {
        const double centre = start + (i + 0.5) * scale - 0.5;
        Taps& tap = taps[i];
        tap.first = static_cast<int>(std::floor(centre - 2 * stretch)) + 1;
        const int last = static_cast<int>(std::ceil(centre + 2 * stretch)) - 1;
        double sum = 0;
        for (int k = tap.first; k <= last; ++k) {
            tap.weight.push_back(static_cast<float>(cubic((k - centre) / stretch)));
            sum += tap.weight.back();
        }
        for (float& weight : tap.weight) weight = static_cast<float>(weight / sum);
    }
    return taps;
}

/// One source row, filtered along x: out [size, 3].
void filter_row(const Image& image, int y, const std::vector<Taps>& taps, float* out) {
    const std::uint8_t* row = image.pixel(0, y);
    for (const Taps& tap : taps) {
        float r = 0, g = 0, b = 0;
        for (std::size_t k = 0; k < tap.weight.size(); ++k) {
            const std::uint8_t* p = row + 3 * std::clamp(tap.first + static_cast<int>(k), 0, image.width - 1);
            const float w = tap.weight[k];
            r += w * p[0];
            g += w * p[1];
            b += w * p[2];
        }
        *out++ = r;
        *out++ = g;
        *out++ = b;
    }
}

}  // namespace

void crop_and_resize(const Image& image, const corpus::Box& crop_px, int size_px, Image& out) {
    if (image.empty() || size_px < 1 || !(crop_px.width > 0) || !(crop_px.height > 0) ||
        !std::isfinite(crop_px.x) || !std::isfinite(crop_px.y)) {
        fail(ErrorCode::kInvalidArgument, "[media] crop: expected a picture and a crop that are not empty");
    }
    const std::vector<Taps> columns = make_taps(crop_px.x, crop_px.width, size_px);
    const std::vector<Taps> rows = make_taps(crop_px.y, crop_px.height, size_px);
    const int top = std::clamp(rows.front().first, 0, image.height - 1);
    const int bottom = std::clamp(rows.back().first + static_cast<int>(rows.back().weight.size()) - 1, top,
                                  image.height - 1);
    const std::size_t stride = std::size_t{3} * size_px;
    std::vector<float> filtered(stride * (bottom - top + 1));
    for (int y = top; y <= bottom; ++y) filter_row(image, y, columns, filtered.data() + stride * (y - top));
    out.width = out.height = size_px;
    out.rgb.resize(stride * size_px);
    std::vector<float> sum(stride);
    for (int y = 0; y < size_px; ++y) {
        std::fill(sum.begin(), sum.end(), 0.5f);
        for (std::size_t k = 0; k < rows[y].weight.size(); ++k) {
            const int source = std::clamp(rows[y].first + static_cast<int>(k), top, bottom);
            const float* from = filtered.data() + stride * (source - top);
            const float w = rows[y].weight[k];
            for (std::size_t i = 0; i < stride; ++i) sum[i] += w * from[i];
        }
        std::uint8_t* to = out.rgb.data() + stride * y;
        for (std::size_t i = 0; i < stride; ++i)
            to[i] = static_cast<std::uint8_t>(std::clamp(sum[i], 0.0f, 255.0f));
    }
}

Image crop_and_resize(const Image& image, const corpus::Box& crop_px, int size_px) {
    Image out;
    crop_and_resize(image, crop_px, size_px, out);
    return out;
}

void resize(const Image& image, int size_px, Image& out) {
    crop_and_resize(image, {0, 0, static_cast<double>(image.width), static_cast<double>(image.height)},
                    size_px, out);
}

}  // namespace vultus::media
