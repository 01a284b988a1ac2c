#include "evaluation/eval_rest.h"

#include <algorithm>
#include <cmath>

#include "audio/phones.h"
#include "corpus/speech_corpus.h"

namespace vultus::evaluation {
namespace {

using Json = nlohmann::ordered_json;

int count_openings(const metrics::Series& opening, double threshold) {
    int count = 0;
    for (std::size_t i = 0; i < opening.size(); ++i)
        count += opening[i] > threshold && (i == 0 || opening[i - 1] <= threshold);
    return count;
}

/// The least opening while the sound lasts, and in the frames beside it.
double least_opening(const metrics::Series& opening, std::int64_t begin_sample, std::int64_t end_sample,
                     double fps) {
    const double frames_per_sample = fps / corpus::kSpeechRateHz;
    const auto first =
        static_cast<std::int64_t>(std::floor(static_cast<double>(begin_sample) * frames_per_sample));
    const auto last =
        static_cast<std::int64_t>(std::ceil(static_cast<double>(end_sample) * frames_per_sample));
    double least = 1e9;
    for (std::int64_t i = std::max<std::int64_t>(first, 0);
         i <= std::min(last, static_cast<std::int64_t>(opening.size()) - 1); ++i)
        least = std::min(least, static_cast<double>(opening[static_cast<std::size_t>(i)]));
    return least;
}

}  // namespace

LipBounds lip_bounds(const std::vector<RecordedClip>& recordings) {
    std::vector<double> silent, spoken;
    std::vector<const VideoMeasure*> videos;
    std::vector<const std::vector<std::uint8_t>*> marks;
    for (const RecordedClip& clip : recordings) {
        videos.push_back(&clip.video);
        marks.push_back(&clip.silent);
        const metrics::Series& opening = clip.video.lips.opening;
        for (std::size_t i = 0; i < std::min(opening.size(), clip.silent.size()); ++i)
            (clip.silent[i] ? silent : spoken).push_back(opening[i]);
    }
    return {metrics::median(silent), metrics::percentile(spoken, 0.9), silent_motion(videos, marks)};
}

Json summarise_rests(const std::vector<RestClip>& rests, const LipBounds& bounds) {
    Json json{
        {"closed", bounds.closed}, {"open", bounds.open}, {"recorded_silent_motion", bounds.silent_motion}};
    double worst = 0;
    int openings = 0;
    for (const RestClip& rest : rests) {
        const std::vector<std::uint8_t> all(rest.opening.size(), 1);
        const double moved = metrics::motion_where(rest.opening, all);
        const double share = bounds.silent_motion > 0 ? moved / bounds.silent_motion : 0;
        const int opened = count_openings(rest.opening, bounds.threshold());
        json["sounds"].push_back(
            Json{{"name", rest.name},
                 {"mouth_motion", moved},
                 {"motion_ratio", share},
                 {"openings", opened},
                 {"widest",
                  rest.opening.empty() ? 0 : *std::max_element(rest.opening.begin(), rest.opening.end())}});
        worst = std::max(worst, share);
        openings += opened;
    }
    json["worst_motion_ratio"] = worst;
    json["openings"] = openings;
    return json;
}

std::map<std::string, Closures> closures_of(const std::filesystem::path& speech_corpus,
                                            const std::vector<RecordedClip>& recordings) {
    const auto corpus = corpus::SpeechCorpus::open(speech_corpus);
    std::map<std::string, Closures> result;
    for (const corpus::SpeechClip& clip : corpus.clips())
        for (const RecordedClip& recording : recordings) {
            if (!clip.name.ends_with("-" + recording.name)) continue;
            Closures& closures = result[recording.name];
            for (const corpus::PhoneSpan& phone : clip.phones)
                if (phone.phone >= 0 && audio::is_bilabial(phone.phone))
                    closures.emplace_back(phone.begin_sample, phone.end_sample);
        }
    return result;
}

Json summarise_closures(const std::vector<GeneratedClip>& clips, const std::vector<RecordedClip>& recordings,
                        const std::map<std::string, Closures>& closures, double fps) {
    const double threshold = lip_bounds(recordings).threshold();
    int spoken = 0, recorded = 0, generated = 0;
    for (const GeneratedClip& clip : clips) {
        const RecordedClip& own = recordings[clip.recording];
        const auto found = closures.find(own.name);
        if (found == closures.end()) continue;
        for (const auto& [begin, end] : found->second) {
            ++spoken;
            if (least_opening(own.video.lips.opening, begin, end, fps) >= threshold) continue;
            ++recorded;
            generated += least_opening(clip.video.lips.opening, begin, end, fps) < threshold;
        }
    }
    return Json{{"spoken", spoken},
                {"recorded", recorded},
                {"generated", generated},
                {"share", recorded > 0 ? static_cast<double>(generated) / recorded : 0}};
}

}  // namespace vultus::evaluation
