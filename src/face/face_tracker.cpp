#include "face/face_tracker.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

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

// The regression runs on an image of the face of this size: dlib rounds landmarks to whole pixels, which
// here are a quarter of a pixel of a 100 px face.
constexpr int kChipSidePx = 560, kChipMarginPx = 80;

// dlib's box from landmarks: centre = mean + kBoxDown * spread downwards, side = kBoxSide * spread, where
// spread is the landmarks' root mean square distance from their mean. Medians over dlib's own detections.
constexpr double kBoxDown = -0.12, kBoxSide = 2.8;

constexpr double kPositionBlend = 0.7, kSizeBlend = 0.15;  // how fast the square follows the landmarks
constexpr double kMaxJump = 0.35;  // of a spread per frame; and of the spread's own size

struct Square {
    double x = 0, y = 0, side = 0;  // centre
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

/// Read once per process and file: 100 MB.
std::shared_ptr<const dlib::shape_predictor> load_predictor(const std::filesystem::path& path) {
    static std::mutex mutex;
    static std::filesystem::path loaded_path;
    static std::shared_ptr<const dlib::shape_predictor> loaded;
    const std::lock_guard<std::mutex> lock(mutex);
    if (loaded && loaded_path == path) return loaded;
    auto predictor = std::make_shared<dlib::shape_predictor>();
    try {
        dlib::deserialize(path.string()) >> *predictor;
    } catch (const std::exception&) {
        fail(ErrorCode::kCorruptData, "[face] {}: not a dlib shape predictor", path.string());
    }
    if (predictor->num_parts() != 68) {
        fail(ErrorCode::kCorruptData, "[face] {}: expected 68 landmarks, got {}", path.string(),
             predictor->num_parts());
    }
    loaded_path = path;
    loaded = predictor;
    return loaded;
}

struct Detection {
    Square box;
    double score = 0;
};

}  // namespace

std::filesystem::path default_predictor_path() {
    if (const char* named = std::getenv("VULTUS_LANDMARKS"); named && *named) {
        if (!std::filesystem::exists(named))
            fail(ErrorCode::kIo, "[face] VULTUS_LANDMARKS: no such file {}", named);
        return named;
    }
    const std::filesystem::path debian = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
    if (!std::filesystem::exists(debian)) {
        fail(ErrorCode::kIo,
             "[face] {} is missing: install the Debian package libdlib-data, or name the file in "
             "VULTUS_LANDMARKS",
             debian.string());
    }
    return debian;
}

struct FaceTracker::Impl {
    explicit Impl(const FaceTrackerOptions& options)
        : options(options),
          detector(dlib::get_frontal_face_detector()),
          predictor(
              load_predictor(options.predictor.empty() ? default_predictor_path() : options.predictor)) {}

    FaceObservation observe(const media::Image& image) {
        const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data()));
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

    /// The first squares come from the detector's coarse grid; two rounds of landmarks settle them.
    void begin(const Square& box) {
        track = box;
        std::array<float, 136> points;
        for (int round = 0; round < 2; ++round) {
            regress(points);
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
        regress(points);
        const Square now = summarize(points);
        const Square box = box_of(now);
        if (last_spread > 0) {
            const double moved = std::hypot(now.x - last.x, now.y - last.y);
            if (moved > kMaxJump * last_spread || std::abs(now.side / last_spread - 1) > kMaxJump)
                return false;
        }
        if (now.x < 0 || now.y < 0 || now.x > gray.cols || now.y > gray.rows || now.side < 8) return false;
        track.x += kPositionBlend * (box.x - track.x);
        track.y += kPositionBlend * (box.y - track.y);
        track.side += kSizeBlend * (box.side - track.side);
        last = now;
        last_spread = now.side;
        return true;
    }

    /// Landmark regression in `track`, on an enlarged copy of that part of the image.
    void regress(std::array<float, 136>& points) {
        const double inside = kChipSidePx - 2 * kChipMarginPx, scale = track.side / inside;
        const double left = track.x - 0.5 * track.side - kChipMarginPx * scale;
        const double top = track.y - 0.5 * track.side - kChipMarginPx * scale;
        // Chip pixel centre (i + 0.5) lies at left + (i + 0.5) * scale.
        const cv::Matx23d to_picture(scale, 0, left + 0.5 * scale - 0.5, 0, scale, top + 0.5 * scale - 0.5);
        cv::warpAffine(gray, chip, to_picture, cv::Size(kChipSidePx, kChipSidePx),
                       cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
        const dlib::rectangle box(kChipMarginPx, kChipMarginPx, kChipSidePx - kChipMarginPx - 1,
                                  kChipSidePx - kChipMarginPx - 1);
        const dlib::full_object_detection shape = (*predictor)(dlib::cv_image<unsigned char>(chip), box);
        for (int i = 0; i < 68; ++i) {
            points[2 * i] = static_cast<float>(left + (shape.part(i).x() + 0.5) * scale - 0.5);
            points[2 * i + 1] = static_cast<float>(top + (shape.part(i).y() + 0.5) * scale - 0.5);
        }
    }

    void reset() {
        tracking = false;
        misses = since_detection = num_faces = 0;
        last_spread = 0;
    }

    FaceTrackerOptions options;
    dlib::frontal_face_detector detector;
    std::shared_ptr<const dlib::shape_predictor> predictor;
    cv::Mat gray, shrunk, chip;
    bool tracking = false;
    int since_detection = 0, misses = 0, num_faces = 0;
    double score = 0, last_spread = 0;
    Square track, last;
};

FaceTracker::FaceTracker(const FaceTrackerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
FaceTracker::~FaceTracker() = default;
FaceObservation FaceTracker::observe(const media::Image& image) { return impl_->observe(image); }
void FaceTracker::reset() { impl_->reset(); }

}  // namespace vultus::face
