// Head angles from landmarks.
#pragma once

namespace vultus::face {

/// Degrees. yaw: + towards the person's left (the right side of the image); pitch: + up; roll: + clockwise
/// in the image. 0, 0, 0 looks into the camera.
struct HeadPose {
    double yaw_deg = 0, pitch_deg = 0, roll_deg = 0;
};

/// Perspective-n-point fit of a generic rigid face (eyes' corners, nose, brows, ears' front) to 68 landmarks.
/// Mouth and chin are not used, so that speech does not move the pose.
/// landmarks_px: [68, 2] x, y in an image of width x height; the camera is taken to look at its centre with
/// a focal length of kFocalInWidths image widths.
HeadPose estimate_head_pose(const float* landmarks_px, int width, int height);

/// A seated speaker filmed from about a metre: about 35 degrees of view across.
inline constexpr double kFocalInWidths = 1.6;

/// The generic face: 68 points [68, 3] in millimetres; x to the image's right, y down, z away from the
/// camera, origin at the tip of the nose. Points that the fit does not use are zero.
const float* face_model_mm();
/// Whether the fit uses landmark `index`.
bool face_model_has(int index);

}  // namespace vultus::face
