// Where the phones of a known text lie in a recording, by pocketsphinx's American English model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "corpus/speech_corpus.h"
#include "pronunciation/pronouncer.h"

namespace vultus::speech_data {

struct AlignmentTask {
    std::vector<float> audio;  ///< 16 kHz
    std::vector<std::vector<pronunciation::Pronunciations::Phones>>
        words;  ///< each with the ways to say it; none empty
};

/// The task of a sound and its text; nothing when a word is known to nobody.
std::optional<AlignmentTask> alignment_task(std::vector<float> audio, const std::string& text,
                                            pronunciation::Pronouncer& pronouncer);

/// For each task the phones, covering the sound, with silence where it is between words; empty where the text
/// does not fit. Frames are 10 ms. Errors: kUnsupported when pocketsphinx or its model is missing (the line
/// names the Debian packages), kIo, kCancelled.
std::vector<std::vector<corpus::PhoneSpan>> align_with_sphinx(const std::vector<AlignmentTask>& tasks);

}  // namespace vultus::speech_data
