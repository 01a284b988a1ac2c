// The likeliest words of a sound: a beam search through a language model and a tree of pronunciations.
#pragma once

#include <vector>

#include "alignment/frame_path.h"
#include "pronunciation/pronunciation_tree.h"

namespace vultus::alignment {

struct WordSearchOptions {
    double language_weight = 1.2;        ///< of the language model's logarithms against the frames'
    double hurry_penalty = 2;            ///< nats for a phone of a single frame
    double beam = 14;                    ///< nats behind the best hypothesis
    double word_beam = 9;                ///< nats behind the best word that ends in a frame
    int max_hypotheses = 1500;           ///< of a frame
    std::size_t records_kept = 1 << 20;  ///< of the past, before what nobody can come from is dropped
};

/// A phone from a frame on; the phones of a word follow each other.
struct SearchedPhone {
    int frame = 0;
    int phone = 0;
    int word = -1;  ///< index in the list of words; -1 for silence
};

struct SearchResult {
    std::vector<SearchedPhone> phones;
    std::vector<int> words;  ///< indices in the language model
};

/// Viterbi over the words of `tree`, with pauses where they are; a pause may end a sentence. Memory grows
/// with what is still possible, not with what was given up. Polls cancellation.
SearchResult search_words(const pronunciation::NgramModel& model,
                          const pronunciation::PronunciationTree& tree, std::size_t frames,
                          const FrameScores& scores, const WordSearchOptions& options = {});

}  // namespace vultus::alignment
