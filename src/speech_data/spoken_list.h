// Recordings of many people and languages with what they say: a table that anybody can write.
#pragma once

#include <filesystem>

#include "speech_data/speech_recordings.h"

namespace vultus::speech_data {

/// A UTF-8 text file with a recording per line: file (relative to the list), voice, language as espeak-ng
/// names it ("en", "fr", "ru" ...) and text, with tabs between them; empty lines and those that begin with #
/// are passed over. What stands in parentheses is not said.
///
/// English is aligned by pocketsphinx; other languages are pronounced by espeak-ng and aligned with
/// `speech_model` (a file of the speech encoder; empty: the one that comes with Vultus). What does not fit
/// its text, cannot be read or is longer than a minute is left out with a line that counts them. Short
/// recordings of one voice that follow one another become one clip of kSpokenClipS. One clip in 25 of a voice
/// validates. Errors: kIo, kInvalidArgument naming the line, kUnsupported without espeak-ng.
void take_spoken_list(const std::filesystem::path& list, const std::filesystem::path& speech_model,
                      const TakeClip& take);

inline constexpr double kSpokenClipS = 5;

}  // namespace vultus::speech_data
