// Marks of origin in the C API; a build without FFmpeg reads no video.
#include "api/guard.h"

#ifdef VULTUS_WITH_MEDIA
#include "base/progress.h"
#include "rendering/origin.h"
#endif

using namespace vultus;
using namespace vultus::api;

void vultus_origin_init(vultus_origin* origin) {
    if (origin) *origin = blank<vultus_origin>();
}

#ifdef VULTUS_WITH_MEDIA

vultus_status vultus_verify(const char* path, vultus_origin* origin) {
    return guarded([&] {
        if (!path) fail(ErrorCode::kInvalidArgument, "[api] verify: expected a path, got null");
        check_struct(origin, "vultus_origin");
        const ProgressScope progress([](std::int64_t) {});
        const rendering::Origin found = rendering::find_origin(path);
        const std::size_t size = origin->struct_size;
        *origin = blank<vultus_origin>();
        origin->struct_size = size;
        origin->says_synthetic = found.note.synthetic ? 1 : 0;
        origin->marked = found.mark.found ? 1 : 0;
        origin->log10_false_alarm = found.mark.log10_false_alarm;
        if (!found.mark.spans_s.empty()) {
            origin->start_s = found.mark.spans_s.front().first;
            origin->end_s = found.mark.spans_s.back().second;
        }
        origin->seconds = found.seconds;
        copy_text(found.note.person, origin->person);
        copy_text(found.note.licence, origin->licence);
        copy_text(found.note.person_file, origin->person_file);
        return VULTUS_OK;
    });
}

#else

vultus_status vultus_verify(const char*, vultus_origin*) {
    return failed(VULTUS_ERROR_UNSUPPORTED, "[api] verify: this library was built without FFmpeg");
}

#endif
