#include "face/head_pose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/calib3d.hpp>
#include <vector>

namespace vultus::face {
namespace {

struct ModelPoint {
    int index;
    double x, y, z;
};

// Adult mean measures (mm): outer eye corners 90 apart, inner 33, nose 35 wide, nose tip 24 in front of the
// nasion, ears' front edges 140 apart and 105 behind the tip. Mouth and jaw are left out: they move in
// speech.
constexpr std::array<ModelPoint, 17> kModel = {{
    {0, -70, -34, 105},
    {16, 70, -34, 105},  // jaw line at the ears
    {17, -57, -50, 46},
    {21, -14, -54, 20},  // brows
    {22, 14, -54, 20},
    {26, 57, -50, 46},
    {27, 0, -40, 22},
    {28, 0, -27, 16},  // bridge of the nose
    {29, 0, -14, 8},
    {30, 0, 0, 0},
    {31, -17, 9, 19},
    {33, 0, 12, 13},  // base of the nose
    {35, 17, 9, 19},
    {36, -45, -36, 40},
    {39, -16.5, -35, 33},  // eye corners
    {42, 16.5, -35, 33},
    {45, 45, -36, 40},
}};
constexpr double kDegrees = 57.29577951308232;

}  // namespace

const float* face_model_mm() {
    static const std::array<float, 204> model = [] {
        std::array<float, 204> points{};
        for (const ModelPoint& p : kModel) {
            points[3 * p.index] = static_cast<float>(p.x);
            points[3 * p.index + 1] = static_cast<float>(p.y);
            points[3 * p.index + 2] = static_cast<float>(p.z);
        }
        return points;
    }();
    return model.data();
}

bool face_model_has(int index) {
    for (const ModelPoint& p : kModel) {
        if (p.index == index) return true;
    }
    return false;
}

HeadPose estimate_head_pose(const float* landmarks_px, int width, int height) {
    std::vector<cv::Point3d> model;
    std::vector<cv::Point2d> picture;
    for (const ModelPoint& p : kModel) {
        model.emplace_back(p.x, p.y, p.z);
        picture.emplace_back(landmarks_px[2 * p.index], landmarks_px[2 * p.index + 1]);
    }
    const double focal_px = kFocalInWidths * width;
    const cv::Matx33d camera(focal_px, 0, 0.5 * width, 0, focal_px, 0.5 * height, 0, 0, 1);
    // Start from a frontal face at the distance that its eyes' span tells; the fit then stays in this basin.
    const double span_px = std::max<double>(
        1.0, std::hypot(landmarks_px[90] - landmarks_px[72], landmarks_px[91] - landmarks_px[73]));
    const double distance_mm = focal_px * 90 / span_px;
    cv::Vec3d rotation(0, 0, 0);
    cv::Vec3d translation((landmarks_px[60] - 0.5 * width) / focal_px * distance_mm,
                          (landmarks_px[61] - 0.5 * height) / focal_px * distance_mm, distance_mm);
    cv::solvePnP(model, picture, camera, cv::noArray(), rotation, translation, true, cv::SOLVEPNP_ITERATIVE);
    cv::Matx33d r;
    cv::Rodrigues(rotation, r);
    // r = Rz(roll) Ry(-yaw) Rx(-pitch) with x right, y down, z away from the camera.
    HeadPose pose;
    pose.yaw_deg = std::asin(std::clamp(r(2, 0), -1.0, 1.0)) * kDegrees;
    pose.pitch_deg = -std::atan2(r(2, 1), r(2, 2)) * kDegrees;
    pose.roll_deg = std::atan2(r(1, 0), r(0, 0)) * kDegrees;
    return pose;
}

}  // namespace vultus::face
