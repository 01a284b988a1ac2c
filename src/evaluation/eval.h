// Measures a person on clips that were never trained on: every frame encoded and decoded again
// (reconstruction), and the clip's sound turned into images (speech-driven), each against the recording.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "corpus/corpus.h"
#include "media/image.h"

namespace vultus::evaluation {

struct EvalOptions {
    std::filesystem::path report;               ///< folder; an earlier report there is replaced
    std::vector<std::filesystem::path> voices;  ///< speech of voices never heard; any audio FFmpeg reads
    int max_clips = 0;                          ///< validation clips to generate, evenly chosen; 0: all
    int candidates = 40;                        ///< recordings among which a generated clip is looked for
    double max_voice_s = 12.0;                  ///< of each voice
    double rest_s = 0;                          ///< of each sound without speech (rest_sounds.h); 0: none
    std::filesystem::path labels;               ///< speech corpus with the clips' phones; empty: none
    bool recorded_pose = false;                 ///< speech-driven clips take the recording's head pose
    bool video = true;                          ///< side_by_side.mp4 and voice videos
    int video_clips = 6;                        ///< clips in side_by_side.mp4
    std::string title;                          ///< shown on the page
};

/// What is measured: a person's networks, or a stand-in.
class EvalSubject {
  public:
    virtual ~EvalSubject() = default;
    virtual int size_px() const = 0;
    virtual int latent_dim() const = 0;
    virtual bool can_speak() const = 0;
    /// RGB [S, S, 3] to z [latent_dim].
    virtual std::vector<float> encode(const std::uint8_t* rgb) = 0;
    /// z [latent_dim] to RGB [S, S, 3].
    virtual void decode(const float* z, std::uint8_t* rgb) = 0;
    /// 16 kHz mono, -1..1, to latents [num_frames, latent_dim]. pose_deg [num_frames, 3] (yaw, pitch, roll)
    /// is the head pose to take, empty: the subject's own.
    virtual std::vector<float> latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                                   const std::vector<float>& pose_deg) = 0;
    /// What the subject hears in 16 kHz mono audio, for the linear baseline (lip_ridge.h): [num_frames,
    /// width]. Empty: no baseline.
    virtual std::vector<float> speech_features(const std::vector<float>&, std::int64_t) { return {}; }
};

/// Finds 68 landmarks in the frames of one clip, in order.
class LandmarkSource {
  public:
    virtual ~LandmarkSource() = default;
    /// landmarks_px [68, 2]; false where there is no face.
    virtual bool observe(const media::Image& image, float* landmarks_px) = 0;
    /// How sure a detector was of the face when it looked last; higher is surer.
    virtual double confidence() const = 0;
};
using LandmarkFactory = std::function<std::unique_ptr<LandmarkSource>()>;

/// The face tracker of `vultus prepare`.
LandmarkFactory tracked_landmarks();

/// Measures, writes the report folder (metrics.json, index.html, plots, strips, videos) and returns the table
/// that the command line prints. Errors: kInvalidArgument (no validation clips, a report folder that holds
/// something else); kCorruptData; kIo; kCancelled (no report is left).
std::string evaluate(EvalSubject& subject, const LandmarkFactory& landmarks, const corpus::Corpus& corpus,
                     const EvalOptions& options);

}  // namespace vultus::evaluation
