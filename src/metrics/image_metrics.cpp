#include "metrics/image_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace vultus::metrics {
namespace {

constexpr int kRadius = 5;

std::array<float, 2 * kRadius + 1> gaussian() {
    std::array<float, 2 * kRadius + 1> weights{};
    double sum = 0;
    for (int i = -kRadius; i <= kRadius; ++i) sum += std::exp(-i * i / (2.0 * 1.5 * 1.5));
    for (int i = -kRadius; i <= kRadius; ++i)
        weights[i + kRadius] = static_cast<float>(std::exp(-i * i / (2.0 * 1.5 * 1.5)) / sum);
    return weights;
}

// Separable blur, edges repeated.
std::vector<float> blur(const std::vector<float>& in, int width, int height) {
    static const auto weights = gaussian();
    std::vector<float> across(in.size()), out(in.size(), 0.0f);
    std::vector<float> row(width + 2 * kRadius);
    for (int y = 0; y < height; ++y) {
        const float* source = in.data() + std::size_t(y) * width;
        for (int x = -kRadius; x < width + kRadius; ++x)
            row[x + kRadius] = source[std::clamp(x, 0, width - 1)];
        for (int x = 0; x < width; ++x) {
            float sum = 0;
            for (int i = 0; i <= 2 * kRadius; ++i) sum += weights[i] * row[x + i];
            across[std::size_t(y) * width + x] = sum;
        }
    }
    for (int y = 0; y < height; ++y)
        for (int i = -kRadius; i <= kRadius; ++i) {
            const float* source = across.data() + std::size_t(std::clamp(y + i, 0, height - 1)) * width;
            float* target = out.data() + std::size_t(y) * width;
            for (int x = 0; x < width; ++x) target[x] += weights[i + kRadius] * source[x];
        }
    return out;
}

std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b) {
    std::vector<float> out(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] * b[i];
    return out;
}

}  // namespace

double psnr_from_mse(double mse) {
    return mse <= 0 ? 99.0 : std::min(99.0, 10 * std::log10(255.0 * 255.0 / mse));
}

PixelBox pixel_box(const corpus::Box& box, double scale, int width_px, int height_px) {
    PixelBox result;
    result.left = std::clamp(static_cast<int>(std::lround(box.x * scale)), 0, width_px - 1);
    result.top = std::clamp(static_cast<int>(std::lround(box.y * scale)), 0, height_px - 1);
    result.right =
        std::clamp(static_cast<int>(std::lround((box.x + box.width) * scale)), result.left + 1, width_px);
    result.bottom =
        std::clamp(static_cast<int>(std::lround((box.y + box.height) * scale)), result.top + 1, height_px);
    return result;
}

double mean_squared_error(const media::Image& a, const media::Image& b, const PixelBox& box) {
    require(a.width == b.width && a.height == b.height,
            "[eval] pictures: expected one size, got {}x{} and {}x{}", a.width, a.height, b.width, b.height);
    double sum = 0;
    const int count = 3 * (box.right - box.left);
    for (int y = box.top; y < box.bottom; ++y) {
        const std::uint8_t* u = a.pixel(box.left, y);
        const std::uint8_t* v = b.pixel(box.left, y);
        std::int64_t row = 0;
        for (int i = 0; i < count; ++i) row += (int(u[i]) - v[i]) * (int(u[i]) - v[i]);
        sum += static_cast<double>(row);
    }
    return sum / (double(count) * (box.bottom - box.top));
}

std::vector<float> luma(const media::Image& image) {
    std::vector<float> out(std::size_t(image.width) * image.height);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint8_t* p = image.rgb.data() + 3 * i;
        out[i] = 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
    }
    return out;
}

std::vector<float> ssim_map(const std::vector<float>& a, const std::vector<float>& b, int width_px,
                            int height_px) {
    constexpr float kC1 = 0.01f * 255 * 0.01f * 255, kC2 = 0.03f * 255 * 0.03f * 255;
    const auto mean_a = blur(a, width_px, height_px), mean_b = blur(b, width_px, height_px);
    const auto aa = blur(product(a, a), width_px, height_px), bb = blur(product(b, b), width_px, height_px);
    const auto ab = blur(product(a, b), width_px, height_px);
    std::vector<float> map(a.size());
    for (std::size_t i = 0; i < map.size(); ++i) {
        const float u = mean_a[i], v = mean_b[i];
        const float variances = aa[i] - u * u + bb[i] - v * v;
        map[i] =
            (2 * u * v + kC1) * (2 * (ab[i] - u * v) + kC2) / ((u * u + v * v + kC1) * (variances + kC2));
    }
    return map;
}

double mean_inside(const std::vector<float>& map, int width_px, const PixelBox& box) {
    double sum = 0;
    for (int y = box.top; y < box.bottom; ++y)
        for (int x = box.left; x < box.right; ++x) sum += map[std::size_t(y) * width_px + x];
    return sum / (double(box.right - box.left) * (box.bottom - box.top));
}

double corner_change(const std::vector<float>& luma_before, const std::vector<float>& luma_after,
                     int width_px, int height_px) {
    const int side = std::clamp(static_cast<int>(std::lround(40.0 * width_px / 256.0)), 1, height_px);
    double sum = 0;
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x)
            for (const int column : {x, width_px - 1 - x}) {
                const std::size_t i = std::size_t(y) * width_px + column;
                sum += std::abs(double(luma_after[i]) - luma_before[i]);
            }
    return sum / (2.0 * side * side);
}

double laplacian_variance(const std::vector<float>& luma, int width_px, int height_px, const PixelBox& box) {
    double sum = 0, squares = 0;
    const auto at = [&](int x, int y) {
        return double(
            luma[std::size_t(std::clamp(y, 0, height_px - 1)) * width_px + std::clamp(x, 0, width_px - 1)]);
    };
    for (int y = box.top; y < box.bottom; ++y)
        for (int x = box.left; x < box.right; ++x) {
            const double value = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
            sum += value;
            squares += value * value;
        }
    const double count = double(box.right - box.left) * (box.bottom - box.top);
    return squares / count - (sum / count) * (sum / count);
}

std::vector<std::uint8_t> cell_colours(const media::Image& image, int columns, int rows) {
    std::vector<std::uint8_t> cells(std::size_t(3) * columns * rows);
    const int step = std::max(1, image.height / (8 * rows));  // enough lines of a large picture
    for (int row = 0; row < rows; ++row) {
        const int y0 = row * image.height / rows, y1 = std::max(y0 + 1, (row + 1) * image.height / rows);
        for (int column = 0; column < columns; ++column) {
            const int x0 = column * image.width / columns;
            const int x1 = std::max(x0 + 1, (column + 1) * image.width / columns);
            std::int64_t sum[3] = {}, count = 0;
            for (int y = y0; y < y1; y += step, count += x1 - x0) {
                const std::uint8_t* p = image.pixel(x0, y);
                for (int x = x0; x < x1; ++x, p += 3)
                    for (int c = 0; c < 3; ++c) sum[c] += p[c];
            }
            for (int c = 0; c < 3; ++c)
                cells[std::size_t(3) * (row * columns + column) + c] =
                    static_cast<std::uint8_t>((sum[c] + count / 2) / count);
        }
    }
    return cells;
}

std::vector<std::uint8_t> upright_face(const media::Image& image, const float* landmarks_px, int side) {
    double left[2] = {}, right[2] = {};
    for (int k = 0; k < 6; ++k)
        for (int c = 0; c < 2; ++c) {
            left[c] += landmarks_px[2 * (36 + k) + c] / 6.0;
            right[c] += landmarks_px[2 * (42 + k) + c] / 6.0;
        }
    const double across[2] = {right[0] - left[0], right[1] - left[1]};
    constexpr int kSamples = 3;  // of each pixel, along each side
    std::vector<std::uint8_t> face(std::size_t(side) * side);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            int sum = 0;
            for (int s = 0; s < kSamples * kSamples; ++s) {
                // In distances between the eyes, from the point between them.
                const double u = 2.0 * (x + (s % kSamples + 0.5) / kSamples) / side - 1.0;
                const double v = 2.2 * (y + (s / kSamples + 0.5) / kSamples) / side - 0.5;
                const double px = (left[0] + right[0]) / 2 + u * across[0] - v * across[1];
                const double py = (left[1] + right[1]) / 2 + u * across[1] + v * across[0];
                const std::uint8_t* p =
                    image.pixel(static_cast<int>(std::clamp(px, 0.0, image.width - 1.0)),
                                static_cast<int>(std::clamp(py, 0.0, image.height - 1.0)));
                sum += (77 * p[0] + 150 * p[1] + 29 * p[2]) >> 8;
            }
            face[std::size_t(y) * side + x] = static_cast<std::uint8_t>(sum / (kSamples * kSamples));
        }
    return face;
}

double correlation(const std::uint8_t* a, const std::uint8_t* b, int count) {
    double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (int i = 0; i < count; ++i) {
        sa += a[i];
        sb += b[i];
        saa += double(a[i]) * a[i];
        sbb += double(b[i]) * b[i];
        sab += double(a[i]) * b[i];
    }
    const double va = saa - sa * sa / count, vb = sbb - sb * sb / count;
    if (va < 1 || vb < 1) return va < 1 && vb < 1;
    return (sab - sa * sb / count) / std::sqrt(va * vb);
}

}  // namespace vultus::metrics
