// All ways to say a text as a graph of phones, and the best way through it for given scores.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace vultus::alignment {

struct SpokenWord;

/// States hold a phone each and may stay; between words, before the first and after the last one lies a
/// silence that may be passed over.
class WordGraph {
  public:
    explicit WordGraph(const std::vector<SpokenWord>& words);

    int phone(int state) const { return states_[static_cast<std::size_t>(state)].phone; }
    /// Index of a state's word; -1 for silence.
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
    int add(int phone, int word, const std::vector<int>& before);

    std::vector<State> states_;
    std::vector<int> first_, last_;  ///< where a way may begin and end
    std::size_t shortest_frames_ = 0;
};

}  // namespace vultus::alignment
