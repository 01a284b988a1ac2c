// From the measures of single videos to the numbers of a report.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "evaluation/eval_measure.h"

namespace vultus::evaluation {

/// A recording and what its sound does.
struct RecordedClip {
    std::string name;
    VideoMeasure video;
    metrics::Series level_db;          ///< smoothed log energy per frame
    std::vector<std::uint8_t> silent;  ///< per frame
};

/// A video generated for a recording.
struct GeneratedClip {
    std::size_t recording = 0;  ///< index into the recordings
    VideoMeasure video;
    ImageErrors errors;
};

/// A video generated from a voice without a recording.
struct VoiceClip {
    std::string name;
    VideoMeasure video;
    metrics::Series level_db;
    std::vector<std::uint8_t> silent;
};

/// How one generated clip compares with its recording and with others'.
struct ClipScore {
    std::string name;
    ImageErrors errors;
    double opening_r = 0, width_r = 0;  ///< at lag 0
    metrics::LaggedCorrelation best;    ///< lag > 0: the generated mouth comes late
    double spread_ratio = 0;            ///< standard deviations, generated over recorded
    double mouth_distance = 0;
    double other_opening_r = 0;  ///< median against the other recordings
    double other_mouth_distance = 0;
    int rank = 0;        ///< of its own recording by lip motion; 1 is first
    double level_r = 0;  ///< opening against the sound's log energy, best lag within +-3 frames
};

/// Mean |change of opening| between silent frames, over all videos; `silent`: of each, per frame.
double silent_motion(const std::vector<const VideoMeasure*>& videos,
                     const std::vector<const std::vector<std::uint8_t>*>& silent);

/// The candidates for `recording`: itself and others in a fixed shuffled order, `count` in all at most.
std::vector<std::size_t> candidate_recordings(std::size_t num_recordings, std::size_t recording,
                                              std::size_t count);

ClipScore score_clip(const GeneratedClip& clip, const std::vector<RecordedClip>& recordings,
                     std::size_t candidates);

/// Medians, means and ratios over the clips of one kind (reconstruction or speech-driven).
nlohmann::ordered_json summarise(const std::vector<GeneratedClip>& clips,
                                 const std::vector<RecordedClip>& recordings, std::size_t candidates,
                                 double fps);
/// opening against log energy of voices never heard, and of the recordings themselves.
nlohmann::ordered_json summarise_voices(const std::vector<VoiceClip>& voices,
                                        const std::vector<RecordedClip>& recordings);

/// Share of the frames drawn from speech in which a face detector is less sure of the face than in 99 of 100
/// frames of the recordings that they are compared with: nobody's face, as a decoder draws latents that it
/// does not know.
double off_manifold_share(const std::vector<GeneratedClip>& driven,
                          const std::vector<RecordedClip>& recordings);

/// Opening and width of the baseline (lip_ridge.h): medians over its clips, each against its recording.
nlohmann::ordered_json summarise_baseline(const std::vector<metrics::LipMotion>& predicted,
                                          const std::vector<RecordedClip>& recordings);

/// The summary as lines for a terminal.
std::string format_table(const nlohmann::ordered_json& metrics);

}  // namespace vultus::evaluation
