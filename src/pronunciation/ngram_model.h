// How likely a word is after the words before it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vultus::pronunciation {

/// A back-off model of up to three words in CMU Sphinx's binary format ("Trie Language Model", what
/// sphinx_lm_convert writes for a name that ends in .lm.bin): 16-bit quantised probabilities, n-grams stored
/// from their last word to their first as in KenLM (Heafield 2011).
class NgramModel {
  public:
    /// Where Debian's pocketsphinx-en-us keeps its model of English; empty when there is none.
    static std::filesystem::path usual_place();
    /// Errors: kIo, kCorruptData (another format, truncated, counts that do not fit the file), kUnsupported
    /// (more than three words).
    explicit NgramModel(const std::filesystem::path& file);

    int num_words() const { return static_cast<int>(words_.size()); }
    const std::string& word(int index) const { return words_[static_cast<std::size_t>(index)]; }
    /// -1 when it is not there.
    int find(const std::string& word) const;
    int sentence_begin() const { return sentence_begin_; }
    int sentence_end() const { return sentence_end_; }

    /// Natural logarithm. history: the words before, the last one first; -1 ends it.
    float log_probability(int word, std::span<const int> history) const;

  private:
    struct Unigram {
        float log_probability = 0, backoff = 0;  ///< in logarithms to the base 1.0001
        std::uint32_t next = 0;
    };
    struct Range {
        std::uint32_t begin = 0, end = 0;
    };
    /// n-grams of one order, packed: word, then probability (and back-off and next before it).
    struct Layer {
        std::string bytes;
        int next_bits = 0, entry_bits = 0;
        bool longest = false;
        std::vector<float> probabilities, backoffs;
        std::uint32_t count = 0;
    };

    void name_words(const std::filesystem::path& file, std::string_view names);
    std::uint64_t bits(const Layer& layer, std::uint64_t bit, int count) const;
    /// The entry of `word` within a range; -1 when it is not there.
    std::int64_t find_entry(const Layer& layer, Range range, int word) const;
    Range range_of(int word) const;
    Range range_of(const Layer& layer, std::int64_t entry) const;
    float probability(const Layer& layer, std::int64_t entry) const;
    float backoff(std::span<const int> history) const;

    int word_bits_ = 0;
    std::vector<Unigram> unigrams_;  ///< one more than words: where the last word's range ends
    std::vector<Layer> layers_;      ///< orders 2, 3
    std::vector<std::string> words_;
    std::unordered_map<std::string, int> places_;
    int sentence_begin_ = -1, sentence_end_ = -1;
};

}  // namespace vultus::pronunciation
