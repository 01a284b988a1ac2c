#include "training_loop/image.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/output_file.h"

namespace vultus::training_loop {
namespace {

void append_u32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

void append_chunk(std::string& out, const std::string& type, const std::string& data) {
    append_u32(out, static_cast<std::uint32_t>(data.size()));
    out += type + data;
    const std::string both = type + data;
    append_u32(out, static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(both.data()),
                                                       static_cast<uInt>(both.size()))));
}

std::string deflated(const std::string& raw) {
    uLongf length = ::compressBound(raw.size());
    std::string out(length, '\0');
    const int status = ::compress2(reinterpret_cast<Bytef*>(out.data()), &length,
                                   reinterpret_cast<const Bytef*>(raw.data()), raw.size(), /*level=*/3);
    require(status == Z_OK, "[train] zlib: error {}", status);
    out.resize(length);
    return out;
}

}  // namespace

Image::Image(int width_px, int height_px, std::uint8_t grey)
    : width(width_px), height(height_px), rgb(static_cast<std::size_t>(3) * width_px * height_px, grey) {}

void Image::set(int x, int y, std::uint32_t colour) {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    std::uint8_t* pixel = &rgb[static_cast<std::size_t>(3) * (y * width + x)];
    pixel[0] = static_cast<std::uint8_t>(colour >> 16);
    pixel[1] = static_cast<std::uint8_t>(colour >> 8);
    pixel[2] = static_cast<std::uint8_t>(colour);
}

void Image::line(double x0, double y0, double x1, double y1, std::uint32_t colour) {
    const int steps = static_cast<int>(std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1.0})) + 1;
    for (int i = 0; i <= steps; ++i) {
        const double f = static_cast<double>(i) / steps;
        set(static_cast<int>(std::lround(x0 + f * (x1 - x0))),
            static_cast<int>(std::lround(y0 + f * (y1 - y0))), colour);
    }
}

void Image::paste(const std::uint8_t* values, int size, int x, int y) {
    for (int row = 0; row < size; ++row)
        std::copy_n(values + static_cast<std::size_t>(3) * row * size, 3 * size,
                    rgb.begin() + static_cast<std::ptrdiff_t>(3) * ((y + row) * width + x));
}

Image halved(const Image& image) {
    Image half(image.width / 2, image.height / 2);
    for (int y = 0; y < half.height; ++y)
        for (int k = 0; k < 3 * half.width; ++k) {
            const std::size_t row = static_cast<std::size_t>(3) * image.width;
            const std::uint8_t* from = &image.rgb[2 * static_cast<std::size_t>(y) * row +
                                                  static_cast<std::size_t>(6 * (k / 3) + k % 3)];
            half.rgb[static_cast<std::size_t>(3 * half.width * y + k)] =
                static_cast<std::uint8_t>((from[0] + from[3] + from[row] + from[row + 3] + 2) / 4);
        }
    return half;
}

void write_png(const std::filesystem::path& path, const Image& image) {
    // Each value as its difference from the pixel before (filter 1), which deflates better.
    std::string raw;
    for (int y = 0; y < image.height; ++y) {
        const std::uint8_t* row = &image.rgb[static_cast<std::size_t>(3) * y * image.width];
        raw.push_back(1);
        for (int k = 0; k < 3 * image.width; ++k)
            raw.push_back(static_cast<char>(row[k] - (k < 3 ? 0 : row[k - 3])));
    }
    std::string header;
    append_u32(header, static_cast<std::uint32_t>(image.width));
    append_u32(header, static_cast<std::uint32_t>(image.height));
    header += std::string("\x08\x02\x00\x00\x00", 5);
    std::string out("\x89PNG\r\n\x1a\n", 8);
    append_chunk(out, "IHDR", header);
    append_chunk(out, "IDAT", deflated(raw));
    append_chunk(out, "IEND", "");
    write_file(path, out);
}

Image plot_log(const std::vector<Curve>& curves) {
    constexpr int kWidth = 800, kHeight = 400, kMargin = 10;
    Image image(kWidth, kHeight);
    // Values that are no numbers leave a gap: a bad batch must not stop a run.
    const auto height_of = [](double y) { return std::log10(std::max(1e-9, y)); };
    const auto shown = [](const Curve& curve, std::size_t i) { return std::isfinite(curve.y[i]); };
    double x_max = 1, low = 1e30, high = -1e30;
    for (const Curve& curve : curves)
        for (std::size_t i = 0; i < curve.x.size(); ++i) {
            if (!shown(curve, i)) continue;
            x_max = std::max(x_max, curve.x[i]);
            low = std::min(low, height_of(curve.y[i]));
            high = std::max(high, height_of(curve.y[i]));
        }
    if (low > high) return image;
    high = std::max(high, low + 0.1);
    const auto at_x = [&](double x) { return kMargin + x / x_max * (kWidth - 2 * kMargin); };
    const auto at_y = [&](double height) {
        return kHeight - kMargin - (height - low) / (high - low) * (kHeight - 2 * kMargin);
    };
    for (double decade = std::ceil(low); decade <= high; ++decade)
        image.line(at_x(0), at_y(decade), at_x(x_max), at_y(decade), 0xcccccc);
    for (const Curve& curve : curves)
        for (std::size_t i = 1; i < curve.x.size(); ++i)
            if (shown(curve, i - 1) && shown(curve, i))
                image.line(at_x(curve.x[i - 1]), at_y(height_of(curve.y[i - 1])), at_x(curve.x[i]),
                           at_y(height_of(curve.y[i])), curve.colour);
    return image;
}

}  // namespace vultus::training_loop
