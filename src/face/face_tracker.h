// Finds the face and its 68 landmarks in every frame of a clip.
#pragma once

#include <array>
#include <memory>

#include "corpus/corpus.h"
#include "media/image.h"

namespace vultus::face {

struct FaceObservation {
    bool found = false;
    bool detected = false;                  ///< the detector looked at this very frame
    int num_faces = 0;                      ///< at the last detection; more than 1: not one clear face
    corpus::Box box;                        ///< px, the face from the brows to the chin
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
    int detect_every = 10;  ///< frames between detections while the track holds
};

/// dlib's HOG detector now and then, MediaPipe's face mesh (face/face_mesh.h) on every frame. The square that
/// the mesh is looked for in follows smoothed points, not the detector's coarse grid, so that landmarks do
/// not jump. Errors: kIo where models/face/ is missing.
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
