#include "corpus/frame_cache.h"

#include "base/error.h"
#include "corpus/mapped_file.h"

namespace vultus::corpus {

std::filesystem::path frame_cache_path(const Corpus& corpus, int size_px) {
    return corpus.folder / ("frames-" + std::to_string(size_px) + ".u8");
}

FrameCache::FrameCache(const Corpus& corpus, int size_px) : size_px_(size_px) {
    if (size_px <= 0)
        fail(ErrorCode::kInvalidArgument, "[corpus] frames: expected a size above 0, got {}", size_px);
    for (const Clip* clip : corpus.kept()) {
        first_.push_back(num_frames_);
        num_frames_ += clip->num_frames;
    }
    if (num_frames_ == 0)
        fail(ErrorCode::kInvalidArgument, "[corpus] {}: no clip was kept, so there are no frames",
             corpus.folder.string());
    data_ =
        map_file(frame_cache_path(corpus, size_px), static_cast<std::uint64_t>(num_frames_ * frame_bytes()),
                 "'vultus train' unpacks the frames first; without FFmpeg, tools/unpack_frames.py does");
}

}  // namespace vultus::corpus
