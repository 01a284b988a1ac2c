// Where one shot ends and the next begins.
#include <algorithm>
#include <cmath>

#include "preparation/look.h"
#include "preparation/segments.h"

namespace vultus::preparation {
namespace {

constexpr double kWindowSeconds = 0.5;  // before and after, that a change must outlast
constexpr double kLeastSideSeconds = 0.2;
constexpr double kStepShare = 0.25;      // of the cells outside the head that must take part
constexpr double kStepInOneFrame = 0.6;  // of a cell's change; drift and movement take longer
constexpr double kStepNoises = 4;        // a change against what the cell does within the windows
constexpr double kLeastNoise = 0.5;      // bytes are rounded
constexpr double kJumpFaceWidths = 0.05, kJumpTimes = 3;  // landmarks, against the frames around
constexpr int kJumpReach = 4;

FaceExtent face_near(const ClipMeasurement& clip, int frame) { return face_extent(clip.landmarks(frame)); }

bool outside_both(const std::vector<bool>& a, const std::vector<bool>& b, int cell) {
    return a[cell] && b[cell];
}

/// Median and mean absolute deviation of one value over frames first..end-1.
struct Level {
    float median = 0, noise = 0;
};
Level level_of(const ClipMeasurement& clip, int first, int end, int at) {
    std::uint8_t values[64] = {};
    const int count = std::min(end - first, 64);
    for (int k = 0; k < count; ++k) values[k] = clip.cells_of(first + k)[at];
    std::nth_element(values, values + count / 2, values + count);
    Level level{static_cast<float>(values[count / 2]), 0};
    for (int k = 0; k < count; ++k) level.noise += std::abs(values[k] - level.median) / count;
    return level;
}

/// Share of the cells outside the head that step to another colour at `t` and stay there.
double stepping_share(const ClipMeasurement& clip, int t, int window) {
    const auto before_head = cells_outside_head(face_near(clip, t - 1), clip.width, clip.height);
    const auto after_head = cells_outside_head(face_near(clip, t), clip.width, clip.height);
    const int first = std::max(0, t - window), end = std::min(clip.num_frames(), t + window);
    int stepping = 0, count = 0;
    for (int cell = 0; cell < kCellRows * kCellColumns; ++cell) {
        if (!outside_both(before_head, after_head, cell)) continue;
        ++count;
        for (int at = 3 * cell; at < 3 * cell + 3; ++at) {
            const Level before = level_of(clip, first, t, at), after = level_of(clip, t, end, at);
            const double change = after.median - before.median;
            const double step = clip.cells_of(t)[at] - double(clip.cells_of(t - 1)[at]);
            const double noise = kLeastNoise + std::max(before.noise, after.noise);
            if (std::abs(change) < kStepNoises * noise || step * change < kStepInOneFrame * change * change)
                continue;
            ++stepping;
            break;
        }
    }
    return count ? static_cast<double>(stepping) / count : 0;
}

/// Mean change of all cells from each frame to the next.
std::vector<double> changes_of(const ClipMeasurement& clip) {
    std::vector<double> changes(clip.num_frames(), 0);
    for (int t = 1; t < clip.num_frames(); ++t) {
        int sum = 0;
        for (int i = 0; i < kCellBytes; ++i) sum += std::abs(clip.cells_of(t)[i] - clip.cells_of(t - 1)[i]);
        changes[t] = static_cast<double>(sum) / kCellBytes;
    }
    return changes;
}

/// How far the bones of the face (jaw, nose, eyes) go from each frame to the next, in face widths.
std::vector<double> face_moves(const ClipMeasurement& clip) {
    std::vector<double> moves(clip.num_frames(), 0);
    for (int t = 1; t < clip.num_frames(); ++t) {
        if (!clip.num_faces[t] || !clip.num_faces[t - 1]) continue;
        const float *a = clip.landmarks(t - 1), *b = clip.landmarks(t);
        std::vector<double> ways;
        for (int k = 17; k < 48; ++k)
            ways.push_back(std::hypot(b[2 * k] - a[2 * k], b[2 * k + 1] - a[2 * k + 1]));
        moves[t] = median_of(ways) / std::max(1.0, face_extent(a).width);
    }
    return moves;
}

double largest_near(const std::vector<double>& values, int at, int reach) {
    double largest = 0;
    for (int t = std::max(0, at - reach); t <= std::min<int>(values.size() - 1, at + reach); ++t)
        if (t != at) largest = std::max(largest, values[t]);
    return largest;
}

/// A jump that does not go back at once: the tracker may slip for a frame.
bool face_stays_away(const ClipMeasurement& clip, int t, double jump) {
    const int later = std::min(t + 3, clip.num_frames() - 1), earlier = std::max(t - 4, 0);
    const FaceExtent a = face_extent(clip.landmarks(earlier)), b = face_extent(clip.landmarks(later));
    const double way = std::hypot(b.centre_x - a.centre_x, b.centre_y - a.centre_y);
    return way > 0.5 * jump * std::max(1.0, a.width) ||
           std::abs(b.width / std::max(1.0, a.width) - 1) > 0.5 * jump;
}

}  // namespace

std::vector<int> find_cuts(const ClipMeasurement& clip) {
    const int window = std::max(3, static_cast<int>(std::lround(kWindowSeconds * clip.fps())));
    const std::vector<double> changes = changes_of(clip), moves = face_moves(clip);
    std::vector<int> cuts;
    // Fewer frames on one side do not tell a change from a pulse; split_recording sees whether they fit.
    const int least = std::max(3, static_cast<int>(std::lround(kLeastSideSeconds * clip.fps())));
    for (int t = least; t + least <= clip.num_frames(); ++t) {
        if (!cuts.empty() && t - cuts.back() < 3) continue;
        const std::vector<double> around(changes.begin() + std::max(0, t - window),
                                         changes.begin() + std::min<int>(changes.size(), t + window));
        const bool worth_a_look = changes[t] > 0.3 && changes[t] > 1.5 * median_of(around);
        const bool steps = worth_a_look && stepping_share(clip, t, window) >= kStepShare;
        const bool jumps = moves[t] > kJumpFaceWidths &&
                           moves[t] > kJumpTimes * largest_near(moves, t, kJumpReach) &&
                           face_stays_away(clip, t, moves[t]);
        if (steps || jumps) cuts.push_back(t);
    }
    return cuts;
}

}  // namespace vultus::preparation
