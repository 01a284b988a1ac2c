#include "pipeline/pronunciation_tree.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/error.h"

namespace vultus::pipeline {

PronunciationTree::PronunciationTree(const NgramModel& model, const Pronunciations& dictionary) {
    std::vector<Way> ways;
    for (int word = 0; word < model.num_words(); ++word)
        for (Pronunciations::Phones& phones : dictionary.of(model.word(word)))
            ways.push_back({std::move(phones), word, model.log_probability(word, {})});
    if (ways.empty())
        fail(
            ErrorCode::kInvalidArgument,
            "[pipeline] the language model and the dictionary share no words: expected both of one language");
    std::sort(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
        return std::tie(a.phones, a.word) < std::tie(b.phones, b.word);
    });
    nodes_.emplace_back();
    grow(0, ways, 0, ways.size(), 0);
}

/// Ways begin..end share their first `depth` phones, which lead to `node`.
void PronunciationTree::grow(int node, const std::vector<Way>& ways, std::size_t begin, std::size_t end,
                             std::size_t depth) {
    const int first_word = static_cast<int>(words_.size());
    float best = -std::numeric_limits<float>::infinity();
    for (std::size_t i = begin; i < end; ++i) best = std::max(best, ways[i].log_probability);
    for (; begin < end && ways[begin].phones.size() == depth; ++begin) words_.push_back(ways[begin].word);
    std::vector<std::size_t> starts;
    for (std::size_t i = begin; i < end; ++i)
        if (i == begin || ways[i].phones[depth] != ways[i - 1].phones[depth]) starts.push_back(i);
    const int first_child = num_nodes();
    nodes_.resize(nodes_.size() + starts.size());
    Node& grown = nodes_[static_cast<std::size_t>(node)];
    grown.first_child = first_child;
    grown.num_children = static_cast<int>(starts.size());
    grown.first_word = first_word;
    grown.num_words = static_cast<int>(words_.size()) - first_word;
    grown.best = best;
    starts.push_back(end);
    for (std::size_t k = 0; k + 1 < starts.size(); ++k) {
        const int child = first_child + static_cast<int>(k);
        nodes_[static_cast<std::size_t>(child)].phone = ways[starts[k]].phones[depth];
        grow(child, ways, starts[k], starts[k + 1], depth + 1);
    }
}

}  // namespace vultus::pipeline
