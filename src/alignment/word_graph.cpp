#include "alignment/word_graph.h"

#include <algorithm>
#include <limits>

#include "alignment/phone_times.h"
#include "audio/phones.h"
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

    /// Adds the frame's scores and drops what lies behind the best by more than `beam`.
    std::vector<Step> finish(std::size_t frame, const WordGraph& graph, const WordGraph::Score& score,
                             double beam) {
        float best = -std::numeric_limits<float>::infinity();
        for (Step& step : steps_) {
            place_[static_cast<std::size_t>(step.state)] = -1;
            step.score += score(frame, graph.phone(step.state));
            best = std::max(best, step.score);
        }
        std::erase_if(steps_, [&](const Step& step) { return step.score < best - beam; });
        return std::move(steps_);
    }

  private:
    std::vector<int> place_;  ///< of each state in steps_, -1: not there
    std::vector<Step> steps_;
};

}  // namespace

WordGraph::WordGraph(const std::vector<SpokenWord>& words) {
    std::vector<int> open;  // where the next word may follow
    const int front = add(audio::kSilence, -1, {});
    first_.push_back(front);
    open.push_back(front);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::vector<int> ends;
        std::size_t shortest = std::numeric_limits<std::size_t>::max();
        for (const pronunciation::Pronunciations::Phones& way : words[i].ways) {
            std::vector<int> before = open;
            for (std::size_t k = 0; k < way.size(); ++k) {
                before = {add(way[k], static_cast<int>(i), before)};
                if (i == 0 && k == 0) first_.push_back(before[0]);
            }
            ends.push_back(before[0]);
            shortest = std::min(shortest, way.size());
        }
        shortest_frames_ += shortest;
        const int pause = add(audio::kSilence, -1, ends);
        open = std::move(ends);
        open.push_back(pause);
    }
    last_ = open;
}

int WordGraph::add(int phone, int word, const std::vector<int>& before) {
    const int state = static_cast<int>(states_.size());
    states_.push_back({phone, word, {}});
    for (const int other : before) states_[static_cast<std::size_t>(other)].next.push_back(state);
    return state;
}

WordGraph::Path WordGraph::best_path(std::size_t frames, const Score& score, double beam) const {
    std::vector<std::vector<Step>> trellis;
    Frontier frontier(states_.size());
    for (const int state : first_) frontier.offer(state, -1, 0);
    for (std::size_t t = 0; t < frames; ++t) {
        if (t % kPollFrames == 0) throw_if_cancelled();
        if (t > 0) {
            const std::vector<Step>& steps = trellis.back();
            for (std::size_t i = 0; i < steps.size(); ++i) {
                frontier.offer(steps[i].state, static_cast<int>(i), steps[i].score);
                for (const int next : states_[static_cast<std::size_t>(steps[i].state)].next)
                    frontier.offer(next, static_cast<int>(i), steps[i].score);
            }
        }
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
    Path path{std::vector<int>(frames), ends(steps[at])};
    for (std::size_t t = frames; t-- > 0;) {
        const Step& step = trellis[t][at];
        path.states[t] = step.state;
        at = static_cast<std::size_t>(step.before);
    }
    return path;
}

}  // namespace vultus::alignment
