// All ways to say a text as a graph of phones, and the best way through it for given scores.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "alignment/phone_times.h"
#include "audio/phones.h"

namespace vultus::alignment {

/// What it costs, in nats, to leave the text.
struct HintCosts {
    float gap = 8;           ///< speech that the text lacks begins, anywhere between two words
    float skip = 8;          ///< a word is not said ...
    float skip_more = 0.1f;  ///< ... and each one after it
    int gap_frames = 6;      ///< of such speech, at least
};

/// States hold a phone each and may stay; between words, before the first and after the last one lies a
/// silence that may be passed over, and one between what a single written word is said as.
class WordGraph {
  public:
    /// As a phone: any speech.
    static constexpr int kAnySpeech = audio::kNumPhones;

    explicit WordGraph(const std::vector<SpokenWord>& words);
    /// The text as a hint: words may be left out, and between words there may be any speech.
    WordGraph(const std::vector<SpokenWord>& words, const HintCosts& costs);

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
    struct Beam {
        double nats = 150;                                ///< behind the best
        std::size_t most = static_cast<std::size_t>(-1);  ///< states of a frame
    };
    /// The way with the highest sum, through the whole text if one is left. Memory: frames times the states
    /// within the beam. Needs frames >= shortest_frames(). Polls cancellation.
    Path best_path(std::size_t frames, const Score& score, const Beam& beam) const;

    /// Passed without taking a frame.
    bool is_junction(int state) const { return phone(state) == kJunction; }
    const std::vector<int>& next(int state) const { return states_[static_cast<std::size_t>(state)].next; }
    float entry_cost(int state) const { return states_[static_cast<std::size_t>(state)].entry_cost; }

  private:
    struct State {
        int phone = 0, word = -1;
        std::vector<int> next;
        float entry_cost = 0;
    };
    using States = std::vector<int>;
    static constexpr int kStart = -1;     ///< as a state before others: a way may begin with them
    static constexpr int kJunction = -1;  ///< as a phone

    /// What may follow a word: its ends, and what was open before where nothing of it need be said.
    struct Ends {
        States said, unsaid;
    };
    Ends add_word(const SpokenWord& word, int index, const States& open);
    States add_reading(const SpokenWord::Reading& reading, int index, States open);
    int add(int phone, int word, const States& before, float entry_cost = 0);
    void add_gap(int junction, const HintCosts& costs);

    std::vector<State> states_;
    std::vector<int> first_, last_;  ///< where a way may begin and end
    int end_junction_ = -1;          ///< where ways end instead, if there is one
    std::size_t shortest_frames_ = 0;
};

}  // namespace vultus::alignment
