#include "corpus/motion_cache.h"

#include "base/error.h"
#include "corpus/mapped_file.h"

namespace vultus::corpus {

std::filesystem::path motion_cache_path(const Corpus& corpus, int size_px) {
    return corpus.folder / ("motion-" + std::to_string(size_px) + ".i16");
}

MotionCache::MotionCache(const Corpus& corpus, int size_px) {
    std::int64_t frames = 0;
    for (const Clip* clip : corpus.kept()) frames += clip->num_frames;
    const std::filesystem::path path = motion_cache_path(corpus, size_px);
    data_ = map_file(
        path, sizeof(Header) + static_cast<std::uint64_t>(frames * kFrameValues) * sizeof(std::int16_t),
        "'vultus train' measures motion first");
    bool good = header().version == kVersion && header().frames == frames;
    for (const std::int64_t frame : header().references) good = good && frame >= 0 && frame < frames;
    if (!good)
        fail(ErrorCode::kCorruptData, "[corpus] {}: damaged, or of another version; delete it",
             path.string());
}

}  // namespace vultus::corpus
