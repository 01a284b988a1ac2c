#include "alignment/word_graph.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <queue>

#include "base/cancel.h"

namespace vultus::alignment {
namespace {

constexpr std::size_t kPollFrames = 1000;

struct Step {
    int state = 0;
    int before = -1;  ///< index in the steps of the frame before
    float score = 0;
};

/// Keeps the best step into each state of one frame.
class Frontier {
  public:
    explicit Frontier(std::size_t states) : place_(states, -1) {}

    void offer(int state, int before, float score) {
        int& place = place_[static_cast<std::size_t>(state)];
        if (place < 0) {
            place = static_cast<int>(steps_.size());
            steps_.push_back({state, before, score});
        } else if (score > steps_[static_cast<std::size_t>(place)].score) {
            steps_[static_cast<std::size_t>(place)] = {state, before, score};
        }
    }

    /// Leads what came to junctions on. Those that follow one another have rising numbers.
    void pass_junctions(const WordGraph& graph) {
        std::priority_queue<int, std::vector<int>, std::greater<>> waiting;
        for (const Step& step : steps_)
            if (graph.is_junction(step.state)) waiting.push(step.state);
        for (; !waiting.empty(); waiting.pop()) {
            const Step step = *find(waiting.top());
            for (const int next : graph.next(step.state)) {
                if (graph.is_junction(next) && find(next) == nullptr) waiting.push(next);
                offer(next, step.before, step.score - graph.entry_cost(next));
            }
        }
    }

    const Step* find(int state) const {
        const int place = place_[static_cast<std::size_t>(state)];
        return place < 0 ? nullptr : &steps_[static_cast<std::size_t>(place)];
    }

    /// Adds the frame's scores and drops what lies behind the best by more than the beam.
    std::vector<Step> finish(std::size_t frame, const WordGraph& graph, const WordGraph::Score& score,
                             const WordGraph::Beam& beam) {
        float best = -std::numeric_limits<float>::infinity();
        for (const Step& step : steps_) place_[static_cast<std::size_t>(step.state)] = -1;
        std::erase_if(steps_, [&](const Step& step) { return graph.is_junction(step.state); });
        for (Step& step : steps_) {
            step.score += score(frame, graph.phone(step.state));
            best = std::max(best, step.score);
        }
        std::erase_if(steps_, [&](const Step& step) { return step.score < best - beam.nats; });
        if (steps_.size() > beam.most) {
            const auto last = steps_.begin() + static_cast<std::ptrdiff_t>(beam.most);
            std::nth_element(steps_.begin(), last, steps_.end(),
                             [](const Step& a, const Step& b) { return a.score > b.score; });
            steps_.erase(last, steps_.end());
        }
        return std::move(steps_);
    }

  private:
    std::vector<int> place_;  ///< of each state in steps_, -1: not there
    std::vector<Step> steps_;
};

/// One slot with one reading of one word is the usual case.
std::vector<SpokenWord::Slot> slots_of(const SpokenWord& word) {
    if (!word.slots.empty()) return word.slots;
    return {{{word.ways}}};
}

std::size_t shortest_frames_of(const SpokenWord& word) {
    std::size_t frames = 0;
    for (const SpokenWord::Slot& slot : slots_of(word)) {
        std::size_t shortest = std::numeric_limits<std::size_t>::max();
        for (const SpokenWord::Reading& reading : slot) {
            std::size_t sum = 0;
            for (const auto& ways : reading)
                sum += std::min_element(ways.begin(), ways.end(), [](const auto& a, const auto& b) {
                           return a.size() < b.size();
                       })->size();
            shortest = std::min(shortest, sum);
        }
        frames += shortest;
    }
    return frames;
}

void join(std::vector<int>& states, const std::vector<int>& more) {
    states.insert(states.end(), more.begin(), more.end());
}

}  // namespace

WordGraph::WordGraph(const std::vector<SpokenWord>& words) {
    const States front{add(audio::kSilence, -1, {kStart})};
    States open{front[0], kStart};           // where the next word may follow
    std::map<std::size_t, States> skipping;  // to a word, past those that may be left out
    std::vector<std::size_t> shortest(words.size() + 1, std::numeric_limits<std::size_t>::max());
    shortest[0] = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (const std::size_t until = words[i].optional_until; until > i) {
            join(skipping[until], open);
            shortest[until] = std::min(shortest[until], shortest[i]);
        }
        Ends ends = add_word(words[i], static_cast<int>(i), open);
        open = ends.said;
        if (!ends.said.empty()) open.push_back(add(audio::kSilence, -1, ends.said));
        join(open, ends.unsaid);
        shortest[i + 1] = std::min(shortest[i + 1], shortest[i] + shortest_frames_of(words[i]));
        join(open, skipping[i + 1]);
    }
    shortest_frames_ = shortest.back();
    std::copy_if(open.begin(), open.end(), std::back_inserter(last_),
                 [](int state) { return state != kStart; });
}

WordGraph::WordGraph(const std::vector<SpokenWord>& words, const HintCosts& costs) {
    int junction = add(kJunction, -1, {kStart}), skipped = -1;
    std::map<std::size_t, States> skipping;  // to a word, past those that may be left out
    for (std::size_t i = 0; i < words.size(); ++i) {
        add_gap(junction, costs);
        if (const std::size_t until = words[i].optional_until; until > i) skipping[until].push_back(junction);
        const Ends ends = add_word(words[i], static_cast<int>(i), {junction});
        // One word is skipped, or one more.
        const int skip = add(kJunction, -1, {junction}, costs.skip);
        States before = ends.said;
        join(before, ends.unsaid);
        join(before, skipping[i + 1]);
        before.push_back(skip);
        if (skipped >= 0) {
            const int more = add(kJunction, -1, {skipped}, costs.skip_more);
            before.push_back(more);
            // From here on it does not matter how the words before were skipped.
            skipped = add(kJunction, -1, {skip, more});
        } else {
            skipped = skip;
        }
        junction = add(kJunction, -1, before);
    }
    add_gap(junction, costs);
    end_junction_ = junction;
    shortest_frames_ = 1;
}

void WordGraph::add_gap(int junction, const HintCosts& costs) {
    const int silence = add(audio::kSilence, -1, {junction});
    States speech{junction};
    for (int frame = 0; frame < costs.gap_frames; ++frame)
        speech = {add(kAnySpeech, -1, speech, frame == 0 ? costs.gap : 0)};
    for (const int end : {silence, speech[0]})
        states_[static_cast<std::size_t>(end)].next.push_back(junction);
}

WordGraph::Ends WordGraph::add_word(const SpokenWord& word, int index, const States& open) {
    States unsaid = open,
           said;  // where what follows in the word may begin: nothing of it is said yet, or some
    for (const SpokenWord::Slot& slot : slots_of(word)) {
        States begin = unsaid, next_unsaid, next_said;
        join(begin, said);
        const bool speaks =
            std::any_of(slot.begin(), slot.end(), [](const auto& reading) { return !reading.empty(); });
        if (speaks && !said.empty()) begin.push_back(add(audio::kSilence, index, said));
        for (const SpokenWord::Reading& reading : slot) {
            join(reading.empty() ? next_unsaid : next_said,
                 reading.empty() ? unsaid : add_reading(reading, index, begin));
            if (reading.empty()) join(next_said, said);
        }
        unsaid = std::move(next_unsaid);
        said = std::move(next_said);
    }
    return {said, unsaid};
}

WordGraph::States WordGraph::add_reading(const SpokenWord::Reading& reading, int index, States open) {
    for (std::size_t k = 0; k < reading.size(); ++k) {
        States ends;
        for (const pronunciation::Pronunciations::Phones& way : reading[k]) {
            States before = open;
            for (const int phone : way) before = {add(phone, index, before)};
            ends.push_back(before[0]);
        }
        open = ends;
        if (k + 1 < reading.size()) open.push_back(add(audio::kSilence, index, ends));
    }
    return open;
}

int WordGraph::add(int phone, int word, const States& before, float entry_cost) {
    const int state = static_cast<int>(states_.size());
    states_.push_back({phone, word, {}, entry_cost});
    for (const int other : before) {
        if (other == kStart)
            first_.push_back(state);
        else
            states_[static_cast<std::size_t>(other)].next.push_back(state);
    }
    return state;
}

WordGraph::Path WordGraph::best_path(std::size_t frames, const Score& score, const Beam& beam) const {
    std::vector<std::vector<Step>> trellis;
    Frontier frontier(states_.size());
    const auto advance = [&](const std::vector<Step>& steps) {
        for (std::size_t i = 0; i < steps.size(); ++i) {
            frontier.offer(steps[i].state, static_cast<int>(i), steps[i].score);
            for (const int next : next(steps[i].state))
                frontier.offer(next, static_cast<int>(i), steps[i].score - entry_cost(next));
        }
        frontier.pass_junctions(*this);
    };
    for (const int state : first_) frontier.offer(state, -1, 0);
    frontier.pass_junctions(*this);
    for (std::size_t t = 0; t < frames; ++t) {
        if (t % kPollFrames == 0) throw_if_cancelled();
        if (t > 0) advance(trellis.back());
        trellis.push_back(frontier.finish(t, *this, score, beam));
    }
    const std::vector<Step>& steps = trellis.back();
    const auto ends = [&](const Step& step) {
        return std::find(last_.begin(), last_.end(), step.state) != last_.end();
    };
    const auto better = [&](const Step& a, const Step& b) {
        return ends(a) != ends(b) ? ends(a) : a.score > b.score;
    };
    auto at = static_cast<std::size_t>(std::min_element(steps.begin(), steps.end(), better) - steps.begin());
    bool whole = ends(steps[at]);
    if (end_junction_ >= 0) {
        advance(steps);
        const Step* end = frontier.find(end_junction_);
        whole = end != nullptr;
        if (whole) at = static_cast<std::size_t>(end->before);
    }
    Path path{std::vector<int>(frames), whole};
    for (std::size_t t = frames; t-- > 0;) {
        const Step& step = trellis[t][at];
        path.states[t] = step.state;
        at = static_cast<std::size_t>(step.before);
    }
    return path;
}

}  // namespace vultus::alignment
