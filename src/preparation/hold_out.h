// What is not learnt but measured with: about a tenth of the material, in whole sentences.
#pragma once

#include <vector>

#include "corpus/corpus.h"

namespace vultus::preparation {

/// A part of a recording that is kept.
struct Stretch {
    int recording = 0;            ///< position among all recordings, sorted by name
    std::vector<float> level_db;  ///< [T] loudness of each frame
};

/// Frames first .. first + count - 1 of a stretch.
struct Piece {
    int stretch = 0, first = 0, count = 0;
    corpus::Split split = corpus::Split::kTrain;
};

inline constexpr double kLeastHeldOutSeconds = 5, kMostHeldOutSeconds = 30;
/// Of less than this, and in one recording, nothing is held out.
inline constexpr double kLeastToHoldOutFromSeconds = 15;

/// Many short recordings (ten and more, most no longer than 10 s): whole ones, by corpus::default_split of
/// their position. Otherwise `share` of the time, at least 5 s and at most 30 s, in blocks of about 6 s that
/// are spread evenly and begin and end in pauses of speech; where there is no pause of 0.3 s near, 0.4 s
/// around the quietest moment belong to neither side; share 0: none. Pieces in order; what no piece holds is
/// unused.
std::vector<Piece> hold_out(const std::vector<Stretch>& stretches, double fps, double share);

/// Middles of the pauses of 0.3 s and more.
std::vector<int> find_pauses(const std::vector<float>& level_db, double fps);

}  // namespace vultus::preparation
