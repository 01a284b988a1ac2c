#include "preparation/prepare_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "preparation/contact_sheet.h"
#include "preparation/hold_out.h"

namespace vultus::preparation {
namespace {

constexpr double kSecondsPerTile = 4;
constexpr int kMaxTilesPerPart = 6;
constexpr double kWellKnownSeconds = 60;  // of one person: less, and what was never said looks made up

/// "NAME", or "NAME 12.0-15.4 s" for a part.
std::string place_of(const Prepared& p, const PlannedClip& clip) {
    const ClipMeasurement& recording = p.recordings[clip.recording];
    if (clip.count == recording.num_frames()) return recording.name;
    const double fps = p.corpus.fps();
    return fmt::format("{} {:.1f}-{:.1f} s", recording.name, clip.first / fps,
                       (clip.first + clip.count) / fps);
}

void count_clips(const Prepared& p, PrepareReport& report) {
    std::vector<std::uint8_t> used(p.recordings.size(), 0);
    const double fps = p.corpus.fps();
    for (const PlannedClip& clip : p.plan.clips) {
        if (!clip.kept()) {
            report.seconds_left_out += clip.count / fps;
            report.left_out.push_back(fmt::format("{}: {}", place_of(p, clip), clip.reason));
            continue;
        }
        used[clip.recording] = 1;
        ++report.num_clips;
        report.num_frames += clip.count;
        report.seconds_kept += clip.count / fps;
        if (clip.split == corpus::Split::kValidation) report.seconds_held_out += clip.count / fps;
        const auto valid = p.recordings[clip.recording].valid.begin() + clip.first;
        report.num_invalid_frames += std::count(valid, valid + clip.count, 0);
    }
    report.num_inputs = static_cast<int>(p.recordings.size());
    report.num_kept = static_cast<int>(std::count(used.begin(), used.end(), 1));
    report.num_left_out = report.num_inputs - report.num_kept;
}

std::string size_line(const Prepared& p) {
    double crop_px = 0;
    for (const corpus::Session& session : p.corpus.sessions)
        crop_px = std::max(crop_px, session.crop_px.width);
    if (p.wanted_size_px > 0)
        return fmt::format("pictures of {} px, as asked for; the crop has {:.0f} px in the recordings",
                           p.corpus.size_px, crop_px);
    const char* why = p.corpus.size_px == 512 ? "the largest there is"
                      : crop_px < 0.95 * 256  ? "fewer than the smallest size has: come nearer to the camera"
                                              : "too few for the next size up";
    return fmt::format("pictures of {} px: head and shoulders have {:.0f} px in the recordings, {}",
                       p.corpus.size_px, crop_px, why);
}

void warn(const Prepared& p, PrepareReport& report) {
    for (const ClipMeasurement& recording : p.recordings)
        if (recording.problem.empty() && !recording.note.empty())
            report.notes.push_back(fmt::format("{}: {}", recording.name, recording.note));
    report.notes.push_back(size_line(p));
    if (report.seconds_held_out <= 0)
        report.notes.push_back(fmt::format(
            "nothing is held out of {:.0f} s: 'vultus eval' cannot judge what is learnt from them; film at "
            "least {:.0f} s",
            report.seconds_kept, kLeastToHoldOutFromSeconds));
    if (report.seconds_kept < kWellKnownSeconds)
        report.notes.push_back(
            fmt::format("{:.0f} s are little: sounds and looks that do not occur in them are guessed; a "
                        "minute or more of "
                        "speech is better",
                        report.seconds_kept));
    if (p.corpus.sessions.size() > 1)
        report.notes.push_back(fmt::format(
            "{} different set-ups (light, clothes, place) are learnt side by side: one person must be in all",
            p.corpus.sessions.size()));
}

std::string text_of_sessions(const Prepared& p) {
    std::string text;
    for (std::size_t s = 0; s < p.corpus.sessions.size(); ++s) {
        const corpus::Session& session = p.corpus.sessions[s];
        double frames = 0;
        const auto members = p.plan.members(static_cast<int>(s));
        for (const PlannedClip* clip : members) frames += clip->count;
        text += fmt::format(
            "session {}: {:.1f} s in {} clips of {}x{} px, crop {:.0f},{:.0f} side {:.0f} -> {} px\n",
            session.id, frames / p.corpus.fps(), members.size(), session.source_width_px,
            session.source_height_px, session.crop_px.x, session.crop_px.y, session.crop_px.width,
            p.corpus.size_px);
    }
    return text;
}

/// How many tiles each part gets, kMaxSheetTiles in all.
std::vector<int> tile_counts(const Prepared& p) {
    std::vector<int> counts;
    int sum = 0;
    for (const PlannedClip& clip : p.plan.clips) {
        const double seconds = clip.count / p.corpus.fps();
        counts.push_back(std::clamp(static_cast<int>(seconds / kSecondsPerTile), 1, kMaxTilesPerPart));
        sum += counts.back();
    }
    const int most = static_cast<int>(kMaxSheetTiles);
    for (int limit = kMaxTilesPerPart - 1; limit >= 1 && sum > most; --limit) {
        sum = 0;
        for (int& count : counts) sum += count = std::min(count, limit);
    }
    if (sum <= most) return counts;
    // Too many parts: all that is left out comes first, the others evenly.
    const int out = static_cast<int>(std::count_if(p.plan.clips.begin(), p.plan.clips.end(),
                                                   [](const auto& clip) { return !clip.kept(); }));
    const int kept = sum - out, room_out = std::min(out, std::max(most / 2, most - kept));
    const int room_kept = std::min(kept, most - room_out);
    int seen_out = 0, seen_kept = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const bool is_kept = p.plan.clips[i].kept();
        int& seen = is_kept ? seen_kept : seen_out;
        const int room = is_kept ? room_kept : room_out, all = is_kept ? kept : out;
        counts[i] = std::int64_t{seen + 1} * room / all - std::int64_t{seen} * room / all;
        ++seen;
    }
    return counts;
}

/// The thumb of a part that lies nearest to `frame`; null if none lies in it.
const media::Image* thumb_near(const std::vector<Thumb>& thumbs, const PlannedClip& clip, int frame) {
    const Thumb* best = nullptr;
    for (const Thumb& thumb : thumbs) {
        if (thumb.frame < clip.first || thumb.frame >= clip.first + clip.count) continue;
        if (!best || std::abs(thumb.frame - frame) < std::abs(best->frame - frame)) best = &thumb;
    }
    return best ? &best->image : nullptr;
}

}  // namespace

PrepareReport make_report(const Prepared& p) {
    PrepareReport report;
    report.corpus = p.corpus.folder;
    count_clips(p, report);
    for (std::size_t r = 0; r < p.recordings.size(); ++r)
        if (p.delays_frames[r] != 0)
            report.moved.push_back(fmt::format("{}: sound came {:.0f} ms {}", p.recordings[r].name,
                                               1000.0 * std::abs(p.delays_frames[r]) / p.corpus.fps(),
                                               p.delays_frames[r] > 0 ? "late" : "early"));
    warn(p, report);
    return report;
}

std::string summary_line(const PrepareReport& report) {
    return fmt::format(
        "{:.1f} s kept in {} clips ({:.1f} s of them held out to measure with), {:.1f} s left out; {} of {} "
        "recordings used",
        report.seconds_kept, report.num_clips, report.seconds_held_out, report.seconds_left_out,
        report.num_kept, report.num_inputs);
}

std::string report_text(const Prepared& p, const PrepareReport& report) {
    std::string text = summary_line(report) + "\n";
    text += fmt::format("{} frames at {}/{} Hz ({} without one clear face)\n", report.num_frames,
                        p.corpus.fps_num, p.corpus.fps_den, report.num_invalid_frames);
    for (const std::string& line : report.notes) text += line + "\n";
    text += text_of_sessions(p);
    if (!report.left_out.empty()) text += "\nleft out:\n";
    for (const std::string& line : report.left_out) text += line + "\n";
    if (!report.moved.empty()) text += fmt::format("\nsound of {} moved to the lips:\n", report.moved.size());
    for (const std::string& line : report.moved) text += line + "\n";
    text += "\nkept, with the distance of its look from its session's in grey levels:\n";
    for (const PlannedClip& clip : p.plan.clips)
        if (clip.kept())
            text += fmt::format("{}: {}{}, {:.1f}\n", clip.name, place_of(p, clip),
                                clip.split == corpus::Split::kValidation ? ", held out" : "", clip.oddness);
    return text;
}

media::Image make_contact_sheet(const Prepared& p,
                                const std::function<std::vector<Thumb>(int recording)>& thumbs) {
    const std::vector<int> counts = tile_counts(p);
    std::deque<media::Image> pictures;  // its places stay when it grows
    std::vector<SheetTile> tiles;
    int loaded = -1;
    std::vector<Thumb> of_recording;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const PlannedClip& clip = p.plan.clips[i];
        if (counts[i] > 0 && clip.recording != loaded) of_recording = thumbs(loaded = clip.recording);
        for (int k = 0; k < counts[i]; ++k) {
            const int frame = clip.first + static_cast<int>((k + 0.5) / counts[i] * clip.count);
            const media::Image* picture = thumb_near(of_recording, clip, frame);
            if (picture) picture = &pictures.emplace_back(*picture);
            tiles.push_back({picture,
                             fmt::format("{} {:.1f} s{}", clip.name, frame / p.corpus.fps(),
                                         clip.split == corpus::Split::kValidation ? " held out" : ""),
                             clip.kept() ? "" : clip.reason});
        }
    }
    return draw_contact_sheet(tiles);
}

}  // namespace vultus::preparation
