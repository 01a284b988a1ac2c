// From recordings to a corpus.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus/corpus.h"

namespace vultus::preparation {

struct PrepareOptions {
    std::vector<std::filesystem::path> inputs;  ///< any file FFmpeg reads
    std::filesystem::path out;                  ///< the corpus folder
    int size_px = 256;
    int fps_num = 0, fps_den = 1;  ///< 0: the rate most inputs have
    int crf = 12;                  ///< of the crops' video
    bool resume = true;            ///< reuse what an interrupted or earlier run measured and encoded
    int threads = 1;
    double min_valid = 0.9;  ///< clips with a smaller share of frames with one clear face are left out
    bool keep_audio_offset =
        false;  ///< leave the sound where it is, even where the lips say that it is early or late
};

struct PrepareReport {
    std::filesystem::path corpus;
    int num_inputs = 0, num_kept = 0, num_left_out = 0;
    std::int64_t num_frames = 0;          ///< of the kept clips
    std::int64_t num_invalid_frames = 0;  ///< of the kept clips
    std::vector<std::string> left_out;    ///< "NAME: reason"
    std::vector<std::string> moved;       ///< "NAME: sound came N ms early", and was put where the lips are
    std::vector<std::string> renamed;     ///< "NAME: FILE", where several files have one name
};

/// Decodes, tracks, groups into sessions, chooses one crop per session, moves sound that is out of step with
/// the lips (av_offset.h), encodes, judges, and writes the corpus with contact_sheet.png and report.txt. A
/// damaged input is left out with its reason, the others go on. Errors: kInvalidArgument (no inputs, odd
/// size, recordings that the corpus would overwrite); kCorruptData when no clip is usable (nothing new stays
/// under `out` then); kIo; kCancelled (what was finished is reused by the next run).
PrepareReport prepare(const PrepareOptions& options);

}  // namespace vultus::preparation
