#include "alignment/word_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>

#include "alignment/word_search.h"
#include "audio/phones.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "base/scratch_folder.h"
#include "pronunciation/ngram_model.h"
#include "pronunciation/pronunciation_tree.h"

namespace vultus::alignment {
namespace {

// What a tiny model says: natural logarithms. Words in order of their index.
const std::vector<std::string> kWords = {"</s>", "<s>", "bee", "me", "tea"};
enum Word { kEnd, kBegin, kBee, kMe, kTea };
constexpr double kUnigrams[] = {-1.5, -20, -2, -1, -2.5}, kBackoffs[] = {0, -0.25, -0.5, -0.125, 0};
const std::map<std::array<int, 2>, std::array<double, 2>> kBigrams = {{{kBegin, kMe}, {-0.5, -0.75}},
                                                                      {{kBee, kEnd}, {-0.25, 0}},
                                                                      {{kMe, kBee}, {-0.3, -0.1}},
                                                                      {{kMe, kTea}, {-3, 0}}};
const std::map<std::array<int, 3>, double> kTrigrams = {{{kBegin, kMe, kTea}, -0.2},
                                                        {{kMe, kBee, kEnd}, -0.05}};

/// Little-endian bits, lowest first.
class BitWriter {
  public:
    void put(std::uint64_t value, int bits) {
        for (int i = 0; i < bits; ++i, ++count_) {
            if (count_ % 8 == 0) bytes_ += '\0';
            if ((value >> i) & 1) bytes_.back() = static_cast<char>(bytes_.back() | (1 << (count_ % 8)));
        }
    }
    /// Entries take the room of one more than there are, and eight bytes.
    std::string finish(std::size_t entries, int entry_bits) {
        bytes_.resize(((entries + 1) * static_cast<std::size_t>(entry_bits) + 7) / 8 + 8);
        return bytes_;
    }

  private:
    std::string bytes_;
    int count_ = 0;
};

template <class T>
std::string raw(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// 65536 values of 16 bits: the k-th of `values`.
std::string bins(const std::vector<double>& values) {
    std::string bytes;
    for (std::size_t k = 0; k < 65536; ++k)
        bytes += raw(static_cast<float>((k < values.size() ? values[k] : 0) / std::log(1.0001)));
    return bytes;
}

/// The tiny model in CMU Sphinx's format, with two or three words: n-grams sorted from their last word on.
std::string model_bytes(int order) {
    const int word_bits = std::bit_width(kWords.size());
    std::string bytes = "Trie Language Model" + std::string(1, static_cast<char>(order));
    for (const std::size_t count : {kWords.size(), kBigrams.size(), kTrigrams.size()})
        if (order-- > 0) bytes += raw(static_cast<std::uint32_t>(count));
    const bool trigrams = bytes.size() == 20 + 12;
    bytes += raw(std::uint32_t{1});

    std::map<std::array<int, 2>, std::array<double, 2>> pairs;  // last word first
    for (const auto& [words, values] : kBigrams) pairs[{words[1], words[0]}] = values;
    std::map<std::array<int, 3>, double> triples;
    for (const auto& [words, value] : kTrigrams) triples[{words[2], words[1], words[0]}] = value;
    std::vector<double> pair_values, pair_backoffs, triple_values;
    const int next_bits = std::bit_width(kTrigrams.size());
    const int pair_bits = word_bits + (trigrams ? 32 + next_bits : 16), triple_bits = word_bits + 16;
    BitWriter pair_writer, triple_writer;
    std::size_t triple = 0;
    const auto next = [&](const std::array<int, 2>& words) {
        return static_cast<std::size_t>(
            std::distance(triples.begin(), triples.lower_bound({words[0], words[1], 0})));
    };
    for (const auto& [words, values] : pairs) {
        pair_writer.put(static_cast<std::uint64_t>(words[1]), word_bits);
        if (trigrams) pair_writer.put(pair_values.size(), 16);
        pair_writer.put(pair_values.size(), 16);
        if (trigrams) pair_writer.put(next(words), next_bits);
        pair_values.push_back(values[0]);
        pair_backoffs.push_back(values[1]);
    }
    if (trigrams) {  // where the last pair's range ends
        pair_writer.put(0, pair_bits - next_bits);
        pair_writer.put(triples.size(), next_bits);
    }
    for (const auto& [words, value] : triples) {
        triple_writer.put(static_cast<std::uint64_t>(words[2]), word_bits);
        triple_writer.put(triple++, 16);
        triple_values.push_back(value);
    }
    bytes += bins(pair_values);
    if (trigrams) bytes += bins(pair_backoffs) + bins(triple_values);
    for (std::size_t word = 0; word <= kWords.size(); ++word) {
        const bool last = word == kWords.size();
        bytes += raw(static_cast<float>((last ? 0 : kUnigrams[word]) / std::log(1.0001)));
        bytes += raw(static_cast<float>((last ? 0 : kBackoffs[word]) / std::log(1.0001)));
        const auto first = pairs.lower_bound({static_cast<int>(word), 0});
        bytes += raw(static_cast<std::uint32_t>(std::distance(pairs.begin(), first)));
    }
    bytes += pair_writer.finish(pairs.size(), pair_bits);
    if (trigrams) bytes += triple_writer.finish(triples.size(), triple_bits);
    std::string names;
    for (const std::string& word : kWords) names += word + '\0';
    return bytes + raw(static_cast<std::int32_t>(names.size())) + names;
}

class WordTimes : public testing::Test {
  protected:
    WordTimes() { write_file(dictionary_, "bee B IY\nme M IY\nme(2) M IH\ntea T IY\nbeet B IY T\n"); }

    pronunciation::NgramModel model(const std::string& bytes) {
        write_file(folder_ / "tiny.lm.bin", bytes);
        return pronunciation::NgramModel(folder_ / "tiny.lm.bin");
    }
    /// The line of the error, without the file's name.
    std::string refusal(const std::string& bytes) {
        try {
            model(bytes);
        } catch (const Error& error) {
            EXPECT_NE(error.code(), ErrorCode::kInternal);
            const std::string line = error.what();
            return line.substr(line.find("bin: ") + 5);
        }
        return "";
    }

    ScratchFolder folder_{"word-times"};
    std::filesystem::path dictionary_ = folder_ / "tiny.dict";
};

TEST_F(WordTimes, TheModelKnowsItsWordsAndTheirSuccessions) {
    const pronunciation::NgramModel tiny = model(model_bytes(3));
    ASSERT_EQ(tiny.num_words(), 5);
    EXPECT_EQ(tiny.word(kTea), "tea");
    EXPECT_EQ(tiny.find("bee"), kBee);
    EXPECT_EQ(tiny.find("beet"), -1);
    EXPECT_EQ(tiny.sentence_begin(), kBegin);
    EXPECT_EQ(tiny.sentence_end(), kEnd);
    const auto is = [&](int word, std::vector<int> history, double expected) {
        EXPECT_NEAR(tiny.log_probability(word, history), expected, 1e-3) << word;
    };
    is(kMe, {}, -1);
    is(kMe, {kBegin}, -0.5);
    is(kMe, {kBegin, -1}, -0.5);
    is(kBee, {kTea}, -2 + 0);              // never seen; tea has no back-off
    is(kTea, {kBegin}, -2.5 - 0.25);       // backs off from <s>
    is(kTea, {kMe, kBegin}, -0.2);         // a triple
    is(kBee, {kMe, kBegin}, -0.3 - 0.75);  // a pair, backs off from "<s> me"
    is(kEnd, {kBee, kMe}, -0.05);
    is(kEnd, {kBee, kTea}, -0.25);  // "tea bee" was never seen
    is(kBee, {kBee, kMe}, -2 - 0.5 - 0.1);
    is(kEnd, {kBee, kMe, kTea}, -0.05);  // more than three words do not count
}

TEST_F(WordTimes, AModelOfPairsWorksTheSame) {
    const pronunciation::NgramModel tiny = model(model_bytes(2));
    EXPECT_NEAR(tiny.log_probability(kBee, std::array{kMe + 0, kBegin + 0}), -0.3, 1e-3);
    EXPECT_NEAR(tiny.log_probability(kTea, std::array{kBee + 0}), -2.5 - 0.5, 1e-3);
}

// Values of sphinx_lm_eval 5prealpha (-verbose yes), in logarithms to the base 1.0001.
TEST_F(WordTimes, DebiansModelSaysWhatCmuSphinxReadsInIt) {
    if (pronunciation::NgramModel::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's language model";
    const pronunciation::NgramModel english(pronunciation::NgramModel::usual_place());
    const std::pair<const char*, int> expected[] = {{"the", -31995}, {"quick", -96603}, {"brown", -47277},
                                                    {"fox", -6611},  {"jumps", -82364}, {"over", -43534},
                                                    {"the", -13871}, {"lazy", -89103},  {"dog", -61760}};
    int last = -1, second_last = -1;
    for (const auto& [word, value] : expected) {
        const int index = english.find(word);
        ASSERT_GE(index, 0) << word;
        EXPECT_NEAR(english.log_probability(index, std::array{last, second_last}), value * std::log(1.0001),
                    2e-3)
            << word;
        second_last = last;
        last = index;
    }
}

TEST_F(WordTimes, DamagedModelsAreRefusedOrHarmless) {
    const std::string whole = model_bytes(3);
    EXPECT_NE(refusal("\\data\\\nngram 1=5\n").find("sphinx_lm_convert"), std::string::npos);
    for (const std::size_t size :
         {0ul, 10ul, 19ul, 25ul, 40ul, 300'000ul, whole.size() - 60, whole.size() - 3})
        EXPECT_NE(refusal(whole.substr(0, size)), "") << size;
    std::string other = whole;
    other[19] = 5;
    EXPECT_EQ(refusal(other), "expected a model of 2 or 3 words, got 5");
    other = whole;
    std::memset(&other[24], 0xff, 4);
    EXPECT_NE(refusal(other).find("got 4294967295"), std::string::npos);
    other = whole;
    other[24] = 7;  // bigrams
    EXPECT_NE(refusal(other), "");
    other = whole;
    const float nan = std::nanf("");
    std::memcpy(&other[40], &nan, 4);
    EXPECT_EQ(refusal(other), "expected finite probabilities");
    // Behind the tables: pointers and packed words. Whatever they are, nothing outside is read.
    Rng rng(5);
    const std::size_t tables = 36 + 3 * 65536 * 4;
    for (int i = 0; i < 300; ++i) {
        other = whole;
        for (int k = 0; k < 4; ++k)
            other[tables + rng.below(other.size() - tables)] = static_cast<char>(rng.below(256));
        write_file(folder_ / "tiny.lm.bin", other);
        try {
            const pronunciation::NgramModel damaged(folder_ / "tiny.lm.bin");
            for (int word = 0; word < damaged.num_words(); ++word)
                for (int before = 0; before < damaged.num_words(); ++before)
                    EXPECT_FALSE(std::isnan(damaged.log_probability(word, std::array{before, kMe + 0})));
        } catch (const Error&) {
        }
    }
}

TEST_F(WordTimes, TheTreeSharesBeginnings) {
    const pronunciation::NgramModel tiny = model(model_bytes(3));
    const pronunciation::PronunciationTree tree(tiny, pronunciation::Pronunciations(dictionary_));
    // root, B, M, T, then IY of bee, IH and IY of me, IY of tea; "beet" is no word of the model.
    ASSERT_EQ(tree.num_nodes(), 8);
    EXPECT_EQ(tree.node(0).num_children, 3);
    EXPECT_NEAR(tree.node(0).best, -1, 1e-3);
    const pronunciation::PronunciationTree::Node& b = tree.node(tree.node(0).first_child);
    EXPECT_EQ(audio::phone_name(b.phone), "B");
    EXPECT_NEAR(b.best, -2, 1e-3);
    const pronunciation::PronunciationTree::Node& bee = tree.node(b.first_child);
    ASSERT_EQ(bee.num_words, 1);
    EXPECT_EQ(tree.word(bee.first_word), kBee);
    std::string endless = "me";
    for (int i = 0; i < 200'000; ++i) endless += " M";
    write_file(dictionary_, endless + "\nbee B IY\n");
    EXPECT_EQ(pronunciation::PronunciationTree(tiny, pronunciation::Pronunciations(dictionary_)).num_nodes(),
              1 + 200'000 + 2);
    write_file(dictionary_, "zebra Z IY B R AH\n");
    EXPECT_THROW(pronunciation::PronunciationTree(tiny, pronunciation::Pronunciations(dictionary_)), Error);
}

/// All ways to say a sound, one frame after the other, in plain recursion. Words follow each other with or
/// without a pause, a pause may end a sentence, the last word ends one.
struct Exhaustive {
    const pronunciation::NgramModel& model;
    const std::vector<std::pair<int, std::vector<int>>>& ways;
    const std::vector<std::array<float, audio::kNumPhones>>& scores;
    float weight;
    double best = -1e30;
    std::vector<int> best_words = {}, words = {};

    double say(int word, int last) { return weight * model.log_probability(word, std::array{last}); }
    double heard(std::size_t t, int phone) { return scores[t][static_cast<std::size_t>(phone)]; }

    void pause(std::size_t t, int last, double sum, bool first) {
        for (std::size_t end = t + 1; end <= scores.size(); ++end) {
            sum += heard(end - 1, audio::kSilence);
            word(end, last, sum, false);
            if (!first) word(end, kBegin, sum + say(kEnd, last), false);
            if (end == scores.size()) finish(sum + say(kEnd, last));
        }
    }
    void word(std::size_t t, int last, double sum, bool may_pause) {
        if (may_pause) pause(t, last, sum, last == kBegin && words.empty());
        for (const auto& [index, phones] : ways) {
            words.push_back(index);
            phone(t, phones, 0, index, sum + say(index, last));
            words.pop_back();
        }
    }
    void phone(std::size_t t, const std::vector<int>& phones, std::size_t k, int index, double sum) {
        for (std::size_t end = t + 1; end <= scores.size(); ++end) {
            sum += heard(end - 1, phones[k]);
            if (k + 1 < phones.size()) {
                phone(end, phones, k + 1, index, sum);
            } else if (end == scores.size()) {
                finish(sum + say(kEnd, index));
            } else {
                word(end, index, sum, true);
            }
        }
    }
    void finish(double sum) {
        if (sum <= best) return;
        best = sum;
        best_words = words;
    }
};

WordSearchOptions wide() {
    WordSearchOptions options;
    options.hurry_penalty = 0;
    options.beam = options.word_beam = 1e6;
    return options;
}

TEST_F(WordTimes, TheSearchFindsWhatTryingEverythingFinds) {
    const pronunciation::NgramModel tiny = model(model_bytes(2));
    const pronunciation::Pronunciations dictionary(dictionary_);
    const pronunciation::PronunciationTree tree(tiny, dictionary);
    std::vector<std::pair<int, std::vector<int>>> ways;
    for (const int word : {kBee, kMe, kTea})
        for (const std::vector<int>& way : dictionary.of(kWords[static_cast<std::size_t>(word)]))
            ways.emplace_back(word, way);
    Rng rng(11);
    std::map<std::size_t, int> lengths;
    for (int trial = 0; trial < 60; ++trial) {
        std::vector<std::array<float, audio::kNumPhones>> scores(2 + rng.below(7));
        for (auto& row : scores)
            for (float& score : row) score = static_cast<float>(-4 * rng.uniform());
        Exhaustive expected{tiny, ways, scores, 1.2f};
        expected.pause(0, kBegin, 0, true);
        expected.word(0, kBegin, 0, false);
        const SearchResult found = search_words(
            tiny, tree, scores.size(), [&](std::size_t t) { return scores[t].data(); }, wide());
        EXPECT_EQ(found.words, expected.best_words) << trial;
        ++lengths[found.words.size()];
    }
    EXPECT_GE(lengths.size(), 3u);  // none, one, more
}

/// Scores for phones said one after the other, 4 frames each: 0 for what is said, `others` for the rest.
std::vector<std::array<float, audio::kNumPhones>> said(const std::vector<const char*>& names, float others) {
    std::vector<std::array<float, audio::kNumPhones>> scores;
    for (const char* name : names)
        for (int k = 0; k < 4; ++k) {
            scores.emplace_back().fill(others);
            scores.back()[static_cast<std::size_t>(audio::phone_from_name(name))] = 0;
        }
    return scores;
}

TEST_F(WordTimes, PhonesBelongToTheirWordsAndPausesToNone) {
    const pronunciation::NgramModel tiny = model(model_bytes(3));
    const pronunciation::PronunciationTree tree(tiny, pronunciation::Pronunciations(dictionary_));
    const auto scores = said({"SIL", "M", "IY", "T", "IY", "SIL", "B", "IY", "SIL"}, -6);
    const SearchResult found =
        search_words(tiny, tree, scores.size(), [&](std::size_t t) { return scores[t].data(); });
    EXPECT_EQ(found.words, (std::vector<int>{kMe, kTea, kBee}));
    ASSERT_EQ(found.phones.size(), 9u);
    const int words[] = {-1, 0, 0, 1, 1, -1, 2, 2, -1};
    for (std::size_t k = 0; k < 9; ++k) {
        EXPECT_EQ(found.phones[k].frame, static_cast<int>(4 * k));
        EXPECT_EQ(found.phones[k].word, words[k]) << k;
    }
}

TEST_F(WordTimes, TheLanguageDecidesWhatTheSoundLeavesOpen) {
    const pronunciation::NgramModel tiny = model(model_bytes(3));
    const pronunciation::PronunciationTree tree(tiny, pronunciation::Pronunciations(dictionary_));
    // Something and IY, twice: "me" is what begins sentences, "bee" after "me" what ends them.
    auto scores = said({"M", "IY", "T", "IY"}, -6);
    for (std::size_t t = 0; t < scores.size(); ++t)
        for (const char* name : {"B", "M", "T"})
            if (t % 8 < 4) scores[t][static_cast<std::size_t>(audio::phone_from_name(name))] = 0;
    const SearchResult found =
        search_words(tiny, tree, scores.size(), [&](std::size_t t) { return scores[t].data(); });
    EXPECT_EQ(found.words, (std::vector<int>{kMe, kBee}));
}

TEST_F(WordTimes, DroppingWhatNobodyComesFromChangesNothing) {
    const pronunciation::NgramModel tiny = model(model_bytes(3));
    const pronunciation::PronunciationTree tree(tiny, pronunciation::Pronunciations(dictionary_));
    Rng rng(3);
    std::vector<std::array<float, audio::kNumPhones>> scores(3000);
    for (auto& row : scores)
        for (float& score : row) score = static_cast<float>(-5 * rng.uniform());
    WordSearchOptions options;
    const auto heard = [&](std::size_t t) { return scores[t].data(); };
    const SearchResult kept = search_words(tiny, tree, scores.size(), heard, options);
    options.records_kept = 16;
    const SearchResult dropped = search_words(tiny, tree, scores.size(), heard, options);
    EXPECT_GT(kept.words.size(), 100u);
    EXPECT_EQ(kept.words, dropped.words);
    ASSERT_EQ(kept.phones.size(), dropped.phones.size());
    for (std::size_t k = 0; k < kept.phones.size(); ++k)
        EXPECT_EQ(kept.phones[k].frame, dropped.phones[k].frame);
}

TEST_F(WordTimes, PriorsTakeBackWhatTheEncoderGuesses) {
    write_file(folder_ / "tiny.lm.bin", model_bytes(3));
    const WordRecognizer recognizer(dictionary_, folder_ / "tiny.lm.bin");
    const auto scores = said({"SIL", "M", "IY", "SIL"}, -6);
    std::vector<float> posteriors;
    for (auto row : scores) {
        // An encoder that knows IH from training but hardly ever heard IY guesses IH.
        std::swap(row[static_cast<std::size_t>(audio::phone_from_name("IH"))],
                  row[static_cast<std::size_t>(audio::phone_from_name("IY"))]);
        float& rare = row[static_cast<std::size_t>(audio::phone_from_name("IY"))];
        if (row[static_cast<std::size_t>(audio::phone_from_name("IH"))] == 0) rare = -1;
        posteriors.insert(posteriors.end(), row.begin(), row.end());
    }
    const auto num_samples = static_cast<std::int64_t>(scores.size()) * 320;
    std::vector<float> share(audio::kNumPhones, 0.02f);
    share[static_cast<std::size_t>(audio::phone_from_name("IY"))] = 0.0001f;
    WordOptions options;
    options.lookalike_weight = 0;
    const auto vowel = [&](const std::vector<float>& shares) {
        const PhoneTimes times = recognizer(posteriors, num_samples, shares, options);
        EXPECT_EQ(times.words.at(0).word, "me");
        return audio::phone_name(times.phones.at(2).phone);
    };
    EXPECT_EQ(vowel({}), "IH");
    EXPECT_EQ(vowel(share), "IY");
    EXPECT_THROW(recognizer(posteriors, num_samples + 320, share), Error);
    EXPECT_THROW(recognizer({}, 0, share), Error);
}

TEST_F(WordTimes, TimesCoverTheSound) {
    write_file(folder_ / "tiny.lm.bin", model_bytes(3));
    const WordRecognizer recognizer(dictionary_, folder_ / "tiny.lm.bin");
    std::vector<float> posteriors;
    for (const auto& row : said({"SIL", "M", "IY", "SIL"}, -6))
        posteriors.insert(posteriors.end(), row.begin(), row.end());
    const PhoneTimes times = recognizer(posteriors, 16 * 320 - 100, {});
    ASSERT_EQ(times.words.size(), 1u);
    EXPECT_NEAR(times.words[0].start_s, 0.07, 1e-9);
    EXPECT_NEAR(times.words[0].end_s, 0.23, 1e-9);
    EXPECT_NEAR(times.words[0].fit, 0, 1e-6);
    ASSERT_EQ(times.phones.size(), 4u);
    EXPECT_EQ(times.phones.front().start_s, 0);
    EXPECT_NEAR(times.phones.back().end_s, (16 * 320 - 100) / 16000.0, 1e-9);
    for (std::size_t k = 1; k < 4; ++k) EXPECT_EQ(times.phones[k].start_s, times.phones[k - 1].end_s);
    // Nothing but one frame: a pause.
    const PhoneTimes short_times = recognizer(std::vector<float>(audio::kNumPhones, -1), 1, {});
    EXPECT_EQ(short_times.phones.size(), 1u);
}

}  // namespace
}  // namespace vultus::alignment
