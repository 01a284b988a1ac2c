#include "corpus/frame_cache.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace vultus::corpus {
namespace {

// Maps the whole file; the map outlives the descriptor.
std::shared_ptr<const std::uint8_t> map_file(const std::filesystem::path& path,
                                             std::uint64_t expected_bytes) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail(ErrorCode::kIo,
             "[corpus] {}: {}; 'vultus train' unpacks the frames first; without FFmpeg, "
             "tools/unpack_frames.py does",
             path.string(), std::strerror(errno));
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (!known || bytes != expected_bytes) {
        ::close(descriptor);
        fail(ErrorCode::kCorruptData,
             "[corpus] {}: expected {} bytes, got {}; delete it and unpack the frames again", path.string(),
             expected_bytes, bytes);
    }
    void* data = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (data == MAP_FAILED)
        fail(ErrorCode::kIo, "[corpus] {}: cannot map: {}", path.string(), std::strerror(error));
    return {static_cast<const std::uint8_t*>(data),
            [bytes](const std::uint8_t* start) { ::munmap(const_cast<std::uint8_t*>(start), bytes); }};
}

}  // namespace

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
        map_file(frame_cache_path(corpus, size_px), static_cast<std::uint64_t>(num_frames_ * frame_bytes()));
}

}  // namespace vultus::corpus
