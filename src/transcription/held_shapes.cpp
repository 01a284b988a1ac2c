#include "transcription/held_shapes.h"

#include <algorithm>

namespace vultus::transcription {
namespace {

constexpr int kLeastRunCs = 8, kMostEarlierCs = 6, kLeastShapeCs = 7;

enum class State { kRest, kClosed, kOpen };

State state_of(char shape) {
    return shape == 'X' ? State::kRest : shape == 'A' ? State::kClosed : State::kOpen;
}

/// Cues of one state.
struct Run {
    int start_cs = 0, end_cs = 0;
    State state = State::kRest;
    std::vector<MouthCue> cues;

    int length_cs() const { return end_cs - start_cs; }
    bool is_short() const { return state != State::kRest && length_cs() < kLeastRunCs; }
};

std::vector<Run> runs_of(const std::vector<MouthCue>& cues) {
    std::vector<Run> runs;
    for (const MouthCue& cue : cues) {
        if (runs.empty() || runs.back().state != state_of(cue.shape))
            runs.push_back({cue.start_cs, cue.end_cs, state_of(cue.shape), {}});
        runs.back().end_cs = cue.end_cs;
        runs.back().cues.push_back(cue);
    }
    return runs;
}

/// Short runs that follow one another begin earlier and share the time equally.
void lengthen(std::vector<Run>& runs) {
    for (std::size_t end = runs.size(); end > 0; --end) {
        if (!runs[end - 1].is_short()) continue;
        std::size_t begin = end - 1;
        while (begin > 0 && runs[begin - 1].is_short()) --begin;
        const int count = static_cast<int>(end - begin), wanted = count * kLeastRunCs;
        int start = runs[begin].start_cs;
        const int stop = runs[end - 1].end_cs, spare = begin == 0 ? 0 : runs[begin - 1].length_cs() - 1;
        start -= std::clamp(wanted - (stop - start), 0, std::min(spare, kMostEarlierCs));
        if (begin > 0) runs[begin - 1].end_cs = start;
        for (int k = 0; k < count; ++k) {
            runs[begin + static_cast<std::size_t>(k)].start_cs = start + (stop - start) * k / count;
            runs[begin + static_cast<std::size_t>(k)].end_cs = start + (stop - start) * (k + 1) / count;
        }
        end = begin + 1;
    }
}

int length_cs(const MouthCue& cue) { return cue.end_cs - cue.start_cs; }

/// The cues of a run fill its new time.
void fit(Run& run) {
    std::vector<MouthCue>& cues = run.cues;
    cues.front().start_cs = run.start_cs;
    cues.back().end_cs = run.end_cs;
    // What lies outside by now is of no length, in its order.
    for (MouthCue& cue : cues) {
        cue.start_cs = std::clamp(cue.start_cs, run.start_cs, run.end_cs);
        cue.end_cs = std::clamp(cue.end_cs, run.start_cs, run.end_cs);
    }
}

/// Takes what a short cue lacks from the one before it, then from the one after it; false when they have
/// too little to spare.
bool lengthen(std::vector<MouthCue>& cues, std::size_t at) {
    const int lack = kLeastShapeCs - length_cs(cues[at]);
    const int before = at > 0 ? std::max(length_cs(cues[at - 1]) - kLeastShapeCs, 0) : 0,
              after = at + 1 < cues.size() ? std::max(length_cs(cues[at + 1]) - kLeastShapeCs, 0) : 0;
    if (before + after < lack) return false;
    const int earlier = std::min(before, lack);
    cues[at].start_cs -= earlier;
    cues[at].end_cs += lack - earlier;
    if (at > 0) cues[at - 1].end_cs = cues[at].start_cs;
    if (at + 1 < cues.size()) cues[at + 1].start_cs = cues[at].end_cs;
    return true;
}

/// The next cue begins earlier; the last one's time goes to the one before. A wide open mouth outlives one
/// that is half open.
void leave_out(std::vector<MouthCue>& cues, std::size_t at) {
    const bool last = at + 1 == cues.size();
    MouthCue& heir = cues[last ? at - 1 : at + 1];
    (last ? heir.end_cs : heir.start_cs) = last ? cues[at].end_cs : cues[at].start_cs;
    if (cues[at].shape == 'D' && heir.shape == 'C') heir.shape = 'D';
    cues.erase(cues.begin() + static_cast<std::ptrdiff_t>(at));
}

void hold(std::vector<MouthCue>& cues) {
    while (cues.size() > 1) {
        const auto shortest = std::min_element(
            cues.begin(), cues.end(),
            [](const MouthCue& a, const MouthCue& b) { return length_cs(a) < length_cs(b); });
        if (length_cs(*shortest) >= kLeastShapeCs) return;
        const auto at = static_cast<std::size_t>(shortest - cues.begin());
        if (!lengthen(cues, at)) leave_out(cues, at);
    }
}

}  // namespace

std::vector<MouthCue> held_shapes(const std::vector<MouthCue>& cues) {
    std::vector<Run> runs = runs_of(cues);
    lengthen(runs);
    std::vector<MouthCue> held;
    for (Run& run : runs) {
        if (run.length_cs() <= 0) continue;
        fit(run);
        if (run.state != State::kRest) hold(run.cues);
        for (const MouthCue& cue : run.cues) {
            if (!held.empty() && held.back().shape == cue.shape)
                held.back().end_cs = cue.end_cs;
            else
                held.push_back(cue);
        }
    }
    return held;
}

}  // namespace vultus::transcription
