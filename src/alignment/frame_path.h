// From what every frame is to phones and words with times.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "alignment/phone_times.h"

namespace vultus::alignment {

/// The 40 scores of frame t; asked for in order, valid until the next call.
using FrameScores = std::function<const float*(std::size_t frame)>;

/// The best phone of each frame when each lasts at least `min_frames` and a new one costs `change_penalty`
/// nats (Viterbi). Polls cancellation.
std::vector<int> free_path(std::size_t frames, int min_frames, double change_penalty,
                           const FrameScores& scores);

/// free_path without any text: what is heard, as words are compared with it.
std::vector<int> heard_phones(const std::vector<float>& log_posteriors, std::size_t frames);

/// Where a search was in a frame: phones begin where the state changes, words where the word does.
struct FrameState {
    int state = 0;
    int phone = 0;
    int word = -1;  ///< -1 for a pause
};

/// Phones and words with times and fits, for a path with a state for each frame. word_name: of a word that
/// the path names. pause_fits, if not null: that of the long pause before the first word and of the one after
/// each word, 0 without one.
PhoneTimes times_of_path(const std::vector<FrameState>& path,
                         const std::function<std::string(int word)>& word_name,
                         const std::vector<float>& log_posteriors, std::int64_t num_samples,
                         std::vector<double>* pause_fits);

}  // namespace vultus::alignment
