// Unpacked frames of a corpus for training: one flat file of RGB bytes, mapped into memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "corpus/corpus.h"

namespace vultus::corpus {

/// `frames-SIZE.u8`: for every kept clip in the order of Corpus::kept(), its frames, each [SIZE, SIZE, 3]
/// RGB.
std::filesystem::path frame_cache_path(const Corpus& corpus, int size_px);

/// A read-only memory map of that file; copies share it.
class FrameCache {
  public:
    /// Errors: kIo when the file is missing (the message says how to make it); kCorruptData when its size is
    /// not num_frames * SIZE * SIZE * 3.
    FrameCache(const Corpus& corpus, int size_px);

    int size_px() const { return size_px_; }
    std::int64_t num_frames() const { return num_frames_; }
    /// RGB bytes of a frame, [size_px, size_px, 3].
    const std::uint8_t* frame(std::int64_t index) const { return data_.get() + index * frame_bytes(); }
    std::int64_t frame_bytes() const { return std::int64_t{3} * size_px_ * size_px_; }
    /// Index of the first frame of the i-th kept clip.
    std::int64_t first_frame(std::size_t kept_clip) const { return first_[kept_clip]; }

  private:
    int size_px_;
    std::int64_t num_frames_ = 0;
    std::vector<std::int64_t> first_;
    std::shared_ptr<const std::uint8_t> data_;
};

}  // namespace vultus::corpus
