// All ways to say a text as a graph of phones, and the best way through it for given scores.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "alignment/phone_times.h"

namespace vultus::alignment {

/// States hold a phone each and may stay; between words, before the first and after the last one lies a
/// silence that may be passed over, and one between what a single written word is said as.
class WordGraph {
  public:
    explicit WordGraph(const std::vector<SpokenWord>& words);

    int phone(int state) const { return states_[static_cast<std::size_t>(state)].phone; }
    /// Index of a state's word; -1 for silence between words.
    int word(int state) const { return states_[static_cast<std::size_t>(state)].word; }
    /// Frames that the shortest way takes.
    std::size_t shortest_frames() const { return shortest_frames_; }

    std::size_t num_states() const { return states_.size(); }

    using Score = std::function<float(std::size_t frame, int phone)>;
    struct Path {
        std::vector<int> states;  ///< one for each frame
        bool whole = false;       ///< it reaches the text's end; else `beam` cut all such ways off
    };
    /// The way with the highest sum, through the whole text if one is left. Memory: frames times the states
    /// within the beam. Needs frames >= shortest_frames(). Polls cancellation.
    Path best_path(std::size_t frames, const Score& score, double beam) const;

  private:
    struct State {
        int phone = 0, word = -1;
        std::vector<int> next;
    };
    using States = std::vector<int>;
    static constexpr int kStart = -1;  ///< as a state before others: a way may begin with them

    States add_word(const SpokenWord& word, int index, const States& open);
    States add_reading(const SpokenWord::Reading& reading, int index, States open);
    int add(int phone, int word, const States& before);

    std::vector<State> states_;
    std::vector<int> first_, last_;  ///< where a way may begin and end
    std::size_t shortest_frames_ = 0;
};

}  // namespace vultus::alignment
