// Images of training: preview grids and loss plots as PNG.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace vultus::training_loop {

/// RGB [height, width, 3].
struct Image {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;

    Image(int width_px, int height_px, std::uint8_t grey = 255);
    void set(int x, int y, std::uint32_t colour);
    void line(double x0, double y0, double x1, double y1, std::uint32_t colour);
    /// Copies RGB [size, size, 3] to the place whose top left is x, y.
    void paste(const std::uint8_t* rgb_values, int size, int x, int y);
};

/// Means of 2 x 2 pixels.
Image halved(const Image& image);

/// Errors: kIo.
void write_png(const std::filesystem::path& path, const Image& image);

/// One curve of a plot.
struct Curve {
    std::vector<double> x, y;
    std::uint32_t colour = 0x1f77b4;
};
/// A plot with logarithmic y (values must be positive) and grid lines at powers of ten.
Image plot_log(const std::vector<Curve>& curves);

}  // namespace vultus::training_loop
