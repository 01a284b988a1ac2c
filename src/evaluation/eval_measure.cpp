#include "evaluation/eval_measure.h"

#include <algorithm>
#include <limits>

#include "face/face_tracker.h"
#include "face/head_pose.h"
#include "media/resize.h"

namespace vultus::evaluation {
namespace {

constexpr int kLeastTrackedPx = 256;  // smaller faces are below what the detector finds
constexpr std::size_t kFace = 2 * corpus::kNumLandmarks;

class TrackedLandmarks : public LandmarkSource {
  public:
    bool observe(const media::Image& image, float* landmarks_px) override {
        const face::FaceObservation seen = tracker_.observe(image);
        if (seen.found) std::copy(seen.landmarks_px.begin(), seen.landmarks_px.end(), landmarks_px);
        confidence_ = seen.confidence;
        return seen.found;
    }
    double confidence() const override { return confidence_; }

  private:
    double confidence_ = 0;
    face::FaceTracker tracker_;
};

// Frames before the first face take the first face's landmarks.
void fill_start(std::vector<float>& landmarks, int first_found) {
    for (int i = 0; i < first_found; ++i)
        std::copy_n(landmarks.begin() + static_cast<std::ptrdiff_t>(first_found * kFace), kFace,
                    landmarks.begin() + static_cast<std::ptrdiff_t>(i * kFace));
}

}  // namespace

LandmarkFactory tracked_landmarks() {
    return [] { return std::make_unique<TrackedLandmarks>(); };
}

MeasuredFrame measured_frame(const corpus::Corpus& corpus, const corpus::Session& session, int size_px) {
    MeasuredFrame frame;
    frame.size_px = size_px;
    frame.tracked_size_px = std::max({kLeastTrackedPx, corpus.size_px, size_px});
    frame.whole = {0, 0, size_px, size_px};
    frame.mouth =
        metrics::pixel_box(session.mouth_px, static_cast<double>(size_px) / corpus.size_px, size_px, size_px);
    return frame;
}

const media::Image& at_size(const media::Image& image, int size_px, media::Image& scratch) {
    if (image.width == size_px && image.height == size_px) return image;
    media::resize(image, size_px, scratch);
    return scratch;
}

VideoMeter::VideoMeter(std::unique_ptr<LandmarkSource> landmarks, const MeasuredFrame& frame)
    : source_(std::move(landmarks)), frame_(frame) {}

void VideoMeter::add(const media::Image& image, const std::vector<float>& luma_of_image,
                     const media::Image& tracked) {
    float face[kFace] = {};
    auto& landmarks = measure_.landmarks_px;
    const bool had_face = measure_.lost_frames < num_frames_;
    if (source_->observe(at_size(tracked, frame_.tracked_size_px, scaled_), face)) {
        landmarks.insert(landmarks.end(), face, face + kFace);
        measure_.confidence.push_back(static_cast<float>(source_->confidence()));
        if (!had_face) fill_start(landmarks, num_frames_);
    } else {
        ++measure_.lost_frames;
        measure_.confidence.push_back(-std::numeric_limits<float>::infinity());
        if (had_face) std::copy_n(landmarks.end() - kFace, kFace, face);
        landmarks.insert(landmarks.end(), face, face + kFace);
    }
    if (num_frames_ > 0)
        flicker_sum_ += metrics::corner_change(previous_luma_, luma_of_image, frame_.size_px, frame_.size_px);
    sharpness_sum_ +=
        metrics::laplacian_variance(luma_of_image, frame_.size_px, frame_.size_px, frame_.mouth);
    previous_luma_ = luma_of_image;
    ++num_frames_;
}

VideoMeasure VideoMeter::finish() {
    measure_.lips = metrics::lip_motion(measure_.landmarks_px);
    measure_.eyes = metrics::eye_openness(measure_.landmarks_px);
    for (int i = 0; i < num_frames_; ++i) {
        const face::HeadPose pose = face::estimate_head_pose(measure_.landmarks_px.data() + i * kFace,
                                                             frame_.tracked_size_px, frame_.tracked_size_px);
        measure_.pose_deg[0].push_back(static_cast<float>(pose.yaw_deg));
        measure_.pose_deg[1].push_back(static_cast<float>(pose.pitch_deg));
        measure_.pose_deg[2].push_back(static_cast<float>(pose.roll_deg));
    }
    measure_.flicker = num_frames_ > 1 ? flicker_sum_ / (num_frames_ - 1) : 0.0;
    measure_.sharpness = num_frames_ > 0 ? sharpness_sum_ / num_frames_ : 0.0;
    return std::move(measure_);
}

void ErrorMeter::add(const media::Image& image, const std::vector<float>& image_luma,
                     const media::Image& recorded, const std::vector<float>& recorded_luma) {
    const std::vector<float> similarity =
        metrics::ssim_map(image_luma, recorded_luma, frame_.size_px, frame_.size_px);
    sum_.mse += metrics::mean_squared_error(image, recorded, frame_.whole);
    sum_.mouth_mse += metrics::mean_squared_error(image, recorded, frame_.mouth);
    sum_.ssim += metrics::mean_inside(similarity, frame_.size_px, frame_.whole);
    sum_.mouth_ssim += metrics::mean_inside(similarity, frame_.size_px, frame_.mouth);
    ++num_frames_;
}

ImageErrors ErrorMeter::finish() const {
    const double count = std::max(num_frames_, 1);
    return {sum_.mse / count, sum_.mouth_mse / count, sum_.ssim / count, sum_.mouth_ssim / count};
}

}  // namespace vultus::evaluation
