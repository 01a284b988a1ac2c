// The C API's options of making a video, checked.
#pragma once

#ifdef VULTUS_WITH_MEDIA

#include "api/guard.h"
#include "base/cancel.h"
#include "base/progress.h"
#include "rendering/talk.h"
#include "vultus/vultus.h"

namespace vultus::api {

/// with_speech: a path of speech is needed. Errors: kInvalidArgument.
rendering::TalkOptions talk_options(const vultus_talk_options& options, bool with_speech);

/// Makes a video by make(a copy of the options), with their callbacks for progress and cancellation; what it
/// throws becomes a status.
template <typename Make>
vultus_status make_video(const vultus_talk_options* options, int64_t* num_frames, Make make) {
    return guarded([&] {
        check_struct(options, "vultus_talk_options");
        const vultus_talk_options given = *options;
        const CancelScope cancel([&] { return given.cancel && given.cancel(given.user) != 0; });
        const ProgressScope progress([&](std::int64_t done) {
            if (given.progress) given.progress(given.user, done);
        });
        const rendering::TalkReport report = make(given);
        if (num_frames) *num_frames = report.num_frames;
        return VULTUS_OK;
    });
}

}  // namespace vultus::api

#endif
