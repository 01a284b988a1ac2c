// Images: decoded, and as PNG and other still pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace vultus::media {

struct Image {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;  ///< [height, width, 3]

    Image() = default;
    Image(int width_px, int height_px)
        : width(width_px), height(height_px), rgb(std::size_t{3} * width_px * height_px) {}
    bool empty() const { return rgb.empty(); }
    const std::uint8_t* pixel(int x, int y) const { return rgb.data() + 3 * (std::size_t(y) * width + x); }
    std::uint8_t* pixel(int x, int y) { return rgb.data() + 3 * (std::size_t(y) * width + x); }
};

/// Writes through a temporary file. Errors: kIo, kInvalidArgument (empty image).
void write_png(const std::filesystem::path& path, const Image& image);
/// With alpha: rgba [height, width, 4], not multiplied in.
void write_png(const std::filesystem::path& path, const std::uint8_t* rgba, int width, int height);

/// PNG, JPEG or whatever else FFmpeg reads as one image. Errors: as VideoReader.
Image read_image(const std::filesystem::path& path);

}  // namespace vultus::media
