#include "preparation/clip_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "preparation/crop_choice.h"

namespace vultus::preparation {
namespace {

constexpr int kColumns = 12, kRows = 10;  // cells of the image whose mean colours are compared
constexpr double kOwnSessionShare = 0.2;  // of all usable frames: less is an odd clip, not a session
constexpr double kMinOddLevels = 12;      // grey levels that the light may change without being odd
constexpr double kOddSpreads = 8;         // robust standard deviations
constexpr double kMaxShiftFaceWidths = 0.6, kMaxFaceScale = 1.35;
constexpr double kJumpLevels = 2.0, kJumpTimes = 4.0;  // one change against the usual one
constexpr double kLoneLevels = 0.7, kLoneTimes = 1.3;  // one change above all of its neighbours
constexpr int kLoneReach = 3;
constexpr double kShortSeconds = 20;  // a longer recording may contain one bad place

double median_of(std::vector<double> values) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// Median absolute deviation, scaled to a normal distribution's standard deviation.
double spread_of(const std::vector<double>& values, double median) {
    std::vector<double> deviations;
    for (double value : values) deviations.push_back(std::abs(value - median));
    return 1.4826 * median_of(std::move(deviations));
}

FaceExtent clip_face(const ClipMeasurement& clip) {
    std::vector<FaceExtent> faces;
    for (int t = 0; t < clip.num_frames(); ++t) {
        if (clip.valid[t]) faces.push_back(face_extent(clip.landmarks_px.data() + 136 * t));
    }
    return median_extent(faces);
}

/// Mean colours of the cells of the median image, [kRows, kColumns, 3].
std::vector<double> cell_colours(const media::Image& median) {
    std::vector<double> cells;
    for (int row = 0; row < kRows; ++row) {
        const int y0 = row * median.height / kRows, y1 = std::max(y0 + 1, (row + 1) * median.height / kRows);
        for (int column = 0; column < kColumns; ++column) {
            const int x0 = column * median.width / kColumns;
            const int x1 = std::max(x0 + 1, (column + 1) * median.width / kColumns);
            double sum[3] = {};
            for (int y = y0; y < y1; ++y) {
                for (int x = x0; x < x1; ++x) {
                    for (int c = 0; c < 3; ++c) sum[c] += median.pixel(x, y)[c];
                }
            }
            for (double value : sum) cells.push_back(value / ((y1 - y0) * (x1 - x0)));
        }
    }
    return cells;
}

/// The cells that the head (landmarks, hair and some room to move) does not cover.
std::vector<bool> cells_outside_head(const FaceExtent& face, int width_px, int height_px) {
    std::vector<bool> outside(kRows * kColumns);
    for (int row = 0; row < kRows; ++row) {
        for (int column = 0; column < kColumns; ++column) {
            const double x = (column + 0.5) * width_px / kColumns, y = (row + 0.5) * height_px / kRows;
            const bool head = std::abs(x - face.centre_x) < 0.75 * face.width &&
                              y > face.centre_y - 1.4 * face.width && y < face.centre_y + 0.7 * face.width;
            outside[row * kColumns + column] = !head;
        }
    }
    return outside;
}

struct Look {
    int clip = 0;
    FaceExtent face;
    std::vector<double> cells;
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
        median.cells.push_back(median_of(std::move(values)));
    }
    return median;
}

double look_distance(const Look& a, const Look& b, const std::vector<bool>& outside) {
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < outside.size(); ++i) {
        if (!outside[i]) continue;
        for (int c = 0; c < 3; ++c) sum += std::abs(a.cells[3 * i + c] - b.cells[3 * i + c]);
        count += 3;
    }
    return count ? sum / count : 0;
}

/// The looks like the median one, and the others with their reasons.
struct Peel {
    std::vector<const Look*> alike, others;
    std::vector<std::string> reasons;  // of the others
    std::vector<double> distances;     // of the others
    std::vector<double> alike_distances;
};

Peel peel(const std::vector<const Look*>& looks, int width_px, int height_px) {
    const Look median = median_look(looks);
    const std::vector<bool> outside = cells_outside_head(median.face, width_px, height_px);
    std::vector<double> distances;
    for (const Look* look : looks) distances.push_back(look_distance(*look, median, outside));
    const double usual = median_of(distances);
    const double limit = std::max(kMinOddLevels, usual + kOddSpreads * spread_of(distances, usual));
    Peel result;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        const FaceExtent& face = looks[i]->face;
        const double shift =
            std::hypot(face.centre_x - median.face.centre_x, face.centre_y - median.face.centre_y);
        const double scale = std::max(face.width / median.face.width, median.face.width / face.width);
        std::string reason;
        if (distances[i] > limit) {
            reason = fmt::format(
                "looks unlike the rest: background, clothes or light differ by {:.0f} grey levels "
                "(usual {:.0f}, limit {:.0f})",
                distances[i], usual, limit);
        } else if (shift > kMaxShiftFaceWidths * median.face.width || scale > kMaxFaceScale) {
            reason =
                fmt::format("unlike the rest: the face is {:.1f} face widths away and {:.1f} times the size",
                            shift / median.face.width, face.width / median.face.width);
        }
        if (reason.empty()) {
            result.alike.push_back(looks[i]);
            result.alike_distances.push_back(distances[i]);
        } else {
            result.others.push_back(looks[i]);
            result.reasons.push_back(reason);
            result.distances.push_back(distances[i]);
        }
    }
    return result;
}

/// By how much a change stands above the largest of its neighbours.
double lone_rise(const std::vector<double>& changes, int at) {
    double neighbour = 0;
    for (int d = -kLoneReach; d <= kLoneReach; ++d) {
        if (d != 0 && at + d >= 0 && at + d < static_cast<int>(changes.size())) {
            neighbour = std::max(neighbour, changes[at + d]);
        }
    }
    return changes[at] - neighbour;
}

struct Jump {
    int frame = 0;
    double change = 0, usual = 0;
};

/// Where the whole image changes at once although the person only talks: a cut, or damage that heals.
std::vector<Jump> find_jumps(const ClipMeasurement& clip) {
    if (clip.num_frames() < 4) return {};
    const std::vector<double> changes(clip.change.begin() + 1, clip.change.end());
    const double usual = median_of(changes);
    std::vector<Jump> jumps;
    for (int i = 0; i < static_cast<int>(changes.size()); ++i) {
        const bool large = changes[i] > std::max(kJumpLevels, kJumpTimes * usual);
        const bool lone = lone_rise(changes, i) > std::max(kLoneLevels, kLoneTimes * usual);
        if (large || lone) jumps.push_back({i + 1, changes[i], usual});
    }
    return jumps;
}

double seconds_of(const ClipMeasurement& clip) {
    return static_cast<double>(clip.num_frames()) * clip.fps_den / clip.fps_num;
}

std::string jump_reason(const ClipMeasurement& clip) {
    if (seconds_of(clip) > kShortSeconds) return "";
    const std::vector<Jump> jumps = find_jumps(clip);
    if (jumps.empty()) return "";
    return fmt::format("the picture jumps at frame {} (by {:.1f} grey levels, usual {:.1f}): damaged or cut",
                       jumps[0].frame, jumps[0].change, jumps[0].usual);
}

std::string own_fault(const ClipMeasurement& clip, double min_valid) {
    if (!clip.problem.empty()) return clip.problem;
    const double share = static_cast<double>(clip.num_valid()) / std::max(1, clip.num_frames());
    if (share < min_valid) {
        return fmt::format("only {:.0f} % of the frames show exactly one clear face, expected {:.0f} %",
                           100 * share, 100 * min_valid);
    }
    return jump_reason(clip);
}

}  // namespace

std::vector<int> frames_around_jumps(const ClipMeasurement& clip) {
    const int reach = static_cast<int>(0.5 * clip.fps_num / clip.fps_den);
    std::vector<int> frames;
    for (const Jump& jump : find_jumps(clip)) {
        const int first = std::max(jump.frame - reach, frames.empty() ? 0 : frames.back() + 1);
        for (int t = first; t < std::min(jump.frame + reach, clip.num_frames()); ++t) frames.push_back(t);
    }
    return frames;
}

ClipChoice choose_clips(const std::vector<ClipMeasurement>& clips, double min_valid) {
    ClipChoice choice;
    choice.clips.resize(clips.size());
    std::vector<Look> looks;
    looks.reserve(clips.size());
    std::map<std::pair<int, int>, std::vector<const Look*>> by_size;
    double total_frames = 0;
    for (std::size_t i = 0; i < clips.size(); ++i) {
        choice.clips[i].reason = own_fault(clips[i], min_valid);
        if (!choice.clips[i].reason.empty()) continue;
        looks.push_back({static_cast<int>(i), clip_face(clips[i]), cell_colours(clips[i].median)});
        by_size[{clips[i].width, clips[i].height}].push_back(&looks.back());
        total_frames += clips[i].num_frames();
    }
    for (auto& [size, left] : by_size) {
        while (!left.empty()) {
            Peel peeled = peel(left, size.first, size.second);
            double frames = 0;
            for (const Look* look : peeled.alike) frames += clips[look->clip].num_frames();
            const bool session = frames >= kOwnSessionShare * total_frames;
            for (std::size_t k = 0; k < peeled.alike.size(); ++k) {
                ClipVerdict& verdict = choice.clips[peeled.alike[k]->clip];
                verdict.oddness = std::max(verdict.oddness, peeled.alike_distances[k]);
                if (session) {
                    verdict.session = static_cast<int>(choice.sessions.size());
                    verdict.reason.clear();
                } else if (verdict.reason.empty()) {
                    verdict.reason =
                        fmt::format("another picture size ({}x{}) than the rest", size.first, size.second);
                }
            }
            for (std::size_t k = 0; k < peeled.others.size(); ++k) {
                ClipVerdict& verdict = choice.clips[peeled.others[k]->clip];
                verdict.oddness = peeled.distances[k];
                if (verdict.reason.empty()) verdict.reason = peeled.reasons[k];
            }
            if (session) {
                auto& members = choice.sessions.emplace_back();
                for (const Look* look : peeled.alike) members.push_back(look->clip);
            }
            // Nothing like the median of what is left: no session can come of it.
            if (peeled.alike.empty()) break;
            left = std::move(peeled.others);
        }
    }
    return choice;
}

}  // namespace vultus::preparation
