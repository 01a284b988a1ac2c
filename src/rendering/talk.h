// Speech in, video of the person out.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "media/audio_reader.h"
#include "speaking/talker.h"

namespace vultus::rendering {

struct TalkOptions {
    std::filesystem::path person;
    const speaking::Talker* open = nullptr;  ///< the same person, in memory already: its weights are shared
    std::filesystem::path speech;            ///< any file FFmpeg reads; "-": standard input
    std::filesystem::path out;     ///< as VideoWriter's; "-": raw RGB frames on standard output; empty: none
    std::filesystem::path frames;  ///< folder for frame-000000.png ...; empty: none
    /// A recording of the person in the learnt framing, or a picture: the video is this one with the drawn
    /// square in it (BodyVideo); empty: the square alone.
    std::filesystem::path into;
    std::string background;  ///< what lies behind the person, as Backdrop's; empty: what was recorded
    std::filesystem::path pose_track;  ///< CSV: one row of yaw,pitch,roll in degrees per frame; empty: none
    media::AudioOptions audio;         ///< how the speech is read
    speaking::TalkerOptions talker;
    int num_threads = 0;  ///< frames drawn at a time; 0: one per core. Does not change the result
    speaking::PoseOptions pose;
    int look_ahead_frames = -1;    ///< as LatentStream's; -1: the whole context
    double fps = 0;                ///< of the video; 0: the person's own rate
    int fps_num = 0, fps_den = 1;  ///< the same as a fraction, which goes before `fps`; 0: not given
    int crf = 18;                  ///< quality of H.264
    int size_px = 0;  ///< sides of the picture: even, 16 up to the person's own; 0: the person's own
    bool mark =
        true;  ///< the invisible mark of origin (docs/origin.md); false is for the person file's owner
    /// Takes fragmented MP4 while it is drawn, as VideoWriterOptions::sink; `out` is then empty.
    std::function<void(const std::uint8_t*, std::size_t)> sink;
    /// Called when all frames are written, before the outputs get their names; what it throws leaves none.
    std::function<void()> before_commit;
};

struct TalkReport {
    std::int64_t num_frames = 0;
    double speech_s = 0, seconds = 0;  ///< length of the sound; time it took
    std::string encoder, runtime;
    double matte_certainty = -1;      ///< Backdrop's; -1: without
    std::vector<std::string> faults;  ///< of the speech, as AudioReader's
};

/// Constant memory in the length of the speech. Speech through a pipe is drawn as it comes. Nothing is left
/// under the final name unless all went well. Errors: kIo, kCorruptData (speech, person or CSV),
/// kInvalidArgument (no sound, options; no mark wanted of another's person), kCancelled.
TalkReport talk(const TalkOptions& options);

/// Reads rows of three numbers separated by commas; a header line without numbers is skipped.
std::vector<float> read_pose_track(const std::filesystem::path& path);

}  // namespace vultus::rendering
