// The C API's options of making a video, checked.
#pragma once

#ifdef VULTUS_WITH_MEDIA

#include "rendering/talk.h"
#include "vultus/vultus.h"

namespace vultus::api {

/// with_speech: a path of speech is needed. Errors: kInvalidArgument.
rendering::TalkOptions talk_options(const vultus_talk_options& options, bool with_speech);

}  // namespace vultus::api

#endif
