// What the names of video files stand for.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace vultus::media {

/// What a file's ending stands for.
struct Container {
    const char *extension, *muxer;
    std::vector<const char*> video;  ///< encoders, the best first
    const char* audio;               ///< encoder; null: no sound
    AVPixelFormat pixels = AV_PIX_FMT_YUV420P;
    const char* alpha_video = nullptr;  ///< encoder of pictures that one sees through; null: none
    AVPixelFormat alpha_pixels = AV_PIX_FMT_NONE;
};

inline const std::vector<Container>& containers() {
    static const std::vector<const char*> h264 = {"libx264", "libopenh264", "mpeg4"};
    // WebP's encoder takes its own way from RGB to YUV.
    static const std::vector<Container> all = {
        {".mp4", "mp4", h264, "aac"},
        {".mov", "mov", h264, "aac", AV_PIX_FMT_YUV420P, "prores_ks", AV_PIX_FMT_YUVA444P10},
        {".mkv", "matroska", h264, "aac"},
        {".webm", "webm", {"libvpx-vp9"}, "libopus", AV_PIX_FMT_YUV420P, "libvpx-vp9", AV_PIX_FMT_YUVA420P},
        {".webp", "webp", {"libwebp_anim"}, nullptr, AV_PIX_FMT_RGB32, "libwebp_anim", AV_PIX_FMT_RGB32},
        // Three bits of red and green, two of blue, dithered.
        {".gif", "gif", {"gif"}, nullptr, AV_PIX_FMT_RGB8}};
    return all;
}

inline std::string lower_extension(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

/// The one that a file's ending names; MP4 for unknown ones.
inline const Container& container_of(const std::filesystem::path& path) {
    for (const Container& container : containers())
        if (lower_extension(path) == container.extension) return container;
    return containers()[0];
}

}  // namespace vultus::media
