#include "evaluation/eval_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace vultus::evaluation {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxLag = 5;     // frames, opening against the recording
constexpr int kMotionLag = 1;  // frames, which sentence
constexpr int kLevelLag = 3;   // frames, opening against the sound
constexpr std::uint64_t kCandidateSeed = 40;

metrics::Series first(const metrics::Series& values, std::size_t count) {
    return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(std::min(count, values.size()))};
}

// Correlation at lag 0 over the frames both have.
double correlation(const metrics::Series& a, const metrics::Series& b) {
    const std::size_t count = std::min(a.size(), b.size());
    return metrics::pearson(first(a, count), first(b, count));
}

double opening_correlation(const VideoMeasure& a, const VideoMeasure& b) {
    return correlation(a.lips.opening, b.lips.opening);
}

double ratio(double value, double reference) { return reference > 0 ? value / reference : 0.0; }

int rank_of(const GeneratedClip& clip, const std::vector<RecordedClip>& recordings, std::size_t candidates) {
    const double own =
        metrics::motion_distance(clip.video.lips, recordings[clip.recording].video.lips, kMotionLag);
    int rank = 1;
    for (const std::size_t other : candidate_recordings(recordings.size(), clip.recording, candidates))
        if (other != clip.recording &&
            metrics::motion_distance(clip.video.lips, recordings[other].video.lips, kMotionLag) <= own)
            ++rank;
    return rank;
}

// Root mean square over clips of the deviation about each clip's own mean: motion, not posture.
double motion_spread(const std::vector<const VideoMeasure*>& videos, int axis) {
    double sum = 0;
    for (const VideoMeasure* video : videos)
        sum += std::pow(metrics::standard_deviation(video->pose_deg[axis]), 2);
    return videos.empty() ? 0.0 : std::sqrt(sum / static_cast<double>(videos.size()));
}

double blinks_per_minute(const std::vector<const VideoMeasure*>& videos, double fps) {
    int blinks = 0;
    double frames = 0;
    for (const VideoMeasure* video : videos) {
        blinks += metrics::count_blinks(video->eyes, fps);
        frames += static_cast<double>(video->eyes.size());
    }
    return frames > 0 ? 60.0 * fps * blinks / frames : 0.0;
}

double mean_of(const std::vector<const VideoMeasure*>& videos, double VideoMeasure::*member) {
    double sum = 0;
    for (const VideoMeasure* video : videos) sum += video->*member;
    return videos.empty() ? 0.0 : sum / static_cast<double>(videos.size());
}

/// Mean over the videos that are long enough of how alike an angle is to itself some time later.
double pose_autocorrelation(const std::vector<const VideoMeasure*>& videos, int axis, std::size_t lag) {
    double sum = 0, count = 0;
    for (const VideoMeasure* video : videos) {
        const metrics::Series& angles = video->pose_deg[axis];
        if (angles.size() < 2 * lag) continue;
        sum += metrics::pearson(first(angles, angles.size() - lag),
                                {angles.begin() + static_cast<std::ptrdiff_t>(lag), angles.end()});
        ++count;
    }
    return count > 0 ? sum / count : std::nan("");
}

/// Of yaw, pitch and roll at 0.2, 1 and 5 s; times that no video is long enough for are left out.
Json head_rhythm(const std::vector<const VideoMeasure*>& generated,
                 const std::vector<const VideoMeasure*>& recorded, double fps) {
    Json json = Json::object();
    const char* axes[3] = {"yaw", "pitch", "roll"};
    for (int axis = 0; axis < 3; ++axis)
        for (const double seconds : {0.2, 1.0, 5.0}) {
            const auto lag = static_cast<std::size_t>(std::llround(seconds * fps));
            const double real = pose_autocorrelation(recorded, axis, lag);
            if (std::isnan(real)) continue;
            json[axes[axis]].push_back(Json{{"seconds", seconds},
                                            {"generated", pose_autocorrelation(generated, axis, lag)},
                                            {"recorded", real}});
        }
    return json;
}

Json compare(double generated, double recorded) {
    return Json{{"generated", generated}, {"recorded", recorded}, {"ratio", ratio(generated, recorded)}};
}

Json score_to_json(const ClipScore& score) {
    return Json{{"name", score.name},
                {"psnr_db", metrics::psnr_from_mse(score.errors.mse)},
                {"mouth_psnr_db", metrics::psnr_from_mse(score.errors.mouth_mse)},
                {"opening_r", score.opening_r},
                {"width_r", score.width_r},
                {"opening_r_best", score.best.r},
                {"opening_lag_frames", score.best.lag},
                {"opening_spread_ratio", score.spread_ratio},
                {"mouth_distance", score.mouth_distance},
                {"rank", score.rank}};
}

Json picture_summary(const std::vector<ClipScore>& scores) {
    ImageErrors sum;
    for (const ClipScore& score : scores) {
        sum.mse += score.errors.mse;
        sum.mouth_mse += score.errors.mouth_mse;
        sum.ssim += score.errors.ssim;
        sum.mouth_ssim += score.errors.mouth_ssim;
    }
    const double count = static_cast<double>(std::max<std::size_t>(scores.size(), 1));
    return Json{{"psnr_db", metrics::psnr_from_mse(sum.mse / count)},
                {"mouth_psnr_db", metrics::psnr_from_mse(sum.mouth_mse / count)},
                {"ssim", sum.ssim / count},
                {"mouth_ssim", sum.mouth_ssim / count}};
}

template <typename Get>
double median_of(const std::vector<ClipScore>& scores, Get get) {
    std::vector<double> values;
    for (const ClipScore& score : scores) values.push_back(get(score));
    return metrics::median(values);
}

Json opening_summary(const std::vector<ClipScore>& scores) {
    const double own = median_of(scores, [](const ClipScore& s) { return s.opening_r; });
    const double other = median_of(scores, [](const ClipScore& s) { return s.other_opening_r; });
    return Json{{"r", own},
                {"r_at_best_lag", median_of(scores, [](const ClipScore& s) { return s.best.r; })},
                {"lag_frames", median_of(scores, [](const ClipScore& s) { return s.best.lag; })},
                {"spread_ratio", median_of(scores, [](const ClipScore& s) { return s.spread_ratio; })},
                {"r_other_sentences", other},
                {"margin", own - other}};
}

}  // namespace

double silent_motion(const std::vector<const VideoMeasure*>& videos,
                     const std::vector<const std::vector<std::uint8_t>*>& silent) {
    metrics::Series changes;
    for (std::size_t i = 0; i < videos.size(); ++i) {
        const metrics::Series& opening = videos[i]->lips.opening;
        for (std::size_t k = 0; k + 1 < std::min(opening.size(), silent[i]->size()); ++k)
            if ((*silent[i])[k] && (*silent[i])[k + 1])
                changes.push_back(std::abs(opening[k + 1] - opening[k]));
    }
    return metrics::mean(changes);
}

std::vector<std::size_t> candidate_recordings(std::size_t num_recordings, std::size_t recording,
                                              std::size_t count) {
    std::vector<std::size_t> order(num_recordings);
    for (std::size_t i = 0; i < num_recordings; ++i) order[i] = i;
    Rng rng(kCandidateSeed + recording);
    for (std::size_t i = num_recordings; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
    std::vector<std::size_t> chosen{recording};
    for (const std::size_t index : order)
        if (index != recording && chosen.size() < count) chosen.push_back(index);
    return chosen;
}

ClipScore score_clip(const GeneratedClip& clip, const std::vector<RecordedClip>& recordings,
                     std::size_t candidates) {
    const RecordedClip& own = recordings[clip.recording];
    ClipScore score;
    score.name = own.name;
    score.errors = clip.errors;
    score.opening_r = opening_correlation(clip.video, own.video);
    score.width_r = correlation(clip.video.lips.width, own.video.lips.width);
    score.best = metrics::best_lag(own.video.lips.opening, clip.video.lips.opening, kMaxLag);
    score.spread_ratio = ratio(metrics::standard_deviation(clip.video.lips.opening),
                               metrics::standard_deviation(own.video.lips.opening));
    score.mouth_distance = metrics::mouth_distance(clip.video.landmarks_px, own.video.landmarks_px);
    score.level_r = metrics::best_lag(own.level_db, clip.video.lips.opening, kLevelLag).r;
    score.rank = rank_of(clip, recordings, candidates);
    std::vector<double> correlations, distances;
    for (std::size_t i = 0; i < recordings.size(); ++i) {
        if (i == clip.recording) continue;
        correlations.push_back(opening_correlation(clip.video, recordings[i].video));
        distances.push_back(
            metrics::mouth_distance(clip.video.landmarks_px, recordings[i].video.landmarks_px));
    }
    score.other_opening_r = metrics::median(correlations);
    score.other_mouth_distance = metrics::median(distances);
    return score;
}

Json summarise(const std::vector<GeneratedClip>& clips, const std::vector<RecordedClip>& recordings,
               std::size_t candidates, double fps) {
    std::vector<ClipScore> scores;
    std::vector<const VideoMeasure*> generated, recorded;
    std::vector<const std::vector<std::uint8_t>*> silent;
    int lost = 0, right_first = 0;
    for (const GeneratedClip& clip : clips) {
        scores.push_back(score_clip(clip, recordings, candidates));
        generated.push_back(&clip.video);
        recorded.push_back(&recordings[clip.recording].video);
        silent.push_back(&recordings[clip.recording].silent);
        lost += clip.video.lost_frames;
        right_first += scores.back().rank == 1;
    }
    Json json = picture_summary(scores);
    json["opening"] = opening_summary(scores);
    json["width_r"] = median_of(scores, [](const ClipScore& s) { return s.width_r; });
    json["mouth_distance"] = median_of(scores, [](const ClipScore& s) { return s.mouth_distance; });
    json["mouth_distance_other_sentences"] =
        median_of(scores, [](const ClipScore& s) { return s.other_mouth_distance; });
    json["right_sentence_first"] = ratio(right_first, static_cast<double>(scores.size()));
    json["right_sentence_candidates"] = std::min(candidates, recordings.size());
    const char* axes[3] = {"yaw", "pitch", "roll"};
    for (int axis = 0; axis < 3; ++axis)
        json["head_motion_deg"][axes[axis]] =
            compare(motion_spread(generated, axis), motion_spread(recorded, axis));
    json["head_autocorrelation"] = head_rhythm(generated, recorded, fps);
    json["blinks_per_minute"] = compare(blinks_per_minute(generated, fps), blinks_per_minute(recorded, fps));
    json["flicker"] =
        compare(mean_of(generated, &VideoMeasure::flicker), mean_of(recorded, &VideoMeasure::flicker));
    json["silent_mouth_motion"] = compare(silent_motion(generated, silent), silent_motion(recorded, silent));
    json["mouth_sharpness"] =
        compare(mean_of(generated, &VideoMeasure::sharpness), mean_of(recorded, &VideoMeasure::sharpness));
    json["level_r"] = median_of(scores, [](const ClipScore& s) { return s.level_r; });
    json["frames_without_face"] = lost;
    for (const ClipScore& score : scores) json["clips"].push_back(score_to_json(score));
    return json;
}

double off_manifold_share(const std::vector<GeneratedClip>& driven,
                          const std::vector<RecordedClip>& recordings) {
    std::vector<double> recorded;
    for (const GeneratedClip& clip : driven) {
        const metrics::Series& sure = recordings[clip.recording].video.confidence;
        recorded.insert(recorded.end(), sure.begin(), sure.end());
    }
    const double bound = metrics::percentile(recorded, 0.01);
    double off = 0, all = 0;
    for (const GeneratedClip& clip : driven)
        for (const float sure : clip.video.confidence) off += sure < bound, ++all;
    return ratio(off, all);
}

Json summarise_baseline(const std::vector<metrics::LipMotion>& predicted,
                        const std::vector<RecordedClip>& recordings) {
    std::vector<double> opening, width;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
        opening.push_back(correlation(predicted[i].opening, recordings[i].video.lips.opening));
        width.push_back(correlation(predicted[i].width, recordings[i].video.lips.width));
    }
    return Json{{"opening_r", metrics::median(opening)}, {"width_r", metrics::median(width)}};
}

Json summarise_voices(const std::vector<VoiceClip>& voices, const std::vector<RecordedClip>& recordings) {
    Json json;
    std::vector<double> values, own;
    for (const VoiceClip& voice : voices) {
        const metrics::LaggedCorrelation found =
            metrics::best_lag(voice.level_db, voice.video.lips.opening, kLevelLag);
        values.push_back(found.r);
        json["files"].push_back(
            Json{{"name", voice.name},
                 {"level_r", found.r},
                 {"lag_frames", found.lag},
                 {"silent_mouth_motion", metrics::motion_where(voice.video.lips.opening, voice.silent)},
                 {"opening_deviation", metrics::standard_deviation(voice.video.lips.opening)},
                 {"frames_without_face", voice.video.lost_frames}});
    }
    for (const RecordedClip& clip : recordings)
        own.push_back(metrics::best_lag(clip.level_db, clip.video.lips.opening, kLevelLag).r);
    json["level_r"] = metrics::median(values);
    json["level_r_recordings"] = metrics::median(own);
    return json;
}

namespace {

std::string row(const std::string& label, const std::string& left, const std::string& right) {
    return fmt::format("{:<46}{:>18}{:>18}\n", label, left, right);
}

std::string number(const Json& value, const char* format) {
    return value.is_number() ? fmt::format(fmt::runtime(format), value.get<double>()) : std::string("-");
}

std::string compared(const Json& value, const char* format) {
    return number(value.at("generated"), format) + " (x" + number(value.at("ratio"), "{:.2f}") + ")";
}

}  // namespace

std::string format_table(const Json& metrics) {
    const Json nothing;
    const bool speaks = metrics.contains("speech_driven");
    const Json& left = metrics.at("reconstruction");
    std::string table = row("", "reconstruction", "speech-driven");
    const auto line = [&](const char* label, auto get) {
        table += row(label, get(left), speaks ? get(metrics.at("speech_driven")) : std::string("-"));
    };
    const auto plain = [&](const char* label, const char* key, const char* format) {
        line(label, [&](const Json& side) { return number(side.at(key), format); });
    };
    const auto opening = [&](const char* label, const char* key, const char* format) {
        line(label, [&](const Json& side) { return number(side.at("opening").at(key), format); });
    };
    const auto against = [&](const char* label, const char* key, const char* format) {
        line(label, [&](const Json& side) { return compared(side.at(key), format); });
    };
    plain("PSNR, full frame (dB)", "psnr_db", "{:.2f}");
    plain("PSNR, mouth box (dB)", "mouth_psnr_db", "{:.2f}");
    plain("SSIM, full frame", "ssim", "{:.3f}");
    plain("SSIM, mouth box", "mouth_ssim", "{:.3f}");
    opening("lip opening, r", "r", "{:.3f}");
    opening("lip opening, r at best lag", "r_at_best_lag", "{:.3f}");
    opening("lip opening, best lag (frames)", "lag_frames", "{:+.0f}");
    opening("lip opening, spread ratio", "spread_ratio", "{:.2f}");
    opening("lip opening, r against other sentences", "r_other_sentences", "{:.3f}");
    opening("lip opening, margin", "margin", "{:.3f}");
    plain("lip width, r", "width_r", "{:.3f}");
    if (metrics.contains("baseline")) {
        const Json& baseline = metrics.at("baseline");
        table += row("lip opening, r of a linear baseline", "", number(baseline.at("opening_r"), "{:.3f}"));
        table += row("lip width, r of a linear baseline", "", number(baseline.at("width_r"), "{:.3f}"));
    }
    plain("mouth distance (inter-ocular)", "mouth_distance", "{:.4f}");
    plain("mouth distance, other sentences", "mouth_distance_other_sentences", "{:.4f}");
    plain("right sentence first (share)", "right_sentence_first", "{:.3f}");
    for (const char* axis : {"yaw", "pitch", "roll"})
        line(fmt::format("head motion, {} (deg)", axis).c_str(),
             [&](const Json& side) { return compared(side.at("head_motion_deg").at(axis), "{:.2f}"); });
    if (metrics.contains("off_manifold_share"))
        table +=
            row("frames off the manifold (share)", "", number(metrics.at("off_manifold_share"), "{:.3f}"));
    against("blinks per minute", "blinks_per_minute", "{:.1f}");
    against("background flicker (grey levels)", "flicker", "{:.3f}");
    against("mouth motion in silence", "silent_mouth_motion", "{:.4f}");
    against("mouth sharpness", "mouth_sharpness", "{:.1f}");
    plain("opening against the sound's level, r", "level_r", "{:.3f}");
    plain("frames without a face", "frames_without_face", "{:.0f}");
    if (metrics.contains("voices")) {
        table += row("other voices, opening against level, r", "",
                     number(metrics.at("voices").at("level_r"), "{:.3f}"));
        table += row("recordings, opening against level, r",
                     number(metrics.at("voices").at("level_r_recordings"), "{:.3f}"), "");
    }
    if (metrics.contains("bilabials"))
        table += row("closed lips kept at p, b, m (share)", "",
                     number(metrics.at("bilabials").at("share"), "{:.3f}"));
    if (metrics.contains("rest"))
        for (const Json& sound : metrics.at("rest").at("sounds"))
            table += row(fmt::format("{}: motion, openings", sound.at("name").get<std::string>()), "",
                         "x" + number(sound.at("motion_ratio"), "{:.2f}") + ", " +
                             number(sound.at("openings"), "{:.0f}"));
    if (metrics.contains("seconds_per_second_of_speech"))
        table += row("seconds of work per second of speech", "",
                     number(metrics.at("seconds_per_second_of_speech"), "{:.2f}"));
    return table;
}

}  // namespace vultus::evaluation
