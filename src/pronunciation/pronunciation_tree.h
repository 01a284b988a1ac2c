// The words of a language as a tree of their phones: words that begin alike share their beginnings.
#pragma once

#include <vector>

#include "pronunciation/ngram_model.h"
#include "pronunciation/pronunciations.h"

namespace vultus::pronunciation {

class PronunciationTree {
  public:
    struct Node {
        int phone = 0;  ///< audio/phones.h; the root has none
        int first_child = 0, num_children = 0;
        int first_word = 0, num_words = 0;  ///< that end here: word(first_word) and on
        float best = 0;                     ///< log-probability of the likeliest word that goes through here
    };

    /// All words of the model that the dictionary can say. Errors: kInvalidArgument when they share none.
    PronunciationTree(const NgramModel& model, const Pronunciations& dictionary);

    const Node& node(int index) const { return nodes_[static_cast<std::size_t>(index)]; }
    int num_nodes() const { return static_cast<int>(nodes_.size()); }
    /// Index of a word in the model.
    int word(int place) const { return words_[static_cast<std::size_t>(place)]; }

  private:
    struct Way {
        Pronunciations::Phones phones;
        int word = 0;
        float log_probability = 0;
    };
    /// Ways begin..end share their first `depth` phones, which lead to `node`.
    struct Branch {
        int node = 0;
        std::size_t begin = 0, end = 0, depth = 0;
    };
    void grow(const Branch& branch, const std::vector<Way>& ways, std::vector<Branch>& branches);

    std::vector<Node> nodes_;
    std::vector<int> words_;
};

}  // namespace vultus::pronunciation
