// From recordings to a corpus.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "corpus/corpus.h"
#include "face/face_tracker.h"

namespace vultus::preparation {

struct PrepareOptions {
    std::vector<std::filesystem::path> inputs;  ///< any file FFmpeg reads
    std::filesystem::path out;                  ///< the corpus folder
    int size_px = 0;                            ///< 0: the largest of 256, 384, 512 px that the face supports
    int fps_num = 0, fps_den = 1;               ///< 0: the rate most inputs have, made a usual one
    int crf = 12;                               ///< of the crops' video
    bool resume = true;  ///< reuse what an interrupted or earlier run measured and encoded
    int threads = 1;
    double min_valid = 0.9;  ///< parts with a smaller share of frames with one clear face are left out
    bool keep_audio_offset =
        false;              ///< leave the sound where it is, even where the lips say that it is early or late
    double hold_out = 0.1;  ///< share of the time that is kept from training, 0..0.5
    face::FaceWanted face = {};  ///< which one, where there are several
};

struct PrepareReport {
    std::filesystem::path corpus;
    int num_inputs = 0, num_kept = 0, num_left_out = 0;  ///< recordings; kept: at least a part of it
    int num_clips = 0;                                   ///< kept
    double seconds_kept = 0, seconds_held_out = 0;       ///< the second is part of the first
    double seconds_left_out = 0;
    std::int64_t num_frames = 0;          ///< of the kept clips
    std::int64_t num_invalid_frames = 0;  ///< of the kept clips
    std::vector<std::string> left_out;    ///< "NAME 12.0-15.4 s: reason"
    std::vector<std::string> moved;       ///< "NAME: sound came N ms early", and was put where the lips are
    std::vector<std::string> renamed;     ///< "NAME: FILE", where several files have one name
    std::vector<std::string> notes;       ///< what else there is to know
};

/// Decodes, tracks, splits at cuts and faults (segments.h), groups into sessions, chooses one crop per
/// session, holds out sentences (hold_out.h), moves sound that is out of step with the lips (av_offset.h),
/// encodes, and writes the corpus with contact_sheet.png and report.txt. What is wrong with a part costs that
/// part. Errors: kInvalidArgument (no inputs, odd size,
/// recordings that the corpus would overwrite); kCorruptData when nothing is usable (nothing new
/// stays under `out` then); kIo; kCancelled (what was finished is reused by the next run).
PrepareReport prepare(const PrepareOptions& options);

/// How many seconds were kept, held out and left out.
std::string summary_line(const PrepareReport& report);

}  // namespace vultus::preparation
