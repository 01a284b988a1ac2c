// A live face to wherever video is watched: a streaming server, a video device, a pipe, a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "media/audio_reader.h"
#include "speaking/talker.h"

namespace vultus::publishing {

struct PublishOptions {
    std::filesystem::path person;
    std::filesystem::path speech;  ///< any file FFmpeg reads; "-": standard input; empty: nobody speaks;
                                   ///< with AudioOptions::microphone, that
    /// What media::is_stream_address() knows; "whip+http://" or "whip+https://" before a WHIP server's route;
    /// "-" or "pipe:": MPEG-TS on standard output; else a file, as VideoWriter's.
    std::string to;
    media::AudioOptions audio;  ///< how the speech is read
    speaking::TalkerOptions talker;
    speaking::PoseOptions pose;
    std::string token;  ///< that WHIP's server wants to see; empty: none
    int crf = 20;       ///< quality of H.264
    bool mark =
        true;  ///< the invisible mark of origin (docs/origin.md); false is for the person file's owner
    bool stay = false;   ///< goes on after the speech
    double seconds = 0;  ///< ends after that time; 0: with the speech, or when it is cancelled
    int retries = 0;     ///< how often in a row a connection is made anew; -1: for ever
};

struct PublishReport {
    std::int64_t num_frames = 0, num_late = 0;  ///< late: shown as the one before
    std::int64_t num_unsent = 0;                ///< while there was no connection
    double seconds = 0, speech_s = 0;           ///< of the stream; of the sound that was read
    int num_connections = 0;
    bool cancelled = false;
    std::string encoder, runtime;
    std::vector<std::string> faults;  ///< of the speech, as AudioReader's
};

/// A frame each 1 / fps s of real time, and its sound. A file is read 2 s ahead, a pipe as it comes; a
/// microphone's sound is dropped where it waits for more than a second; where sound is missing, the face
/// idles. Being cancelled (base/cancel.h) is no error: the stream ends as it should. Errors: kIo (nobody
/// answers, and no retries left), kCorruptData, kInvalidArgument, kUnsupported.
PublishReport publish(const PublishOptions& options);

}  // namespace vultus::publishing
