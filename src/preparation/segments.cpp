#include "preparation/segments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "face/head_pose.h"
#include "metrics/image_metrics.h"
#include "preparation/look.h"

namespace vultus::preparation {
namespace {

constexpr double kGapSeconds = 0.5;        // shorter faults cost their frames, not the part
constexpr int kBorderFrames = 3;           // at the ends of a shot they are cut off
constexpr double kNearSeconds = 5;         // how far around a frame its usual look is taken from
constexpr double kUnlikeContrasts = 0.35;  // of the look's contrast: a cell that has another colour
constexpr double kUnlikeShare = 0.5;       // of the cells outside the head
constexpr double kCoveredCorrelation = 0.35, kUsualCorrelation = 0.7;
constexpr double kAlikeCorrelation = 0.5;  // pressed lips against some usual frame; a hand has less
constexpr double kCoveredSpreads = 6;
constexpr double kAsideDegrees = 40;
constexpr double kStillLevels = 2, kStillShare = 0.02;  // of the face's own range of light

enum class Fault : std::uint8_t { kNone, kNoFace, kMoreFaces, kLook, kCovered, kNoSound, kAside };

const char* words_of(Fault fault) {
    switch (fault) {
        case Fault::kNoFace:
            return "no clear face is seen: stay in the picture and face the camera";
        case Fault::kMoreFaces:
            return "a second face is seen: film alone, or say which with --face";
        case Fault::kLook:
            return "the whole picture fades, moves or changes: keep camera and light still";
        case Fault::kCovered:
            return "something covers the mouth: keep hands and things away from it";
        case Fault::kNoSound:
            return "the sound has ended";
        case Fault::kAside:
            return "the head is turned to the side: look towards the camera";
        case Fault::kNone:
            break;
    }
    return "";
}

/// The face of frames first..end-1: the median of those that have one.
std::optional<FaceExtent> face_of(const ClipMeasurement& clip, int first, int end) {
    std::vector<FaceExtent> faces;
    for (int t = first; t < end; ++t)
        if (clip.num_faces[t]) faces.push_back(face_extent(clip.landmarks(t)));
    if (faces.empty()) return std::nullopt;
    return median_extent(faces);
}

class Splitter {
  public:
    explicit Splitter(ClipMeasurement& clip)
        : clip_(clip), gap_(frames(kGapSeconds)), faults_(clip.num_frames(), Fault::kNone) {}

    std::vector<Part> run() {
        std::vector<int> bounds = find_cuts(clip_);
        bounds.insert(bounds.begin(), 0);
        bounds.push_back(clip_.num_frames());
        mark_faces();
        for (std::size_t i = 0; i + 1 < bounds.size(); ++i) judge_shot(bounds[i], bounds[i + 1]);
        std::vector<Part> parts;
        for (std::size_t i = 0; i + 1 < bounds.size(); ++i) split_shot(bounds[i], bounds[i + 1], parts);
        judge_lengths(parts);
        for (Part& part : parts)
            if (part.reason.empty()) part.reason = still_reason(part);
        merge_left_out(parts);
        for (const Part& part : parts)
            for (int t = part.first; t < part.end(); ++t)
                if (!part.reason.empty() || faults_[t] != Fault::kNone) clip_.valid[t] = 0;
        return parts;
    }

  private:
    int frames(double seconds) const {
        return std::max(1, static_cast<int>(std::lround(seconds * clip_.fps())));
    }

    void mark_faces() {
        for (int t = 0; t < clip_.num_frames(); ++t) {
            if (t >= clip_.num_heard_frames) faults_[t] = Fault::kNoSound;
            if (clip_.num_faces[t] == 0) faults_[t] = Fault::kNoFace;
            if (clip_.num_faces[t] > 1) faults_[t] = Fault::kMoreFaces;
            if (clip_.num_faces[t] != 1) continue;
            const face::HeadPose pose =
                face::estimate_head_pose(clip_.landmarks(t), clip_.width, clip_.height);
            if (std::abs(pose.yaw_deg) > kAsideDegrees) faults_[t] = Fault::kAside;
        }
    }

    void mark(int t, Fault fault) {
        if (faults_[t] == Fault::kNone) faults_[t] = fault;
    }

    void judge_shot(int first, int end) {
        judge_look(first, end);
        judge_mouth(first, end);
    }

    /// Frames that look unlike the seconds around them (fades), and slow changes from one look to another.
    void judge_look(int first, int end) {
        const std::optional<FaceExtent> face = face_of(clip_, first, end);
        const auto outside = face ? cells_outside_head(*face, clip_.width, clip_.height)
                                  : std::vector<bool>(kCellRows * kCellColumns, true);
        const int second = frames(1), near = frames(kNearSeconds), step = frames(0.2);
        for (int from = first; from < end; from += second) {
            const Cells usual =
                median_cells(clip_, std::max(first, from - near), std::min(end, from + second + near), step);
            const double levels = kUnlikeContrasts * contrast_of(usual, outside);
            for (int t = from; t < std::min(end, from + second); ++t)
                if (share_unlike(clip_.cells_of(t), usual, outside, levels) > kUnlikeShare)
                    mark(t, Fault::kLook);
        }
    }

    double mouth_likeness(int t, const std::uint8_t* usual) const {
        constexpr int kFrom = kFaceSide * 7 / 16;  // from the middle of the nose to the chin
        return metrics::correlation(clip_.face_of(t) + kFaceSide * kFrom, usual + kFaceSide * kFrom,
                                    kFaceSide * (kFaceSide - kFrom));
    }

    /// Frames whose lower face has nothing of what it usually looks like in this shot.
    void judge_mouth(int first, int end) {
        std::vector<int> seen;
        for (int t = first; t < end; ++t)
            if (clip_.num_faces[t]) seen.push_back(t);
        if (seen.empty()) return;
        std::vector<std::uint8_t> usual(kFaceBytes), values;
        const std::size_t step = std::max<std::size_t>(1, seen.size() / 200);
        for (int i = 0; i < kFaceBytes; ++i) {
            values.clear();
            for (std::size_t k = 0; k < seen.size(); k += step) values.push_back(clip_.face_of(seen[k])[i]);
            std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
            usual[i] = values[values.size() / 2];
        }
        std::vector<double> likeness;
        for (int t : seen) likeness.push_back(mouth_likeness(t, usual.data()));
        const double middle = median_of(likeness);
        if (middle < kUsualCorrelation) return;  // a head that moves too much for this to say anything
        const double limit =
            std::min(middle - kCoveredSpreads * spread_of(likeness, middle), kCoveredCorrelation);
        std::vector<int> usual_ones;  // of which some have this mouth, too, open or shut
        for (std::size_t k = 0; k < seen.size(); k += step)
            if (likeness[k] >= kUsualCorrelation) usual_ones.push_back(seen[k]);
        for (std::size_t k = 0; k < seen.size(); ++k)
            if (likeness[k] < limit && !resembles_one(seen[k], usual_ones)) mark(seen[k], Fault::kCovered);
    }

    bool resembles_one(int t, const std::vector<int>& others) const {
        return std::any_of(others.begin(), others.end(), [&](int other) {
            return mouth_likeness(t, clip_.face_of(other)) > kAlikeCorrelation;
        });
    }

    /// Runs of faults that last become parts; shorter ones stay inside as invalid frames.
    void split_shot(int first, int end, std::vector<Part>& parts) {
        bridge(first, end);
        int start = first;
        for (int t = first; t <= end; ++t) {
            if (t < end && faults_[t] == Fault::kNone) continue;
            int stop = t;
            while (stop < end && faults_[stop] != Fault::kNone) ++stop;
            const int least = t == first || stop == end ? kBorderFrames : gap_;
            if (t < end && stop - t < least) {
                t = stop - 1;
                continue;
            }
            if (t > start) parts.push_back({start, t - start, ""});
            if (stop > t) parts.push_back({t, stop - t, worst_words(t, stop)});
            start = stop;
            t = stop;
        }
    }

    /// Between two faults of a hand that moves, half a second is not worth much.
    void bridge(int first, int end) {
        int last = -1;
        for (int t = first; t < end; ++t) {
            if (faults_[t] == Fault::kNone) continue;
            if (last >= 0 && t - last > 1 && t - last <= frames(0.3) && faults_[t] == faults_[last] &&
                faults_[t] != Fault::kNoFace)
                std::fill(faults_.begin() + last + 1, faults_.begin() + t, faults_[t]);
            last = t;
        }
    }

    std::string worst_words(int first, int end) const {
        int counts[8] = {};
        for (int t = first; t < end; ++t) ++counts[static_cast<int>(faults_[t])];
        const int worst = static_cast<int>(std::max_element(counts + 1, counts + 8) - counts);
        return words_of(static_cast<Fault>(worst));
    }

    void judge_lengths(std::vector<Part>& parts) const {
        for (Part& part : parts) {
            if (!part.reason.empty() || part.count >= frames(kLeastPartSeconds)) continue;
            part.reason = fmt::format("only {:.1f} s between two cuts or faults, at least {:.1f} are needed",
                                      part.count / clip_.fps(), kLeastPartSeconds);
        }
    }

    static void merge_left_out(std::vector<Part>& parts) {
        std::vector<Part> merged;
        for (const Part& part : parts) {
            if (!merged.empty() && !part.reason.empty() && merged.back().reason == part.reason)
                merged.back().count += part.count;
            else
                merged.push_back(part);
        }
        parts = std::move(merged);
    }

    std::string still_reason(const Part& part) const;

    ClipMeasurement& clip_;
    int gap_;
    std::vector<Fault> faults_;
};

/// The bytes of the cells that the face covers.
std::vector<int> face_cells(const ClipMeasurement& clip, const Part& part) {
    const std::optional<FaceExtent> face = face_of(clip, part.first, part.end());
    std::vector<int> bytes;
    for (int cell = 0; face && cell < kCellRows * kCellColumns; ++cell) {
        const double x = (cell % kCellColumns + 0.5) * clip.width / kCellColumns;
        const double y = (cell / kCellColumns + 0.5) * clip.height / kCellRows;
        if (std::abs(x - face->centre_x) > 0.5 * face->width ||
            std::abs(y - face->centre_y) > 0.55 * face->width)
            continue;
        for (int c = 0; c < 3; ++c) bytes.push_back(3 * cell + c);
    }
    return bytes;
}

std::string Splitter::still_reason(const Part& part) const {
    // Means of fifths of a second: sensor noise and key frames are gone, movement is not.
    const int block = frames(0.2);
    const std::vector<int> bytes = face_cells(clip_, part);
    if (bytes.empty()) return "";
    std::vector<double> least(bytes.size(), 255), most(bytes.size(), 0);
    for (int from = part.first; from + block <= part.end(); from += block)
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            double mean = 0;
            for (int t = from; t < from + block; ++t) mean += double(clip_.cells_of(t)[bytes[i]]) / block;
            least[i] = std::min(least[i], mean);
            most[i] = std::max(most[i], mean);
        }
    std::vector<double> changes;
    for (std::size_t i = 0; i < bytes.size(); ++i) changes.push_back(most[i] - least[i]);
    std::sort(changes.begin(), changes.end());
    const double range =
        *std::max_element(most.begin(), most.end()) - *std::min_element(least.begin(), least.end());
    if (changes[changes.size() * 9 / 10] > std::max(kStillLevels, kStillShare * range)) return "";
    return "nothing moves in the face: a still picture, not a video of somebody speaking";
}

}  // namespace

std::vector<Part> split_recording(ClipMeasurement& clip) {
    if (clip.num_frames() == 0) return {};
    return Splitter(clip).run();
}

}  // namespace vultus::preparation
