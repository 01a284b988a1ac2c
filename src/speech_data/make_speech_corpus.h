// A corpus of labelled speech from synthetic voices and recordings.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace vultus::speech_data {

struct SpeechCorpusOptions {
    double hours = 4;  ///< of synthetic speech
    std::uint64_t seed = 1;
    std::filesystem::path grid;                      ///< a prepared corpus or a folder of GRID recordings
    std::vector<std::filesystem::path> transcribed;  ///< LJSpeech-like folders, for validation
    std::vector<std::filesystem::path> labelled;     ///< JSON files of hand labels, for validation
    std::vector<std::filesystem::path> spoken;       ///< tables of recordings (spoken_list.h)
    std::filesystem::path
        aligner;  ///< speech encoder that aligns what is not English; empty: the bundled one
};

/// Writes `out` (a new folder). One clip in 25 of each kind of synthetic voice validates. Errors:
/// kUnsupported when no source of speech is here; as corpus::SpeechCorpusWriter and speech_recordings.h.
void make_speech_corpus(const std::filesystem::path& out, const SpeechCorpusOptions& options);

}  // namespace vultus::speech_data
