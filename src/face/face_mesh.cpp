#include "face/face_mesh.h"

#include <algorithm>
#include <cmath>
#include <opencv2/dnn.hpp>
#include <span>

#include "base/error.h"
#include "person/bundled.h"

namespace vultus::face {
namespace {

constexpr int kFeatureSidePx = 48, kFeatures = 32, kWindowPx = 16;
constexpr float kCropPerFeaturePx = static_cast<float>(kMeshCropPx) / kFeatureSidePx;
constexpr float kWindowScale = 1.5f;  ///< the window against the box around the part's points

// Points of the mesh, in the order in which the heads tell them.
constexpr int kLips[] = {61,  146, 91,  181, 84,  17,  314, 405, 321, 375, 291, 185, 40,  39,  37,  0,
                         267, 269, 270, 409, 78,  95,  88,  178, 87,  14,  317, 402, 318, 324, 308, 191,
                         80,  81,  82,  13,  312, 311, 310, 415, 76,  77,  90,  180, 85,  16,  315, 404,
                         320, 307, 306, 184, 74,  73,  72,  11,  302, 303, 304, 408, 62,  96,  89,  179,
                         86,  15,  316, 403, 319, 325, 292, 183, 42,  41,  38,  12,  268, 271, 272, 407};
constexpr int kLeftEye[] = {33,  7,   163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157,
                            173, 130, 25,  110, 24,  23,  22,  26,  112, 243, 247, 30,  29,  27,  28,
                            56,  190, 226, 31,  228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223,
                            222, 221, 189, 35,  124, 46,  53,  52,  65,  143, 111, 117, 118, 119, 120,
                            121, 128, 245, 156, 70,  63,  105, 66,  107, 55,  193};
constexpr int kRightEye[] = {263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384,
                             398, 359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258,
                             286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443,
                             442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349,
                             350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417};
/// iBUG 300-W's 68 landmarks: the nearest points of the mesh.
constexpr int kLandmarks[] = {127, 234, 93,  132, 58,  136, 150, 176, 152, 400, 379, 365, 288, 361,
                              323, 454, 356, 70,  63,  105, 66,  107, 336, 296, 334, 293, 300, 168,
                              6,   195, 4,   98,  97,  2,   326, 327, 33,  160, 158, 133, 153, 144,
                              362, 385, 387, 263, 373, 380, 61,  40,  37,  0,   267, 270, 291, 321,
                              314, 17,  84,  91,  78,  82,  13,  312, 308, 317, 14,  87};
static_assert(std::size(kLips) == 80 && std::size(kLeftEye) == 71 && std::size(kRightEye) == 71 &&
              std::size(kLandmarks) == 68);

/// A part that is looked at twice.
struct Part {
    const char* file;
    std::span<const int> points;
    int left, right;  ///< of the mesh: between them lies the part's horizon
    cv::dnn::Net head = {};
};

cv::dnn::Net read_net(const std::string& name) {
    const std::string file = person::find_bundled("face/" + name + ".onnx").string();
    try {
        cv::dnn::Net net = cv::dnn::readNetFromONNX(file);
        net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
        return net;
    } catch (const cv::Exception&) {
        fail(ErrorCode::kCorruptData, "[face] {}: expected a network of the face mesh, found something else",
             file);
    }
}

/// From a window's px (edges at 0 and kWindowPx) to px of the features.
cv::Matx23f window_of(const Part& part, const std::array<cv::Point2f, 468>& mesh) {
    const auto at = [&](int index) {
        return mesh[static_cast<std::size_t>(index)] * (1 / kCropPerFeaturePx);
    };
    const cv::Point2f along = at(part.right) - at(part.left);
    const float angle = std::atan2(along.y, along.x), c = std::cos(angle), s = std::sin(angle);
    cv::Point2f least(1e9f, 1e9f), most(-1e9f, -1e9f);
    for (const int index : part.points) {
        const cv::Point2f p = at(index), upright(c * p.x + s * p.y, -s * p.x + c * p.y);
        least = {std::min(least.x, upright.x), std::min(least.y, upright.y)};
        most = {std::max(most.x, upright.x), std::max(most.y, upright.y)};
    }
    const cv::Point2f middle = 0.5f * (least + most), size = most - least;
    const cv::Point2f centre(c * middle.x - s * middle.y, s * middle.x + c * middle.y);
    const float sx = kWindowScale * size.x / kWindowPx, sy = kWindowScale * size.y / kWindowPx;
    constexpr float half = kWindowPx / 2.0f;
    return {c * sx, -s * sy, centre.x - half * (c * sx - s * sy),
            s * sx, c * sy,  centre.y - half * (s * sx + c * sy)};
}

/// Where a window's px lies between four of the features, and how near to each.
struct Corners {
    std::array<int, 4> at = {};
    std::array<float, 4> weight = {};  ///< all zero outside
};

Corners corners_of(const cv::Matx23f& window, int column, int row) {
    // Pixel centres lie at .5.
    const cv::Vec2f p =
        window * cv::Vec3f(static_cast<float>(column) + 0.5f, static_cast<float>(row) + 0.5f, 1);
    const float x = p[0] - 0.5f, y = p[1] - 0.5f;
    constexpr float last = kFeatureSidePx - 1;
    if (!(x >= 0 && y >= 0 && x <= last && y <= last)) return {};
    const int left = std::min(static_cast<int>(x), kFeatureSidePx - 2);
    const int top = std::min(static_cast<int>(y), kFeatureSidePx - 2);
    const float fx = x - static_cast<float>(left), fy = y - static_cast<float>(top);
    const int first = top * kFeatureSidePx + left;
    return {{first, first + 1, first + kFeatureSidePx, first + kFeatureSidePx + 1},
            {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy}};
}

/// features [1, C, 48, 48] -> [1, C, 16, 16], bilinear.
cv::Mat cut_window(const cv::Mat& features, const cv::Matx23f& window) {
    constexpr std::size_t area = static_cast<std::size_t>(kWindowPx) * kWindowPx;
    std::array<Corners, area> corners;
    for (std::size_t i = 0; i < area; ++i)
        corners[i] = corners_of(window, static_cast<int>(i) % kWindowPx, static_cast<int>(i) / kWindowPx);
    const int shape[] = {1, kFeatures, kWindowPx, kWindowPx};
    cv::Mat out(4, shape, CV_32F);
    for (int k = 0; k < kFeatures; ++k) {
        const float* from = features.ptr<float>(0, k);
        float* to = out.ptr<float>(0, k);
        for (const Corners& c : corners)
            *to++ = c.weight[0] * from[c.at[0]] + c.weight[1] * from[c.at[1]] + c.weight[2] * from[c.at[2]] +
                    c.weight[3] * from[c.at[3]];
    }
    return out;
}

}  // namespace

struct FaceMeshFinder::Impl {
    cv::dnn::Net trunk = read_net("mesh");
    std::array<Part, 3> parts = {Part{"lips", kLips, 61, 291}, Part{"left_eye", kLeftEye, 33, 133},
                                 Part{"right_eye", kRightEye, 362, 263}};

    Impl() {
        for (Part& part : parts) part.head = read_net(part.file);
    }

    /// The part's points of `mesh`, better told into `out`.
    static void look_again(Part& part, const cv::Mat& features, const std::array<cv::Point2f, 468>& mesh,
                           std::array<cv::Point2f, 468>& out) {
        const cv::Matx23f window = window_of(part, mesh);
        part.head.setInput(cut_window(features, window));
        const cv::Mat told = part.head.forward();
        // In quarters of the window's px, as the crop's px are of the features'.
        const float* p = told.ptr<float>();
        for (std::size_t i = 0; i < part.points.size(); ++i, p += 2)
            out[static_cast<std::size_t>(part.points[i])] = {
                window(0, 0) * p[0] + window(0, 1) * p[1] + kCropPerFeaturePx * window(0, 2),
                window(1, 0) * p[0] + window(1, 1) * p[1] + kCropPerFeaturePx * window(1, 2)};
    }
};

FaceMeshFinder::FaceMeshFinder() : impl_(std::make_unique<Impl>()) {}
FaceMeshFinder::~FaceMeshFinder() = default;

FaceMesh FaceMeshFinder::find(const cv::Mat& crop) {
    CV_Assert(crop.type() == CV_8UC3 && crop.rows == kMeshCropPx && crop.cols == kMeshCropPx);
    impl_->trunk.setInput(cv::dnn::blobFromImage(crop, 1 / 255.0));
    std::vector<cv::Mat> told;
    impl_->trunk.forward(told, std::vector<cv::String>{"mesh", "presence", "features"});
    FaceMesh out;
    out.presence = 1 / (1 + std::exp(-static_cast<double>(*told[1].ptr<float>())));
    std::array<cv::Point2f, 468> mesh;
    for (std::size_t i = 0; i < mesh.size(); ++i)
        mesh[i] = {told[0].ptr<float>()[3 * i], told[0].ptr<float>()[3 * i + 1]};
    out.points = mesh;
    for (Part& part : impl_->parts) Impl::look_again(part, told[2], mesh, out.points);
    return out;
}

std::array<cv::Point2f, 68> FaceMesh::landmarks() const {
    std::array<cv::Point2f, 68> out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = points[static_cast<std::size_t>(kLandmarks[i])];
    return out;
}

}  // namespace vultus::face
