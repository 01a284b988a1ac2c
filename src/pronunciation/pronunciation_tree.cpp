#include "pronunciation/pronunciation_tree.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/error.h"

namespace vultus::pronunciation {

PronunciationTree::PronunciationTree(const NgramModel& model, const Pronunciations& dictionary) {
    std::vector<Way> ways;
    for (int word = 0; word < model.num_words(); ++word)
        for (Pronunciations::Phones& phones : dictionary.of(model.word(word)))
            ways.push_back({std::move(phones), word, model.log_probability(word, {})});
    if (ways.empty())
        fail(ErrorCode::kInvalidArgument,
             "[pronunciation] the language model and the dictionary share no words: expected both of one "
             "language");
    std::sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
        return std::tie(a.phones, a.word) < std::tie(b.phones, b.word);
    });
    nodes_.emplace_back();
    // Not by recursion: a damaged dictionary may hold a word of any length.
    std::vector<Branch> branches = {{0, 0, ways.size(), 0}};
    while (!branches.empty()) {
        const Branch branch = branches.back();
        branches.pop_back();
        grow(branch, ways, branches);
    }
}

/// Adds the children of a branch's node and puts them among the branches that are still to grow.
void PronunciationTree::grow(const Branch& branch, const std::vector<Way>& ways,
                             std::vector<Branch>& branches) {
    const auto [node, first, end, depth] = branch;
    float best = -std::numeric_limits<float>::infinity();
    for (std::size_t i = first; i < end; ++i) best = std::max(best, ways[i].log_probability);
    Node& grown = nodes_[static_cast<std::size_t>(node)];
    grown.best = best;
    grown.first_word = static_cast<int>(words_.size());
    std::size_t begin = first;
    for (; begin < end && ways[begin].phones.size() == depth; ++begin) words_.push_back(ways[begin].word);
    grown.num_words = static_cast<int>(begin - first);
    grown.first_child = num_nodes();
    std::vector<Node> children;
    for (std::size_t i = begin; i < end; ++i) {
        const int phone = ways[i].phones[depth];
        if (i == begin || phone != ways[i - 1].phones[depth]) {
            branches.push_back({grown.first_child + static_cast<int>(children.size()), i, i, depth + 1});
            children.push_back({phone});
        }
        branches.back().end = i + 1;
    }
    grown.num_children = static_cast<int>(children.size());
    nodes_.insert(nodes_.end(), children.begin(), children.end());
}

}  // namespace vultus::pronunciation
