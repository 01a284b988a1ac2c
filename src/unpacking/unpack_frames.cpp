#include "unpacking/unpack_frames.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "corpus/frame_cache.h"
#include "media/resize.h"
#include "media/video_reader.h"
#include "unpacking/cache_file.h"

namespace vultus::unpacking {
namespace {

void unpack_clip(const corpus::Corpus& corpus, const corpus::Clip& clip, int size_px, CacheFile& out) {
    media::VideoReader reader(corpus.video_path(clip));
    const corpus::Box whole{0, 0, static_cast<double>(corpus.size_px), static_cast<double>(corpus.size_px)};
    media::Image frame;
    int count = 0;
    for (; count < clip.num_frames && reader.read(frame); ++count) {
        if (frame.width != size_px) frame = media::crop_and_resize(frame, whole, size_px);
        out.write(frame.rgb.data(), frame.rgb.size());
    }
    if (count != clip.num_frames)
        fail(ErrorCode::kCorruptData, "[corpus] {}: expected {} frames, got {}",
             corpus.video_path(clip).string(), clip.num_frames, count);
}

}  // namespace

void unpack_frames(const corpus::Corpus& corpus, int size_px) {
    if (is_complete<corpus::FrameCache>(corpus, size_px)) return;
    CacheFile out(corpus::frame_cache_path(corpus, size_px));
    const auto kept = corpus.kept();
    Progress progress("unpack", "clips", static_cast<std::int64_t>(kept.size()));
    for (std::size_t i = 0; i < kept.size(); ++i) {
        throw_if_cancelled();
        unpack_clip(corpus, *kept[i], size_px, out);
        progress.update(static_cast<std::int64_t>(i) + 1);
    }
    out.finish();
}

}  // namespace vultus::unpacking
