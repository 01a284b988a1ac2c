// What becomes of the recordings: which parts are learnt, held out, or left out and why.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "corpus/corpus.h"
#include "preparation/clip_measurement.h"

namespace vultus::preparation {

/// A part of a recording: a clip of the corpus, or left out.
struct PlannedClip {
    int recording = 0;
    int first = 0, count = 0;  ///< frames
    int session = -1;          ///< index into Plan::sessions; -1: left out
    corpus::Split split = corpus::Split::kTrain;
    std::string name, reason;
    double oddness = 0;  ///< distance of its look from its session's, grey levels

    bool kept() const { return session >= 0; }
};

struct Plan {
    std::vector<PlannedClip> clips;  ///< by recording, then by time
    int num_sessions = 0;
    int unused_frames = 0;  ///< between what is learnt and what is held out

    std::vector<const PlannedClip*> members(int session) const;
};

/// Splits, groups and holds out. recordings: sorted by name, with sound; frames that do not fit become
/// invalid.
Plan make_plan(std::vector<ClipMeasurement>& recordings, double min_valid, double hold_out_share);

/// The rate that a corpus of recordings of `num`/`den` frames a second has: one of the usual ones. Phones
/// record around 30 or 60, never quite.
std::pair<int, int> plain_rate(int num, int den);

/// The largest of 256, 384 and 512 px that a crop of `crop_px` source pixels has the pixels for.
int supported_size_px(double crop_px);

}  // namespace vultus::preparation
