// Still images.
#pragma once

#include <filesystem>

#include "media/image.h"

namespace vultus::media {

/// Writes through a temporary file. Errors: kIo, kInvalidArgument (empty image).
void write_png(const std::filesystem::path& path, const Image& image);
/// With alpha: rgba [height, width, 4], not multiplied in.
void write_png(const std::filesystem::path& path, const std::uint8_t* rgba, int width, int height);

/// PNG, JPEG or whatever else FFmpeg reads as one image. Errors: as VideoReader.
Image read_image(const std::filesystem::path& path);

}  // namespace vultus::media
