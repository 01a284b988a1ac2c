// Frames of any video FFmpeg reads, upright and at a constant rate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "media/image.h"

namespace vultus::media {

/// How colours that several pixels share come to each of them.
enum class Colours {
    kExact,   ///< interpolated by cubics
    kLinear,  ///< linearly, in half the time: fit to be shrunk
    kQuick,   ///< not at all, in a sixth of the time and 1 to 2 levels darker: fit to be measured
};

struct VideoReaderOptions {
    int fps_num = 0, fps_den = 1;  ///< rate of the frames handed out; 0: the source's average rate
    int threads = 1;               ///< decoder threads
    Colours colours = Colours::kExact;
};

/// Decodes one file from its first image to its last with constant memory.
/// Frame i is the source image whose presentation time is nearest to i / fps (measured from the first
/// image): sources of variable or another rate are repeated or thinned. Display rotation is applied, high
/// dynamic range (PQ, HLG) is tone-mapped, interlaced pictures lose their combs.
class VideoReader {
  public:
    /// Errors: kIo when the file cannot be opened; kCorruptData when it is no media file, holds no image
    /// stream or is cut so short that nothing decodes; kUnsupported when no decoder fits.
    explicit VideoReader(const std::filesystem::path& path, const VideoReaderOptions& options = {});
    ~VideoReader();
    VideoReader(const VideoReader&) = delete;
    VideoReader& operator=(const VideoReader&) = delete;

    /// Next frame into `image` (its memory is reused); false at the end.
    bool read(Image& image);
    /// Passes over one frame; false at the end.
    bool skip();

    int width() const;   ///< px, after rotation
    int height() const;  ///< px, after rotation
    int fps_num() const;
    int fps_den() const;
    double fps() const { return static_cast<double>(fps_num()) / fps_den(); }
    /// The file's comment, as VideoWriterOptions::comment sets it; empty if there is none.
    std::string comment() const;
    /// Packets and images that the decoder refused or flagged as damaged, up to now.
    std::int64_t num_damaged() const;
    /// Length the container claims, in seconds; 0 if it says nothing.
    double claimed_seconds() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::media
