#include "pronunciation/ngram_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/output_file.h"
#include "pronunciation/pronunciations.h"

namespace vultus::pronunciation {
namespace {

constexpr std::string_view kTitle = "Trie Language Model";
constexpr std::size_t kBins = 65536;
constexpr int kBinBits = 16, kMaxOrder = 3;
constexpr std::uint32_t kMaxGrams = 1u << 25;  ///< that the format can point at
constexpr float kLogBase = 0.0001f;            ///< ln 1.0001, but for 5e-9
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr std::size_t kPadding = 8;  ///< bytes after the packed entries, so that eight can always be read

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

int required_bits(std::uint32_t highest) { return std::bit_width(highest); }

/// The next bytes of a file; every read is checked against what is left.
class Bytes {
  public:
    Bytes(const std::filesystem::path& file, std::string_view bytes) : file_(file), left_(bytes) {}

    std::string_view take(std::size_t count, const char* what) {
        if (left_.size() < count)
            fail(ErrorCode::kCorruptData, "[pronunciation] {}: truncated: expected {} bytes of {}, got {}",
                 file_.string(), count, what, left_.size());
        const std::string_view taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }
    template <class T>
    std::vector<T> values(std::size_t count, const char* what) {
        std::vector<T> result(count);
        std::memcpy(result.data(), take(count * sizeof(T), what).data(), count * sizeof(T));
        return result;
    }
    std::vector<float> bins() {
        std::vector<float> result = values<float>(kBins, "quantisation");
        if (!std::all_of(result.begin(), result.end(), [](float bin) { return std::isfinite(bin); }))
            fail(ErrorCode::kCorruptData, "[pronunciation] {}: expected finite probabilities",
                 file_.string());
        return result;
    }
    std::size_t left() const { return left_.size(); }

  private:
    const std::filesystem::path& file_;
    std::string_view left_;
};

/// How many n-grams of each order.
std::vector<std::uint32_t> read_counts(const std::filesystem::path& file, Bytes& bytes) {
    const int order = static_cast<unsigned char>(bytes.take(1, "header")[0]);
    if (order < 2 || order > kMaxOrder)
        fail(ErrorCode::kUnsupported, "[pronunciation] {}: expected a model of 2 or 3 words, got {}",
             file.string(), order);
    auto counts = bytes.values<std::uint32_t>(static_cast<std::size_t>(order), "counts");
    for (const std::uint32_t count : counts)
        if (count == 0 || count >= kMaxGrams)
            fail(ErrorCode::kCorruptData, "[pronunciation] {}: expected 1 to {} n-grams of an order, got {}",
                 file.string(), kMaxGrams - 1, count);
    bytes.take(4, "header");
    return counts;
}

}  // namespace

std::filesystem::path NgramModel::usual_place() {
    return first_existing({"/usr/share/pocketsphinx/model/en-us/en-us.lm.bin",
                           "/usr/local/share/pocketsphinx/model/en-us/en-us.lm.bin"});
}

NgramModel::NgramModel(const std::filesystem::path& file) {
    const std::string content = read_file(file, kMaxBytes);
    if (!content.starts_with(kTitle))
        fail(ErrorCode::kCorruptData,
             "[pronunciation] {}: expected a language model in CMU Sphinx's binary format (sphinx_lm_convert "
             "makes "
             "one of an ARPA file), got something else",
             file.string());
    Bytes bytes(file, std::string_view(content).substr(kTitle.size()));
    const std::vector<std::uint32_t> counts = read_counts(file, bytes);

    word_bits_ = required_bits(counts[0]);
    for (std::size_t n = 1; n < counts.size(); ++n) {
        Layer& layer = layers_.emplace_back();
        layer.count = counts[n];
        layer.longest = n + 1 == counts.size();
        layer.probabilities = bytes.bins();
        if (!layer.longest) layer.backoffs = bytes.bins();
        layer.next_bits = layer.longest ? 0 : required_bits(counts[n + 1]);
        layer.entry_bits = word_bits_ + kBinBits + (layer.longest ? 0 : kBinBits + layer.next_bits);
    }
    unigrams_ = bytes.values<Unigram>(counts[0] + std::size_t{1}, "words");
    for (const Unigram& unigram : unigrams_)
        if (!std::isfinite(unigram.log_probability) || !std::isfinite(unigram.backoff))
            fail(ErrorCode::kCorruptData, "[pronunciation] {}: expected finite probabilities", file.string());
    for (Layer& layer : layers_) {
        const std::size_t packed =
            ((std::size_t{1} + layer.count) * static_cast<std::size_t>(layer.entry_bits) + 7) / 8;
        layer.bytes = bytes.take(packed + kPadding, "n-grams");
    }
    bytes.take(4, "words");
    name_words(file, bytes.take(bytes.left(), "words"));
}

/// names: one after the other, each ends with a zero.
void NgramModel::name_words(const std::filesystem::path& file, std::string_view names) {
    for (std::size_t end; (end = names.find('\0')) != std::string_view::npos; names.remove_prefix(end + 1)) {
        places_.emplace(names.substr(0, end), static_cast<int>(words_.size()));
        words_.emplace_back(names.substr(0, end));
    }
    if (words_.size() + 1 != unigrams_.size())
        fail(ErrorCode::kCorruptData, "[pronunciation] {}: expected {} words, got {}", file.string(),
             unigrams_.size() - 1, words_.size());
    sentence_begin_ = find("<s>");
    sentence_end_ = find("</s>");
    if (sentence_begin_ < 0 || sentence_end_ < 0)
        fail(ErrorCode::kCorruptData, "[pronunciation] {}: expected the words <s> and </s>, got none",
             file.string());
}

int NgramModel::find(const std::string& word) const {
    const auto found = places_.find(word);
    return found == places_.end() ? -1 : found->second;
}

std::uint64_t NgramModel::bits(const Layer& layer, std::uint64_t bit, int count) const {
    std::uint64_t eight = 0;
    std::memcpy(&eight, layer.bytes.data() + bit / 8, sizeof eight);
    return (eight >> (bit % 8)) & ((std::uint64_t{1} << count) - 1);
}

std::int64_t NgramModel::find_entry(const Layer& layer, Range range, int word) const {
    // A damaged file must not lead outside.
    std::uint32_t begin = range.begin, end = std::min(range.end, layer.count);
    while (begin < end) {
        const std::uint32_t middle = begin + (end - begin) / 2;
        const auto found = static_cast<int>(
            bits(layer, std::uint64_t{middle} * static_cast<std::uint64_t>(layer.entry_bits), word_bits_));
        if (found == word) return middle;
        if (found < word)
            begin = middle + 1;
        else
            end = middle;
    }
    return -1;
}

NgramModel::Range NgramModel::range_of(int word) const {
    return {unigrams_[static_cast<std::size_t>(word)].next,
            unigrams_[static_cast<std::size_t>(word) + 1].next};
}

NgramModel::Range NgramModel::range_of(const Layer& layer, std::int64_t entry) const {
    const auto width = static_cast<std::uint64_t>(layer.entry_bits);
    const std::uint64_t end_bit = (static_cast<std::uint64_t>(entry) + 1) * width;
    const auto next = static_cast<std::uint64_t>(layer.next_bits);
    return {static_cast<std::uint32_t>(bits(layer, end_bit - next, layer.next_bits)),
            static_cast<std::uint32_t>(bits(layer, end_bit + width - next, layer.next_bits))};
}

float NgramModel::probability(const Layer& layer, std::int64_t entry) const {
    const std::uint64_t bit =
        static_cast<std::uint64_t>(entry) * static_cast<std::uint64_t>(layer.entry_bits) +
        static_cast<std::uint64_t>(word_bits_ + (layer.longest ? 0 : kBinBits));
    return layer.probabilities[bits(layer, bit, kBinBits)];
}

/// Of a history whose last word is the first element; 0 when the model never saw it.
float NgramModel::backoff(std::span<const int> history) const {
    if (history.size() == 1) return unigrams_[static_cast<std::size_t>(history[0])].backoff;
    const Layer& layer = layers_[0];
    const std::int64_t entry = find_entry(layer, range_of(history[0]), history[1]);
    if (entry < 0) return 0;
    const std::uint64_t bit =
        static_cast<std::uint64_t>(entry) * static_cast<std::uint64_t>(layer.entry_bits) +
        static_cast<std::uint64_t>(word_bits_);
    return layer.backoffs[bits(layer, bit, kBinBits)];
}

float NgramModel::log_probability(int word, std::span<const int> history) const {
    std::size_t known = 0;
    while (known < history.size() && known < layers_.size() && history[known] >= 0) ++known;
    float value = unigrams_[static_cast<std::size_t>(word)].log_probability;
    Range range = range_of(word);
    std::size_t used = 0;
    for (; used < known; ++used) {
        const std::int64_t entry = find_entry(layers_[used], range, history[used]);
        if (entry < 0) break;
        value = probability(layers_[used], entry);
        if (!layers_[used].longest) range = range_of(layers_[used], entry);
    }
    for (std::size_t n = used + 1; n <= known; ++n) value += backoff(history.first(n));
    return value * kLogBase;
}

}  // namespace vultus::pronunciation
