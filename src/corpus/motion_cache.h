// How every frame of a corpus comes from a few of its frames: dense motion, measured once for training.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "corpus/corpus.h"

namespace vultus::corpus {

/// `motion-SIZE.i16`: a header of int64 (version, frames, the reference frames), then for every kept clip in
/// the order of Corpus::kept() and each of its frames [kReferences, 2, kGrid, kGrid] int16: how far each
/// cell's centre lies from where the reference frame shows the same, x and y, in parts of the image's side /
/// kUnit.
std::filesystem::path motion_cache_path(const Corpus& corpus, int size_px);

/// A read-only memory map of that file; copies share it.
class MotionCache {
  public:
    static constexpr int kReferences = 2, kGrid = 64;
    static constexpr double kUnit = 16384;
    static constexpr std::int64_t kVersion = 1;
    struct Header {
        std::int64_t version = kVersion, frames = 0;
        std::array<std::int64_t, kReferences> references{};  ///< indices as FrameCache counts them
    };
    static constexpr std::int64_t kFrameValues = std::int64_t{kReferences} * 2 * kGrid * kGrid;

    /// Errors: kIo when the file is missing; kCorruptData when it does not fit the corpus.
    MotionCache(const Corpus& corpus, int size_px);

    std::int64_t num_frames() const { return header().frames; }
    const std::array<std::int64_t, kReferences>& references() const { return header().references; }
    /// [frames, kReferences, 2, kGrid, kGrid].
    const std::int16_t* values() const {
        return reinterpret_cast<const std::int16_t*>(data_.get() + sizeof(Header));
    }

  private:
    const Header& header() const { return *reinterpret_cast<const Header*>(data_.get()); }
    std::shared_ptr<const std::uint8_t> data_;
};

}  // namespace vultus::corpus
