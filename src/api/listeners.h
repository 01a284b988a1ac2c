// Open listeners, for all parts of the API that hear with them.
#pragma once

#include "api/handles.h"
#include "transcription/speech_listener.h"
#include "vultus/vultus.h"

namespace vultus::api {

using Listeners = Handles<vultus_listener, transcription::SpeechListener>;

}  // namespace vultus::api
