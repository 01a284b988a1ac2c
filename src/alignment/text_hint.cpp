#include "alignment/text_hint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "alignment/frame_path.h"
#include "alignment/frame_scores.h"
#include "alignment/word_graph.h"
#include "audio/phones.h"
#include "base/error.h"

namespace vultus::alignment {
namespace {

/// Nats a frame: how much worse any speech is than the phones that are heard. Words that fit worse are not
/// said, so it lies near AlignOptions::worst_fit.
constexpr float kAnySpeechCost = 2;
/// Steps of a search in all: bounds its memory, 12 bytes each.
constexpr std::size_t kMostSteps = 60'000'000, kFewestStates = 300;
/// Of the text's words, or of the speech: a text of which less is said is another one. Two texts share words.
constexpr double kLeastShare = 0.3;
/// By chance one phone in so many is the one that is looked for.
constexpr double kPhonesToChoose = 15;
/// To leave words out and go on gives chance another choice, worth so many phones that fit.
constexpr double kPhonesPerChance = 2;
/// Of one search for a word that was not found.
constexpr std::size_t kLongestLookup = 1500, kMostLookups = 300;

class Hint {
  public:
    Hint(const std::vector<float>& log_posteriors, std::int64_t num_samples,
         const std::vector<SpokenWord>& words, const HintCosts& costs)
        : costs_(costs),
          log_posteriors_(log_posteriors),
          num_samples_(num_samples),
          frames_(checked_frames(log_posteriors, num_samples)),
          words_(words),
          heard_(heard_phones(log_posteriors, frames_)) {}

    PhoneTimes align() {
        search();
        drop_chance();
        PhoneTimes times = times_of_path(
            path_, [&](int word) { return words_[static_cast<std::size_t>(word)].word; }, log_posteriors_,
            num_samples_, nullptr);
        if (share_of_text(times) < kLeastShare && share_of_speech() < kLeastShare)
            fail(ErrorCode::kInvalidArgument,
                 "[alignment] the text does not match the sound: of its {} words {} in these {:.2f} s",
                 words_.size(), times.words.empty() ? "none is said" : "hardly any are said",
                 times.duration_s);
        find_gaps(times);
        find_unsaid(times);
        add_places(words_, times);
        return times;
    }

  private:
    static constexpr int kAnyState = -2;  ///< minus a phone: any speech, by what is heard

    void search() {
        const WordGraph graph(words_, costs_);
        const auto score = [&](std::size_t t, int phone) {
            return phone == WordGraph::kAnySpeech ? score_of(log_posteriors_, t, heard_[t]) - kAnySpeechCost
                                                  : score_of(log_posteriors_, t, phone);
        };
        WordGraph::Beam beam;
        beam.most = std::max(kMostSteps / std::max<std::size_t>(frames_, 1), kFewestStates);
        // What the search knows of a word comes late: all that it has room for.
        beam.nats = std::numeric_limits<double>::infinity();
        const WordGraph::Path found = graph.best_path(frames_, score, beam);
        path_.resize(frames_);
        for (std::size_t t = 0; t < frames_; ++t) {
            const int state = found.states[t], phone = graph.phone(state);
            path_[t] =
                phone == WordGraph::kAnySpeech ? any_speech(t) : FrameState{state, phone, graph.word(state)};
        }
    }

    FrameState any_speech(std::size_t t) const { return {kAnyState - heard_[t], heard_[t], -1}; }

    /// Words in a row of few phones that fit are there by chance, in a long text and a long sound easily.
    void drop_chance() {
        std::size_t heard = 1;
        for (std::size_t t = 1; t < frames_; ++t) heard += heard_[t] != heard_[t - 1];
        const double least =
            0.5 + std::log(static_cast<double>(words_.size() * heard)) / std::log(kPhonesToChoose);
        for (std::size_t begin = 0; begin < frames_;) {
            std::size_t end = begin;
            double evidence = 0;
            for (int last = -1; end < frames_ && path_[end].state > kAnyState;) {
                const std::size_t phone_end = end_of_phone(end);
                if (path_[end].word >= 0) {
                    if (last >= 0 && path_[end].word > next_said(last)) evidence -= kPhonesPerChance;
                    last = path_[end].word;
                    evidence += phone_evidence(end, phone_end);
                }
                end = phone_end;
            }
            if (evidence < least)
                for (std::size_t t = begin; t < end; ++t)
                    if (path_[t].word >= 0) path_[t] = any_speech(t);
            begin = std::max(end, begin + 1);
        }
    }

    std::size_t end_of_phone(std::size_t begin) const {
        std::size_t end = begin + 1;
        while (end < frames_ && path_[end].state == path_[begin].state) ++end;
        return end;
    }

    /// 1: just this phone is heard; 0: any other is as good.
    double phone_evidence(std::size_t begin, std::size_t end) const {
        double sum = 0;
        for (std::size_t t = begin; t < end; ++t)
            sum += score_of(log_posteriors_, t, path_[t].phone) - score_of(log_posteriors_, t, heard_[t]);
        return 1 + sum / static_cast<double>(end - begin) / kAnySpeechCost;
    }

    /// Past those that need not be said.
    int next_said(int word) const {
        auto next = static_cast<std::size_t>(word) + 1;
        while (next < words_.size() && need_not_be_said(next)) ++next;
        return static_cast<int>(next);
    }

    bool need_not_be_said(std::size_t index) const {
        for (std::size_t first = index + 1; first-- > 0 && first + 8 > index;)
            if (words_[first].optional_until > index) return true;
        const auto& slots = words_[index].slots;
        return words_[index].known && !slots.empty() &&
               std::all_of(slots.begin(), slots.end(), [](const auto& slot) {
                   return std::any_of(slot.begin(), slot.end(),
                                      [](const auto& reading) { return reading.empty(); });
               });
    }

    double share_of_text(const PhoneTimes& times) const {
        std::size_t words = 0;
        for (std::size_t i = 0; i < words_.size(); ++i) words += !need_not_be_said(i);
        return static_cast<double>(times.words.size()) / static_cast<double>(std::max<std::size_t>(words, 1));
    }

    double share_of_speech() const {
        std::size_t speech = 1, said = 0;
        for (std::size_t t = 0; t < frames_; ++t) {
            speech += heard_[t] != audio::kSilence;
            said += path_[t].word >= 0;
        }
        return static_cast<double>(said) / static_cast<double>(speech);
    }

    void find_gaps(PhoneTimes& times) const {
        for (std::size_t begin = 0; begin < frames_; ++begin) {
            if (path_[begin].state > kAnyState) continue;
            std::size_t end = begin;
            double speech = 0;
            for (; end < frames_ && path_[end].state <= kAnyState; ++end)
                speech += 1 - std::exp(score_of(log_posteriors_, end, audio::kSilence));
            const double sure = speech / static_cast<double>(end - begin);
            if (sure > 0.5)
                times.gaps.push_back(
                    {frame_begin_s(begin, num_samples_), frame_begin_s(end, num_samples_), sure});
            begin = end;
        }
    }

    void find_unsaid(PhoneTimes& times) const {
        std::size_t found = 0, lookups = 0;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if (found < times.words.size() && times.words[found].index == static_cast<int>(i)) {
                ++found;
                continue;
            }
            if (need_not_be_said(i)) continue;
            const double from_s = found == 0 ? 0 : times.words[found - 1].end_s,
                         to_s = found < times.words.size() ? times.words[found].start_s : times.duration_s;
            const double sure = !words_[i].known           ? 0
                                : lookups++ < kMostLookups ? surely_unsaid(words_[i], from_s, to_s)
                                                           : 1;
            times.unsaid.push_back({words_[i].word, static_cast<int>(i), words_[i].begin_char,
                                    words_[i].end_char, from_s, sure, words_[i].known});
        }
    }

    /// How badly the word fits between the words around it, at best.
    double surely_unsaid(const SpokenWord& word, double from_s, double to_s) const {
        const auto begin = static_cast<std::size_t>(std::lround(from_s * kPosteriorRateHz)),
                   end = std::min(static_cast<std::size_t>(std::lround(to_s * kPosteriorRateHz)), frames_);
        SpokenWord alone = word;
        alone.optional_until = 0;
        const WordGraph graph({alone});
        if (end < begin + graph.shortest_frames() || end - begin > kLongestLookup) return 1;
        const auto score = [&](std::size_t t, int phone) {
            return score_of(log_posteriors_, begin + t, phone);
        };
        const WordGraph::Path path =
            graph.best_path(end - begin, score, {.nats = std::numeric_limits<double>::infinity()});
        double sum = 0, count = 0;
        for (std::size_t t = 0; t < path.states.size(); ++t) {
            if (graph.word(path.states[t]) < 0) continue;
            sum += score(t, graph.phone(path.states[t])) - score(t, heard_[begin + t]);
            ++count;
        }
        return count == 0 ? 1 : 1 - std::exp(std::min(sum / count, 0.0));
    }

    HintCosts costs_;
    const std::vector<float>& log_posteriors_;
    std::int64_t num_samples_;
    std::size_t frames_;
    const std::vector<SpokenWord>& words_;
    std::vector<int> heard_;  ///< without words, frame by frame
    std::vector<FrameState> path_;
};

}  // namespace

PhoneTimes align_hint(const std::vector<float>& log_posteriors, std::int64_t num_samples,
                      const std::vector<SpokenWord>& words, const HintCosts& costs) {
    return Hint(log_posteriors, num_samples, words, costs).align();
}

void add_places(const std::vector<SpokenWord>& words, PhoneTimes& times) {
    for (WordSegment& found : times.words) {
        const SpokenWord& word = words[static_cast<std::size_t>(found.index)];
        found.begin_char = word.begin_char;
        found.end_char = word.end_char;
        found.shown = word.shown;
    }
}

}  // namespace vultus::alignment
