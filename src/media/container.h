// What the names of video files and the addresses of streams stand for.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
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
        {".ts", "mpegts", h264, "aac"},
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

/// The one that streams to such an address are in; null for addresses that VideoWriter does not know.
inline const Container* container_of_address(const std::string& address) {
    static const std::vector<const char*> h264 = {"libx264", "libopenh264"};
    static const Container flv = {".flv", "flv", h264, "aac"}, ts = {".ts", "mpegts", h264, "aac"},
                           raw = {"", "v4l2", {"rawvideo"}, nullptr};
    for (const char* scheme : {"rtmp://", "rtmps://"})
        if (address.rfind(scheme, 0) == 0) return &flv;
    for (const char* scheme : {"srt://", "udp://", "tcp://"})
        if (address.rfind(scheme, 0) == 0) return &ts;
    return address.rfind("v4l2:", 0) == 0 ? &raw : nullptr;
}

/// The one that a file's ending names; MP4 for unknown ones.
inline const Container& container_of(const std::filesystem::path& path) {
    for (const Container& container : containers())
        if (lower_extension(path) == container.extension) return container;
    return containers()[0];
}

inline std::string shown_address(const std::string& address) {
    const std::size_t host = address.find("://");
    if (host == std::string::npos) return address;
    std::string shown = address.substr(0, address.find('?'));
    const std::size_t path = shown.find('/', host + 3), user = shown.rfind('@', path);
    const std::size_t last = shown.rfind('/');
    if (shown.rfind("rtmp", 0) == 0 && path != std::string::npos && last > path)
        shown.replace(last + 1, std::string::npos, "...");
    if (shown.rfind("whip+", 0) == 0 && path != std::string::npos)
        shown.replace(path + 1, std::string::npos, "...");
    if (user != std::string::npos && user > host) shown.erase(host + 3, user - host - 2);
    return shown;
}

/// The encoder of that name, or the best of those that the container wants. Errors: kUnsupported.
inline const AVCodec* choose_encoder(const Container& container, const std::string& asked) {
    if (!asked.empty()) {
        const AVCodec* encoder = avcodec_find_encoder_by_name(asked.c_str());
        if (!encoder)
            fail(ErrorCode::kUnsupported, "[media] this machine's FFmpeg has no encoder '{}'", asked);
        return encoder;
    }
    for (const char* name : container.video)
        if (const AVCodec* encoder = avcodec_find_encoder_by_name(name)) return encoder;
    fail(ErrorCode::kUnsupported, "[media] this machine's FFmpeg has none of the encoders that {} needs: {}",
         container.extension, fmt::join(container.video, ", "));
}

}  // namespace vultus::media
