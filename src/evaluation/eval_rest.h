// Does the mouth stay shut where nobody speaks, and close where the lips must meet?
#pragma once

#include <filesystem>
#include <map>

#include "evaluation/eval_scores.h"

namespace vultus::evaluation {

/// The recordings' own lips.
struct LipBounds {
    double closed = 0;         ///< median opening in silence
    double open = 0;           ///< opening that a tenth of the other frames exceeds
    double silent_motion = 0;  ///< mean |change of opening| between silent frames
    /// A third of the way: beyond what landmarks shake at rest.
    double threshold() const { return closed + (open - closed) / 3; }
};
LipBounds lip_bounds(const std::vector<RecordedClip>& recordings);

/// A video made of a sound without speech: motion against that of the recorded silences, and how often the
/// mouth opens.
struct RestClip {
    std::string name;
    metrics::Series opening;
};
nlohmann::ordered_json summarise_rests(const std::vector<RestClip>& rests, const LipBounds& bounds);

/// When the lips must meet in a clip: [begin, end) in samples at 16 kHz.
using Closures = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// The p, b and m of each clip of a corpus, by the clips' names: those of a speech corpus (make-corpus
/// --grid) whose names end with -NAME. Errors: as SpeechCorpus::open.
std::map<std::string, Closures> closures_of(const std::filesystem::path& speech_corpus,
                                            const std::vector<RecordedClip>& recordings);

/// Of the closures at which the recording's lips meet: the share at which the generated ones do.
nlohmann::ordered_json summarise_closures(const std::vector<GeneratedClip>& clips,
                                          const std::vector<RecordedClip>& recordings,
                                          const std::map<std::string, Closures>& closures, double fps);

}  // namespace vultus::evaluation
