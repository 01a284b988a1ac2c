// What stands behind the handles of persons and sessions.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "api/handles.h"
#include "marking/picture_mark.h"
#include "speaking/live_session.h"
#include "vultus/vultus.h"

namespace vultus::api {

struct OpenSession {
    OpenSession(const std::shared_ptr<speaking::SharedTalker>& talker_, const speaking::LiveOptions& options)
        : talker(talker_), sample_rate_hz(options.sample_rate_hz), session(talker_, options) {}
    std::shared_ptr<speaking::SharedTalker> talker;
    const int sample_rate_hz;  ///< of the sound pushed
    speaking::LiveSession session;
    std::atomic<std::int64_t> num_interruptions{0};  ///< and its closing
    std::mutex frame_mutex;  ///< guards frame, which is used again so that pulling allocates nothing
    speaking::LiveFrame frame;
    std::optional<marking::PictureMark> mark;  ///< of frames that are pulled, if wanted; guarded as `frame`
};

using Persons = Handles<vultus_person, speaking::SharedTalker>;
using Sessions = Handles<vultus_session, OpenSession>;

}  // namespace vultus::api
