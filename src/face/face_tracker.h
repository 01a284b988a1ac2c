// Finds the face and its 68 landmarks in every frame of a clip.
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "corpus/corpus.h"
#include "media/image.h"

namespace vultus::face {

struct FaceObservation {
    bool found = false;
    bool detected = false;                  ///< the detector looked at this very frame
    int num_faces = 0;                      ///< at the last detection; more than 1: not one clear face
    corpus::Box box;                        ///< px, the square the landmarks were looked for in
    std::array<float, 136> landmarks_px{};  ///< [68, 2] x, y; iBUG 300-W order
    double confidence = 0;                  ///< detector score of the last detection; above 0 is a face
};

/// Which face is followed. kOnly: the clearest, and others beside it are counted; with the other rules
/// several faces in the picture are no fault, and num_faces is 1.
struct FaceWanted {
    enum class Rule { kOnly, kLargest, kLeft, kRight, kAt };
    Rule rule = Rule::kOnly;
    double x_px = 0, y_px = 0;  ///< kAt: inside or beside the face
};

struct FaceTrackerOptions {
    FaceWanted wanted = {};
    std::filesystem::path predictor = {};  ///< dlib's 68-point file; empty: see default_predictor_path()
    int detect_every = 10;                 ///< frames between detections while the track holds
};

/// $VULTUS_LANDMARKS, else Debian's /usr/share/dlib/shape_predictor_68_face_landmarks.dat.
/// Errors: kIo with a line that says which package to install.
std::filesystem::path default_predictor_path();

/// dlib's HOG detector now and then, dlib's landmark regression on every frame. The square that feeds the
/// regression follows smoothed landmarks, not the detector's coarse grid, so that landmarks do not jump.
class FaceTracker {
  public:
    explicit FaceTracker(const FaceTrackerOptions& options = {});
    ~FaceTracker();
    FaceTracker(const FaceTracker&) = delete;
    FaceTracker& operator=(const FaceTracker&) = delete;

    /// Frames of one clip in order.
    FaceObservation observe(const media::Image& image);
    /// Forgets the track: call between clips.
    void reset();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::face
