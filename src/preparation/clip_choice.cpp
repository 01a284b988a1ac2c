#include "preparation/clip_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "preparation/crop_choice.h"
#include "preparation/look.h"

namespace vultus::preparation {
namespace {

constexpr double kOwnSessionShare = 0.2;  // of all usable frames: less is an odd clip, not a session
constexpr double kMinOddLevels = 12;      // grey levels that the light may change without being odd
constexpr double kMinOddContrasts = 0.3;  // ... or this much of the picture's own contrast
constexpr double kOddSpreads = 8;         // robust standard deviations
constexpr double kMaxShiftFaceWidths = 0.6, kMaxFaceScale = 1.35;
constexpr std::size_t kMaxSeeds = 100;
constexpr int kLookSamples = 40;

FaceExtent clip_face(const ClipMeasurement& clip) {
    std::vector<FaceExtent> faces;
    for (int t = 0; t < clip.num_frames(); ++t) {
        if (clip.valid[t]) faces.push_back(face_extent(clip.landmarks(t)));
    }
    return median_extent(faces);
}

struct Look {
    int clip = 0;
    int frames = 0;
    FaceExtent face;
    Cells cells;
};

/// Why a look is not like another one; empty if it is.
std::string difference(const Look& look, const Look& other, double distance, double limit) {
    if (distance > limit) {
        return fmt::format(
            "looks unlike the rest: background, clothes or light differ by {:.0f} grey levels (limit {:.0f})",
            distance, limit);
    }
    const double shift =
        std::hypot(look.face.centre_x - other.face.centre_x, look.face.centre_y - other.face.centre_y);
    const double scale = std::max(look.face.width / other.face.width, other.face.width / look.face.width);
    if (shift <= kMaxShiftFaceWidths * other.face.width && scale <= kMaxFaceScale) return "";
    return fmt::format("unlike the rest: the face is {:.1f} face widths away and {:.1f} times the size",
                       shift / other.face.width, look.face.width / other.face.width);
}

/// What is measured against one look.
struct Against {
    explicit Against(const Look& centre, int width_px, int height_px)
        : centre(&centre),
          outside(cells_outside_head(centre.face, width_px, height_px)),
          limit(std::max(kMinOddLevels, kMinOddContrasts * contrast_of(centre.cells, outside))) {}
    double distance(const Look& look) const { return look_distance(look.cells, centre->cells, outside); }

    const Look* centre;
    std::vector<bool> outside;
    double limit;
};

/// Median look of a set.
Look median_look(const std::vector<const Look*>& looks) {
    Look median;
    std::vector<FaceExtent> faces;
    for (const Look* look : looks) faces.push_back(look->face);
    median.face = median_extent(faces);
    for (std::size_t i = 0; i < looks[0]->cells.size(); ++i) {
        std::vector<double> values;
        for (const Look* look : looks) values.push_back(look->cells[i]);
        median.cells.push_back(static_cast<float>(median_of(std::move(values))));
    }
    return median;
}

/// The looks around the one that most frames are like.
std::vector<const Look*> most_frequent(const std::vector<const Look*>& looks, int width_px, int height_px) {
    std::vector<const Look*> best;
    std::int64_t most = -1;
    const std::size_t step = std::max<std::size_t>(1, looks.size() / kMaxSeeds);
    for (std::size_t k = 0; k < looks.size(); k += step) {
        const Against seed(*looks[k], width_px, height_px);
        std::vector<const Look*> alike;
        std::int64_t frames = 0;
        for (const Look* look : looks) {
            if (!difference(*look, *looks[k], seed.distance(*look), seed.limit).empty()) continue;
            alike.push_back(look);
            frames += look->frames;
        }
        if (frames <= most) continue;
        most = frames;
        best = std::move(alike);
    }
    return best;
}

/// The looks like the most frequent one, and the others with their reasons.
struct Peel {
    std::vector<const Look*> alike, others;
    std::vector<std::string> reasons;  // of the others
    std::vector<double> distances;     // of the others
    std::vector<double> alike_distances;
};

Peel peel(const std::vector<const Look*>& looks, int width_px, int height_px) {
    const std::vector<const Look*> core = most_frequent(looks, width_px, height_px);
    const Look median = median_look(core);
    Against against(median, width_px, height_px);
    std::vector<double> distances;
    for (const Look* look : core) distances.push_back(against.distance(*look));
    const double usual = median_of(distances);
    against.limit = std::max(against.limit, usual + kOddSpreads * spread_of(distances, usual));
    Peel result;
    for (const Look* look : looks) {
        const double distance = against.distance(*look);
        std::string reason = difference(*look, median, distance, against.limit);
        if (reason.empty()) {
            result.alike.push_back(look);
            result.alike_distances.push_back(distance);
        } else {
            result.others.push_back(look);
            result.reasons.push_back(std::move(reason));
            result.distances.push_back(distance);
        }
    }
    return result;
}

std::string own_fault(const ClipMeasurement& clip, double min_valid) {
    if (!clip.problem.empty()) return clip.problem;
    const double share = static_cast<double>(clip.num_valid()) / std::max(1, clip.num_frames());
    if (clip.num_valid() > 0 && share >= min_valid) return "";
    return fmt::format("only {:.0f} % of the frames show exactly one clear face, expected {:.0f} %",
                       100 * share, 100 * min_valid);
}

/// Takes one session after the other from the looks of one picture size.
class Grouping {
  public:
    Grouping(double total_frames, ClipChoice& choice) : total_frames_(total_frames), choice_(choice) {}

    void group(std::vector<const Look*> left, int width_px, int height_px, bool most_frequent_size) {
        for (bool first = true; !left.empty(); first = false) {
            Peel peeled = peel(left, width_px, height_px);
            double frames = 0;
            for (const Look* look : peeled.alike) frames += look->frames;
            const bool session = frames >= kOwnSessionShare * total_frames_ || (first && most_frequent_size);
            note_alike(peeled, session, fmt::format("{}x{}", width_px, height_px));
            for (std::size_t k = 0; k < peeled.others.size(); ++k) {
                ClipVerdict& verdict = choice_.clips[peeled.others[k]->clip];
                verdict.oddness = peeled.distances[k];
                if (verdict.reason.empty()) verdict.reason = peeled.reasons[k];
            }
            if (peeled.alike.empty()) break;
            left = std::move(peeled.others);
        }
    }

  private:
    void note_alike(const Peel& peeled, bool session, const std::string& size) {
        for (std::size_t k = 0; k < peeled.alike.size(); ++k) {
            ClipVerdict& verdict = choice_.clips[peeled.alike[k]->clip];
            verdict.oddness = std::max(verdict.oddness, peeled.alike_distances[k]);
            if (session) {
                verdict.session = static_cast<int>(choice_.sessions.size());
                verdict.reason.clear();
            } else if (verdict.reason.empty()) {
                verdict.reason = fmt::format("another picture size ({}) than the rest", size);
            }
        }
        if (!session) return;
        auto& members = choice_.sessions.emplace_back();
        for (const Look* look : peeled.alike) members.push_back(look->clip);
    }

    double total_frames_;
    ClipChoice& choice_;
};

}  // namespace

ClipChoice choose_clips(const std::vector<ClipMeasurement>& clips, double min_valid) {
    ClipChoice choice;
    choice.clips.resize(clips.size());
    std::vector<Look> looks;
    looks.reserve(clips.size());
    std::map<std::pair<int, int>, std::vector<const Look*>> by_size;
    std::map<std::pair<int, int>, double> frames_of_size;
    double total_frames = 0;
    for (std::size_t i = 0; i < clips.size(); ++i) {
        const ClipMeasurement& clip = clips[i];
        choice.clips[i].reason = own_fault(clip, min_valid);
        if (!choice.clips[i].reason.empty()) continue;
        const int step = std::max(1, clip.num_frames() / kLookSamples);
        looks.push_back({static_cast<int>(i), clip.num_frames(), clip_face(clip),
                         median_cells(clip, 0, clip.num_frames(), step)});
        by_size[{clip.width, clip.height}].push_back(&looks.back());
        frames_of_size[{clip.width, clip.height}] += clip.num_frames();
        total_frames += clip.num_frames();
    }
    double most = 0;
    for (const auto& [size, frames] : frames_of_size) most = std::max(most, frames);
    Grouping grouping(total_frames, choice);
    for (const auto& [size, left] : by_size)
        grouping.group(left, size.first, size.second, frames_of_size[size] >= most);
    return choice;
}

}  // namespace vultus::preparation
