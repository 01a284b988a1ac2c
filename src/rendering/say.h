// Text in, video of the person who says it out.
#pragma once

#include <string>

#include "rendering/talk.h"
#include "voices/voice.h"

namespace vultus::rendering {

struct SayOptions {
    TalkOptions talk;   ///< all but `speech` and `audio`
    std::string text;   ///< with marks, as voices::passages_of() takes them
    std::string voice;  ///< as voices::open_voice()'s; empty: the first that is installed
    voices::VoiceOptions voice_options;
    std::filesystem::path text_file;  ///< where the text is from; never written over
};

/// As talk() of the text's sound, which is drawn while the voice still speaks. Errors: those of talk() and of
/// the voice; then nothing is left.
TalkReport say(const SayOptions& options);

}  // namespace vultus::rendering
