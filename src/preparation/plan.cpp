#include "preparation/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "preparation/clip_choice.h"
#include "preparation/hold_out.h"
#include "preparation/segments.h"

namespace vultus::preparation {
namespace {

constexpr double kPixelsPerPixel = 0.95;  // of the source, for one of the crop: a hair of enlarging is unseen

class Planner {
  public:
    Planner(std::vector<ClipMeasurement>& recordings, double min_valid, double share)
        : recordings_(recordings), min_valid_(min_valid), share_(share) {}

    Plan run() {
        for (std::size_t r = 0; r < recordings_.size(); ++r) split(static_cast<int>(r));
        choose();
        hold();
        name();
        return std::move(plan_);
    }

  private:
    void split(int r) {
        ClipMeasurement& recording = recordings_[r];
        if (!recording.problem.empty() || recording.num_frames() == 0) {
            add(r, {0, recording.num_frames(), recording.problem});
            return;
        }
        for (const Part& part : split_recording(recording)) add(r, part);
    }

    void add(int r, const Part& part) {
        PlannedClip clip;
        clip.recording = r;
        clip.first = part.first;
        clip.count = part.count;
        clip.reason = part.reason;
        if (!part.reason.empty() && !recordings_[r].note.empty())
            clip.reason += fmt::format(" ({})", recordings_[r].note);
        plan_.clips.push_back(std::move(clip));
    }

    void choose() {
        std::vector<ClipMeasurement> parts;
        std::vector<PlannedClip*> planned;
        for (PlannedClip& clip : plan_.clips) {
            if (!clip.reason.empty()) continue;
            parts.push_back(part_of(recordings_[clip.recording], clip.first, clip.count));
            planned.push_back(&clip);
        }
        const ClipChoice choice = choose_clips(parts, min_valid_);
        plan_.num_sessions = static_cast<int>(choice.sessions.size());
        for (std::size_t k = 0; k < planned.size(); ++k) {
            planned[k]->session = choice.clips[k].session;
            planned[k]->reason = choice.clips[k].reason;
            planned[k]->oddness = choice.clips[k].oddness;
        }
    }

    std::vector<float> levels_of(const PlannedClip& clip) const {
        const ClipMeasurement& recording = recordings_[clip.recording];
        const double samples = corpus::kSampleRateHz / recording.fps();
        std::vector<float> levels(clip.count);
        for (int t = 0; t < clip.count; ++t) {
            const auto from = static_cast<std::size_t>((clip.first + t) * samples);
            const auto to =
                std::min(recording.audio.size(), static_cast<std::size_t>((clip.first + t + 1) * samples));
            double energy = 1;
            for (std::size_t i = from; i < to; ++i) energy += double(recording.audio[i]) * recording.audio[i];
            levels[t] = static_cast<float>(10 * std::log10(energy / samples));
        }
        return levels;
    }

    void hold() {
        std::vector<Stretch> stretches;
        std::vector<PlannedClip> kept, all;
        for (const PlannedClip& clip : plan_.clips) {
            if (!clip.kept()) {
                all.push_back(clip);
                continue;
            }
            stretches.push_back({clip.recording, levels_of(clip)});
            kept.push_back(clip);
            plan_.unused_frames += clip.count;
        }
        if (kept.empty()) return;
        for (const Piece& piece : hold_out(stretches, recordings_[kept[0].recording].fps(), share_)) {
            PlannedClip clip = kept[piece.stretch];
            clip.first += piece.first;
            clip.count = piece.count;
            clip.split = piece.split;
            all.push_back(clip);
            plan_.unused_frames -= piece.count;
        }
        std::sort(all.begin(), all.end(), [](const PlannedClip& a, const PlannedClip& b) {
            return std::pair(a.recording, a.first) < std::pair(b.recording, b.first);
        });
        plan_.clips = std::move(all);
    }

    /// NAME for a whole recording, NAME-01, NAME-02, ... for its kept parts, NAME-x01, ... for the others.
    void name() {
        std::set<std::string> taken;
        for (const ClipMeasurement& recording : recordings_) taken.insert(recording.name);
        std::map<std::pair<int, bool>, int> counts;
        for (PlannedClip& clip : plan_.clips) {
            const ClipMeasurement& recording = recordings_[clip.recording];
            if (clip.count == recording.num_frames()) {
                clip.name = recording.name;
                continue;
            }
            do {
                clip.name = fmt::format("{}-{}{:02}", recording.name, clip.kept() ? "" : "x",
                                        ++counts[{clip.recording, clip.kept()}]);
            } while (!taken.insert(clip.name).second);
        }
    }

    std::vector<ClipMeasurement>& recordings_;
    double min_valid_, share_;
    Plan plan_;
};

}  // namespace

std::vector<const PlannedClip*> Plan::members(int session) const {
    std::vector<const PlannedClip*> found;
    for (const PlannedClip& clip : clips)
        if (clip.session == session) found.push_back(&clip);
    return found;
}

Plan make_plan(std::vector<ClipMeasurement>& recordings, double min_valid, double hold_out_share) {
    return Planner(recordings, min_valid, hold_out_share).run();
}

std::pair<int, int> plain_rate(int num, int den) {
    static constexpr std::pair<int, int> kUsual[] = {
        {10, 1},       {12, 1}, {15, 1}, {20, 1}, {24000, 1001}, {24, 1}, {25, 1},
        {30000, 1001}, {30, 1}, {48, 1}, {50, 1}, {60000, 1001}, {60, 1}};
    const double rate = static_cast<double>(num) / den;
    if (rate > 60.5) return {60, 1};
    std::pair<int, int> best{25, 1};
    double least = 1e9;
    for (const auto& usual : kUsual) {
        double away = std::abs(std::log(rate * usual.second / usual.first));
        // 1001ths only where they are meant: a phone's 29.9 is 30.
        if (usual.second != 1 && away > 2e-4) away += 0.01;
        if (away < least) {
            least = away;
            best = usual;
        }
    }
    return best;
}

int supported_size_px(double crop_px) {
    for (const int size_px : {512, 384})
        if (crop_px >= kPixelsPerPixel * size_px) return size_px;
    return 256;
}

}  // namespace vultus::preparation
