#include "face/face_tracker.h"

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "face/face_mesh.h"

namespace vultus::face {
namespace {

constexpr double kClearScore = 0.0;       // what dlib itself calls a face
constexpr double kOtherFaceScore = 0.25;  // a second face must be more certain: walls and shirts reach 0.1
constexpr double kOtherFaceSide = 0.4;    // ... and not small beside the first
constexpr double kTrackedScore = -0.6;    // enough where a face was just before: turned heads score low
constexpr double kTrackedOverlap = 0.25;  // intersection over union
constexpr int kSearchSidePx = 640;        // images are shrunk to this for a search
constexpr double kDetectFacePx = 100;     // the detector's window is 80 px
constexpr int kMissesBeforeSlow = 25;     // after this many frames without a face only every 5th is searched
constexpr int kSlowStep = 5;

// The square that the mesh is looked for in: 1.5 times the box around its points. From the detector's box,
// which goes from the brows to the chin, the first one is a guess.
constexpr double kCropScale = 1.5, kFirstCropScale = 1.9, kFirstCropUp = 0.1;
constexpr int kFirstRounds = 3;
constexpr double kLeastPresence = 0.5;

// dlib's box from landmarks: centre = mean + kBoxDown * spread downwards, side = kBoxSide * spread, where
// spread is the landmarks' root mean square distance from their mean. Medians over dlib's own detections.
constexpr double kBoxDown = -0.12, kBoxSide = 2.8;

constexpr double kPositionBlend = 0.7, kSizeBlend = 0.15, kAngleBlend = 0.3;  // how fast the square follows
constexpr double kMaxJump = 0.35;  // of a spread per frame; and of the spread's own size

struct Square {
    double x = 0, y = 0, side = 0;  // centre
};

/// A square of the picture, turned: what the mesh is looked for in.
struct Crop {
    Square square;
    double angle = 0;  // radians, clockwise in the picture
};

/// Where the landmarks are and how far they spread.
Square summarize(const std::array<float, 136>& points) {
    Square s;
    for (int i = 0; i < 68; ++i) {
        s.x += points[2 * i] / 68;
        s.y += points[2 * i + 1] / 68;
    }
    for (int i = 0; i < 68; ++i) {
        s.side += (std::pow(points[2 * i] - s.x, 2) + std::pow(points[2 * i + 1] - s.y, 2)) / 68;
    }
    s.side = std::sqrt(s.side);
    return s;
}

Square box_of(const Square& summary) {
    return {summary.x, summary.y + kBoxDown * summary.side, kBoxSide * summary.side};
}

double overlap(const Square& a, const Square& b) {
    const double w =
        std::min(a.x + a.side / 2, b.x + b.side / 2) - std::max(a.x - a.side / 2, b.x - b.side / 2);
    const double h =
        std::min(a.y + a.side / 2, b.y + b.side / 2) - std::max(a.y - a.side / 2, b.y - b.side / 2);
    if (w <= 0 || h <= 0) return 0;
    return w * h / (a.side * a.side + b.side * b.side - w * h);
}

struct Detection {
    Square box;
    double score = 0;
};

/// Read once per process, which takes a quarter of a second.
const dlib::frontal_face_detector& detector_read_once() {
    static const dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
    return detector;
}

}  // namespace

struct FaceTracker::Impl {
    explicit Impl(const FaceTrackerOptions& options) : options(options), detector(detector_read_once()) {}

    FaceObservation observe(const media::Image& image) {
        rgb = cv::Mat(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data()));
        cv::cvtColor(rgb, gray, cv::COLOR_RGB2GRAY);
        FaceObservation seen;
        if (!tracking) {
            if (!search()) return not_found();
        } else if (++since_detection >= options.detect_every) {
            if (!confirm() && !search()) return not_found();
        }
        if (!follow(seen.landmarks_px) && !(search() && follow(seen.landmarks_px))) return not_found();
        seen.found = true;
        seen.detected = since_detection == 0;
        seen.num_faces = num_faces;
        seen.confidence = score;
        seen.box = {track.x - track.side / 2, track.y - track.side / 2, track.side, track.side};
        return seen;
    }

    FaceObservation not_found() {
        tracking = false;
        FaceObservation none;
        none.detected = true;
        none.num_faces = num_faces;
        return none;
    }

    /// Faces in the image shrunk by `scale`, best first.
    std::vector<Detection> detect(double scale, double least_score) {
        const cv::Mat* searched = &gray;
        if (scale < 1) {
            cv::resize(gray, shrunk, cv::Size(), scale, scale, cv::INTER_AREA);
            searched = &shrunk;
        }
        std::vector<dlib::rect_detection> raw;
        detector(dlib::cv_image<unsigned char>(*searched), raw, least_score);
        const double f = std::min(scale, 1.0);
        std::vector<Detection> found;
        for (const dlib::rect_detection& d : raw) {
            const dlib::drectangle r(d.rect);
            found.push_back(
                {{(r.left() + r.right() + 1) / 2 / f, (r.top() + r.bottom() + 1) / 2 / f, r.width() / f},
                 d.detection_confidence});
        }
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
        return found;
    }

    static int count_clear(const std::vector<Detection>& found, const Square& main) {
        int count = 1;
        for (const Detection& d : found) {
            const bool other = overlap(d.box, main) < 0.2;
            count += other && d.score >= kOtherFaceScore && d.box.side >= kOtherFaceSide * main.side;
        }
        return count;
    }

    int count_faces(const std::vector<Detection>& found, const Square& main) const {
        return options.wanted.rule == FaceWanted::Rule::kOnly ? count_clear(found, main) : 1;
    }

    /// The larger, the better; by how much, the rule says.
    double rank(const Detection& face) const {
        switch (options.wanted.rule) {
            case FaceWanted::Rule::kOnly:
                return face.box.side * (face.score + 0.2);
            case FaceWanted::Rule::kLargest:
                return face.box.side;
            case FaceWanted::Rule::kLeft:
                return -face.box.x;
            case FaceWanted::Rule::kRight:
                return face.box.x;
            case FaceWanted::Rule::kAt:
                return -std::hypot(face.box.x - options.wanted.x_px, face.box.y - options.wanted.y_px);
        }
        return 0;
    }

    /// Null if none is near the wanted place. Walls and shirts that look like small faces do not count.
    const Detection* wanted_of(const std::vector<Detection>& found) const {
        double largest = 0;
        for (const Detection& face : found) largest = std::max(largest, face.box.side);
        const Detection* best = nullptr;
        for (const Detection& face : found) {
            const bool small = face.box.side < kOtherFaceSide * largest;
            if (options.wanted.rule == FaceWanted::Rule::kAt
                    ? -rank(face) > face.box.side
                    : small && options.wanted.rule != FaceWanted::Rule::kOnly)
                continue;
            if (!best || rank(face) > rank(*best)) best = &face;
        }
        return best;
    }

    /// Looks for a face anywhere; starts the track at the largest clear one.
    bool search() {
        const bool slow = misses >= kMissesBeforeSlow && misses % kSlowStep != 0;
        ++misses;
        num_faces = 0;
        if (slow) return false;
        const double scale = static_cast<double>(kSearchSidePx) / std::max(gray.cols, gray.rows);
        const std::vector<Detection> found = detect(scale, kClearScore);
        if (found.empty()) return false;
        const Detection* main = wanted_of(found);
        if (!main) return false;
        begin(main->box);
        score = main->score;
        num_faces = count_faces(found, main->box);
        misses = 0;
        return true;
    }

    /// The first squares come from the detector's coarse grid; some rounds of the mesh settle them.
    void begin(const Square& box) {
        crop = {{box.x, box.y - kFirstCropUp * box.side, kFirstCropScale * box.side}, 0};
        std::array<float, 136> points;
        for (int round = 0; round < kFirstRounds; ++round) {
            crop = look(points);
            track = box_of(summarize(points));
        }
        tracking = true;
        since_detection = 0;
        last_spread = 0;
    }

    /// Looks whether there still is a face where the track is.
    bool confirm() {
        const std::vector<Detection> found = detect(std::min(1.0, kDetectFacePx / track.side), kTrackedScore);
        for (const Detection& d : found) {
            if (overlap(d.box, track) < kTrackedOverlap) continue;
            score = d.score;
            num_faces = count_faces(found, track);
            since_detection = 0;
            return true;
        }
        return false;
    }

    /// Landmarks of this frame; false where they jump or collapse, as they do without a face.
    bool follow(std::array<float, 136>& points) {
        const Crop next = look(points);
        if (presence < kLeastPresence) return false;
        const Square now = summarize(points);
        if (last_spread > 0) {
            const double moved = std::hypot(now.x - last.x, now.y - last.y);
            if (moved > kMaxJump * last_spread || std::abs(now.side / last_spread - 1) > kMaxJump)
                return false;
        }
        if (now.x < 0 || now.y < 0 || now.x > gray.cols || now.y > gray.rows || now.side < 8) return false;
        track = box_of(now);
        crop.square.x += kPositionBlend * (next.square.x - crop.square.x);
        crop.square.y += kPositionBlend * (next.square.y - crop.square.y);
        crop.square.side += kSizeBlend * (next.square.side - crop.square.side);
        crop.angle += kAngleBlend * (next.angle - crop.angle);
        last = now;
        last_spread = now.side;
        return true;
    }

    /// The landmarks in `crop`, and the crop that fits around them.
    Crop look(std::array<float, 136>& points) {
        const FaceMesh mesh = finder.find(cut());
        presence = mesh.presence;
        const double scale = crop.square.side / kMeshCropPx;
        const double c = std::cos(crop.angle) * scale, s = std::sin(crop.angle) * scale;
        const auto in_picture = [&](const cv::Point2f& p) {
            const double x = p.x - 0.5 * kMeshCropPx, y = p.y - 0.5 * kMeshCropPx;
            // Pixel centres lie at .5 in the crop, at whole numbers in the picture.
            return cv::Point2d(crop.square.x + c * x - s * y - 0.5, crop.square.y + s * x + c * y - 0.5);
        };
        for (int i = 0; const cv::Point2f& landmark : mesh.landmarks()) {
            const cv::Point2d p = in_picture(landmark);
            points[i++] = static_cast<float>(p.x);
            points[i++] = static_cast<float>(p.y);
        }
        cv::Point2d least(1e9, 1e9), most(-1e9, -1e9);
        for (const cv::Point2f& point : mesh.points) {
            const cv::Point2d p = in_picture(point);
            least = {std::min(least.x, p.x), std::min(least.y, p.y)};
            most = {std::max(most.x, p.x), std::max(most.y, p.y)};
        }
        const double angle =
            std::atan2(points[2 * 45 + 1] - points[2 * 36 + 1], points[2 * 45] - points[2 * 36]);
        return {{(least.x + most.x) / 2, (least.y + most.y) / 2,
                 kCropScale * std::max(most.x - least.x, most.y - least.y)},
                angle};
    }

    /// That part of the picture, upright; shrunk from a larger one where single pixels would be lost.
    const cv::Mat& cut() {
        const double scale = crop.square.side / kMeshCropPx;
        const int times = std::clamp(static_cast<int>(std::lround(scale)), 1, 8), side = times * kMeshCropPx;
        const double step = scale / times, c = std::cos(crop.angle) * step, s = std::sin(crop.angle) * step;
        const double half = 0.5 * side - 0.5;
        const cv::Matx23d to_picture(c, -s, crop.square.x - 0.5 - half * (c - s), s, c,
                                     crop.square.y - 0.5 - half * (s + c));
        cv::warpAffine(rgb, chip, to_picture, cv::Size(side, side), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                       cv::BORDER_CONSTANT);
        if (times == 1) return chip;
        cv::resize(chip, small_chip, cv::Size(kMeshCropPx, kMeshCropPx), 0, 0, cv::INTER_AREA);
        return small_chip;
    }

    void reset() {
        tracking = false;
        misses = since_detection = num_faces = 0;
        last_spread = 0;
    }

    FaceTrackerOptions options;
    dlib::frontal_face_detector detector;
    FaceMeshFinder finder;
    cv::Mat rgb, gray, shrunk, chip, small_chip;
    bool tracking = false;
    int since_detection = 0, misses = 0, num_faces = 0;
    double score = 0, presence = 0, last_spread = 0;
    Square track, last;  ///< the face as the detector would box it; where the landmarks were
    Crop crop;
};

FaceTracker::FaceTracker(const FaceTrackerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
FaceTracker::~FaceTracker() = default;
FaceObservation FaceTracker::observe(const media::Image& image) { return impl_->observe(image); }
void FaceTracker::reset() { impl_->reset(); }

}  // namespace vultus::face
