#include "alignment/word_search.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "audio/phones.h"
#include "base/cancel.h"

namespace vultus::alignment {
namespace {

constexpr std::size_t kPollFrames = 250;

/// What a hypothesis went through: a phone that began, or a word that ended.
struct Record {
    int before = -1;
    int frame = 0;
    int phone = -1;  ///< -1: the end of `word`
    int word = -1;
};

struct Hypothesis {
    int node = 0;
    int last = -1, second_last = -1;  ///< words
    int record = -1;
    float score = 0;
    bool entered = false;  ///< in this frame: its phone has no record yet
};

class Records {
  public:
    explicit Records(std::size_t kept) : kept_(kept), limit_(kept) {}
    int add(const Record& record) {
        records_.push_back(record);
        return static_cast<int>(records_.size()) - 1;
    }
    const Record& operator[](int index) const { return records_[static_cast<std::size_t>(index)]; }
    bool many() const { return records_.size() >= limit_; }

    void keep_only(std::vector<Hypothesis>& hypotheses) {
        std::vector<int> places(records_.size(), -1);
        for (const Hypothesis& hypothesis : hypotheses)
            for (int at = hypothesis.record; at >= 0 && places[static_cast<std::size_t>(at)] < 0;
                 at = (*this)[at].before)
                places[static_cast<std::size_t>(at)] = 0;
        std::size_t count = 0;
        for (std::size_t i = 0; i < records_.size(); ++i) {
            if (places[i] < 0) continue;
            Record record = records_[i];
            if (record.before >= 0) record.before = places[static_cast<std::size_t>(record.before)];
            places[i] = static_cast<int>(count);
            records_[count++] = record;
        }
        records_.resize(count);
        for (Hypothesis& hypothesis : hypotheses)
            if (hypothesis.record >= 0)
                hypothesis.record = places[static_cast<std::size_t>(hypothesis.record)];
        limit_ = std::max(kept_, 2 * count);
    }

  private:
    std::vector<Record> records_;
    std::size_t kept_, limit_;
};

/// The best hypothesis for each place in the tree and last word.
class Frontier {
  public:
    void offer(const Hypothesis& hypothesis) {
        const std::uint64_t key =
            (static_cast<std::uint64_t>(static_cast<std::uint32_t>(hypothesis.node)) << 32) |
            static_cast<std::uint32_t>(hypothesis.last);
        if (2 * hypotheses_.size() >= places_.size()) grow();
        std::size_t at = slot_of(key);
        if (places_[at].epoch != epoch_) {
            places_[at] = {key, static_cast<int>(hypotheses_.size()), epoch_};
            hypotheses_.push_back(hypothesis);
            return;
        }
        Hypothesis& kept = hypotheses_[static_cast<std::size_t>(places_[at].index)];
        if (hypothesis.score > kept.score) kept = hypothesis;
    }
    /// Hands the hypotheses over and starts again.
    void take(std::vector<Hypothesis>& into) {
        into.swap(hypotheses_);
        hypotheses_.clear();
        ++epoch_;
    }

  private:
    struct Place {
        std::uint64_t key = 0;
        int index = 0;
        std::uint32_t epoch = 0;
    };
    std::size_t slot_of(std::uint64_t key) const {
        std::size_t at = (key * 0x9E3779B97F4A7C15u >> 20) & (places_.size() - 1);
        while (places_[at].epoch == epoch_ && places_[at].key != key) at = (at + 1) & (places_.size() - 1);
        return at;
    }
    void grow() {
        std::vector<Place> old(places_.size() * 2);
        old.swap(places_);
        for (const Place& place : old)
            if (place.epoch == epoch_) places_[slot_of(place.key)] = place;
    }

    std::vector<Hypothesis> hypotheses_;
    std::vector<Place> places_ = std::vector<Place>(1 << 14);
    std::uint32_t epoch_ = 1;
};

class Search {
  public:
    Search(const pronunciation::NgramModel& model, const pronunciation::PronunciationTree& tree,
           const WordSearchOptions& options)
        : model_(model),
          tree_(tree),
          options_(options),
          weight_(static_cast<float>(options.language_weight)),
          hurry_(static_cast<float>(options.hurry_penalty)),
          records_(options.records_kept) {}

    SearchResult run(std::size_t frames, const FrameScores& scores) {
        for (std::size_t t = 0; t < frames; ++t) {
            if (t % kPollFrames == 0) throw_if_cancelled();
            if (t == 0)
                begin_words({0, model_.sentence_begin(), -1, -1, 0, false}, true);
            else
                advance(static_cast<int>(t));
            hear(scores(t), static_cast<int>(t));
        }
        return trace(static_cast<int>(frames));
    }

  private:
    int silence() const { return tree_.num_nodes(); }
    int phone_of(int node) const { return node == silence() ? audio::kSilence : tree_.node(node).phone; }

    void begin_words(const Hypothesis& from, bool pause) {
        const pronunciation::PronunciationTree::Node& root = tree_.node(0);
        for (int child = root.first_child; child < root.first_child + root.num_children; ++child)
            frontier_.offer({child, from.last, from.second_last, from.record,
                             from.score + weight_ * tree_.node(child).best, true});
        if (pause) frontier_.offer({silence(), from.last, from.second_last, from.record, from.score, true});
    }

    void end_words(const Hypothesis& from) {
        const pronunciation::PronunciationTree::Node& node = tree_.node(from.node);
        const std::array<int, 2> history{from.last, from.second_last};
        for (int k = node.first_word; k < node.first_word + node.num_words; ++k) {
            const int word = tree_.word(k);
            const float score = from.score + weight_ * (model_.log_probability(word, history) - node.best);
            ended_.push_back({0, word, from.last, from.record, score, false});
        }
    }

    void advance(int frame) {
        ended_.clear();
        for (Hypothesis& from : active_) {
            Hypothesis stays = from;
            stays.entered = false;
            frontier_.offer(stays);
            if (from.entered) from.score -= hurry_;
            if (from.node == silence()) {
                begin_words(from, false);
                // A pause may end a sentence.
                const std::array<int, 2> history{from.last, from.second_last};
                if (from.last != model_.sentence_begin())
                    begin_words(
                        {0, model_.sentence_begin(), -1, from.record,
                         from.score + weight_ * model_.log_probability(model_.sentence_end(), history),
                         false},
                        false);
                continue;
            }
            const pronunciation::PronunciationTree::Node& node = tree_.node(from.node);
            for (int child = node.first_child; child < node.first_child + node.num_children; ++child)
                frontier_.offer({child, from.last, from.second_last, from.record,
                                 from.score + weight_ * (tree_.node(child).best - node.best), true});
            end_words(from);
        }
        leave_words(frame);
    }

    /// The words that end here and are not far behind, each once.
    void leave_words(int frame) {
        std::sort(ended_.begin(), ended_.end(), [](const Hypothesis& a, const Hypothesis& b) {
            return a.last != b.last ? a.last < b.last : a.score > b.score;
        });
        float best = -std::numeric_limits<float>::infinity();
        for (const Hypothesis& end : ended_) best = std::max(best, end.score);
        int previous = -1;
        for (Hypothesis& end : ended_) {
            if (end.last == previous) continue;
            previous = end.last;
            if (end.score < best - static_cast<float>(options_.word_beam)) continue;
            end.record = records_.add({end.record, frame, -1, end.last});
            begin_words(end, true);
        }
    }

    void hear(const float* scores, int frame) {
        frontier_.take(active_);
        float best = -std::numeric_limits<float>::infinity();
        for (Hypothesis& hypothesis : active_) {
            hypothesis.score += scores[phone_of(hypothesis.node)];
            best = std::max(best, hypothesis.score);
        }
        const float least = best - static_cast<float>(options_.beam);
        std::erase_if(active_, [&](const Hypothesis& hypothesis) { return hypothesis.score < least; });
        const auto most = static_cast<std::size_t>(options_.max_hypotheses);
        if (active_.size() > most) {
            std::nth_element(active_.begin(), active_.begin() + static_cast<std::ptrdiff_t>(most),
                             active_.end(),
                             [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
            active_.resize(most);
        }
        for (Hypothesis& hypothesis : active_) {
            hypothesis.score -= best;  // differences decide; sums of hours lose digits
            if (hypothesis.entered)
                hypothesis.record = records_.add({hypothesis.record, frame, phone_of(hypothesis.node), -1});
        }
        if (records_.many()) records_.keep_only(active_);
    }

    /// The best hypothesis whose last word is whole.
    SearchResult trace(int frames) {
        ended_.clear();
        for (const Hypothesis& from : active_) {
            if (from.node == silence()) {
                ended_.push_back(from);
                continue;
            }
            const std::size_t first = ended_.size();
            end_words(from);
            for (std::size_t k = first; k < ended_.size(); ++k)
                ended_[k].record = records_.add({ended_[k].record, frames, -1, ended_[k].last});
        }
        for (Hypothesis& end : ended_) {
            const std::array<int, 2> history{end.last, end.second_last};
            end.score += weight_ * model_.log_probability(model_.sentence_end(), history);
        }
        const std::vector<Hypothesis>& choices = ended_.empty() ? active_ : ended_;
        const auto best =
            std::max_element(choices.begin(), choices.end(),
                             [](const Hypothesis& a, const Hypothesis& b) { return a.score < b.score; });
        SearchResult result;
        int inside = -1;  // the word whose phones come next, going back
        for (int at = best->record; at >= 0; at = records_[at].before) {
            const Record& record = records_[at];
            if (record.phone < 0) {
                inside = static_cast<int>(result.words.size());
                result.words.push_back(record.word);
            } else {
                result.phones.push_back(
                    {record.frame, record.phone, record.phone == audio::kSilence ? -1 : inside});
            }
        }
        std::reverse(result.phones.begin(), result.phones.end());
        std::reverse(result.words.begin(), result.words.end());
        for (SearchedPhone& phone : result.phones)
            if (phone.word >= 0) phone.word = static_cast<int>(result.words.size()) - 1 - phone.word;
        return result;
    }

    const pronunciation::NgramModel& model_;
    const pronunciation::PronunciationTree& tree_;
    WordSearchOptions options_;
    float weight_, hurry_;
    Frontier frontier_;
    Records records_;
    std::vector<Hypothesis> active_, ended_;
};

}  // namespace

SearchResult search_words(const pronunciation::NgramModel& model,
                          const pronunciation::PronunciationTree& tree, std::size_t frames,
                          const FrameScores& scores, const WordSearchOptions& options) {
    return frames == 0 ? SearchResult{} : Search(model, tree, options).run(frames, scores);
}

}  // namespace vultus::alignment
