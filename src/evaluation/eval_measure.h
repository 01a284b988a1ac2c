// What eval notes about one video while its frames go by.
#pragma once

#include <memory>

#include "evaluation/eval.h"
#include "metrics/image_metrics.h"
#include "metrics/track_metrics.h"

namespace vultus::evaluation {

/// One video: a recording, its reconstruction or the speech-driven one.
struct VideoMeasure {
    std::vector<float> landmarks_px;  ///< [T, 68, 2]; where no face was found the last one's
    int lost_frames = 0;              ///< frames without a face
    metrics::Series confidence;       ///< the detector's, -infinity where no face was found
    metrics::LipMotion lips;
    metrics::Series eyes;
    metrics::Series pose_deg[3];  ///< yaw, pitch, roll
    double flicker = 0;           ///< mean grey change in the top corners between consecutive frames
    double sharpness = 0;         ///< mean Laplacian variance in the mouth box
};

/// Errors of one video against the recording, means over frames.
struct ImageErrors {
    double mse = 0, mouth_mse = 0, ssim = 0, mouth_ssim = 0;
};

/// Where the mouth is and at which size images are compared and tracked.
struct MeasuredFrame {
    int size_px = 256;          ///< images compared
    int tracked_size_px = 256;  ///< images are scaled to this for the tracker
    metrics::PixelBox whole, mouth;
};
MeasuredFrame measured_frame(const corpus::Corpus& corpus, const corpus::Session& session, int size_px);

/// Collects a VideoMeasure frame by frame; memory does not grow with the images.
class VideoMeter {
  public:
    VideoMeter(std::unique_ptr<LandmarkSource> landmarks, const MeasuredFrame& frame);
    /// image: size_px x size_px; tracked: the same image as large as there is.
    void add(const media::Image& image, const std::vector<float>& luma_of_image, const media::Image& tracked);
    /// The measures of the frames added.
    VideoMeasure finish();

  private:
    std::unique_ptr<LandmarkSource> source_;
    MeasuredFrame frame_;
    VideoMeasure measure_;
    std::vector<float> previous_luma_;
    media::Image scaled_;
    int num_frames_ = 0;
    double flicker_sum_ = 0, sharpness_sum_ = 0;
};

/// Collects ImageErrors over the frames that are worth comparing.
class ErrorMeter {
  public:
    explicit ErrorMeter(const MeasuredFrame& frame) : frame_(frame) {}
    void add(const media::Image& image, const std::vector<float>& image_luma, const media::Image& recorded,
             const std::vector<float>& recorded_luma);
    ImageErrors finish() const;

  private:
    MeasuredFrame frame_;
    ImageErrors sum_;
    int num_frames_ = 0;
};

/// `image` at size_px x size_px; the same image when it has that size.
const media::Image& at_size(const media::Image& image, int size_px, media::Image& scratch);

}  // namespace vultus::evaluation
