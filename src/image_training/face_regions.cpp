#include "image_training/face_regions.h"

#include <cmath>

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr int kMouth[2] = {48, 68}, kRightEye[2] = {36, 42}, kLeftEye[2] = {42, 48};

corpus::Box box_around(const float* landmarks_px, const int (&range)[2], double factor) {
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    for (int i = range[0]; i < range[1]; ++i)
        for (int axis = 0; axis < 2; ++axis) {
            low[axis] = std::min(low[axis], landmarks_px[2 * i + axis] * factor);
            high[axis] = std::max(high[axis], landmarks_px[2 * i + axis] * factor);
        }
    return {low[0], low[1], high[0] - low[0], high[1] - low[1]};
}

}  // namespace

void FaceRegions::add(std::int64_t frame, const float* landmarks_px, double factor) {
    Face& face = faces_[frame];
    face.mouth = box_around(landmarks_px, kMouth, factor);
    face.right_eye = box_around(landmarks_px, kRightEye, factor);
    face.left_eye = box_around(landmarks_px, kLeftEye, factor);
    float* shape = face.shape.data();
    const double unit_px = corpus::inter_ocular_distance(landmarks_px);
    corpus::centred_points(landmarks_px, unit_px, kMouth[0], kMouth[1], shape);
    corpus::centred_points(landmarks_px, unit_px, kRightEye[0], kRightEye[1], shape + 40);
    corpus::centred_points(landmarks_px, unit_px, kLeftEye[0], kLeftEye[1], shape + 52);
}

void FaceRegions::normalise_shapes() {
    const auto count = static_cast<double>(std::max<std::size_t>(1, faces_.size()));
    std::vector<double> squares(kShapeValues, 0);
    shape_mean_.assign(kShapeValues, 0);
    shape_std_.assign(kShapeValues, 1);
    for (const auto& [frame, face] : faces_)
        for (std::size_t k = 0; k < kShapeValues; ++k) {
            shape_mean_[k] += face.shape[k] / count;
            squares[k] += static_cast<double>(face.shape[k]) * face.shape[k] / count;
        }
    for (std::size_t k = 0; k < kShapeValues; ++k)
        shape_std_[k] = std::sqrt(std::max(1e-8, squares[k] - shape_mean_[k] * shape_mean_[k]));
}

void FaceRegions::raise(float* map, const corpus::Box& box, double extra) const {
    const double soft = 0.05 * size_px_;
    const auto clamped = [&](double at) { return std::clamp(static_cast<int>(at), 0, size_px_); };
    for (int y = clamped(box.y - 2 * soft); y < clamped(box.y + box.height + 2 * soft); ++y)
        for (int x = clamped(box.x - 2 * soft); x < clamped(box.x + box.width + 2 * soft); ++x) {
            const double dx = std::max({box.x - x, x - box.x - box.width, 0.0}) / soft;
            const double dy = std::max({box.y - y, y - box.y - box.height, 0.0}) / soft;
            map[y * size_px_ + x] += static_cast<float>(extra * std::exp(-2 * (dx * dx + dy * dy)));
        }
}

Tensor FaceRegions::region_weights(const std::vector<std::int64_t>& frames, double mouth, double eyes) const {
    Tensor weights = torch::ones({static_cast<std::int64_t>(frames.size()), 1, size_px_, size_px_});
    float* map = weights.data_ptr<float>();
    for (const std::int64_t frame : frames) {
        const Face& face = faces_.at(frame);
        raise(map, face.mouth, mouth - 1);
        raise(map, face.left_eye, eyes - 1);
        raise(map, face.right_eye, eyes - 1);
        map += static_cast<std::ptrdiff_t>(size_px_) * size_px_;
    }
    return weights;
}

Tensor FaceRegions::shapes(const std::vector<std::int64_t>& frames) const {
    Tensor out = torch::empty({static_cast<std::int64_t>(frames.size()), kShapeValues});
    float* value = out.data_ptr<float>();
    for (const std::int64_t frame : frames)
        for (std::size_t k = 0; k < kShapeValues; ++k)
            *value++ = static_cast<float>((faces_.at(frame).shape[k] - shape_mean_[k]) / shape_std_[k]);
    return out;
}

std::array<std::array<std::int64_t, 2>, FaceRegions::kPatches> FaceRegions::corners(std::int64_t frame,
                                                                                    int side_px) const {
    const Face& face = faces_.at(frame);
    const auto around = [&](double x, double y) {
        const auto corner = [&](double centre) {
            return std::clamp<std::int64_t>(std::lround(centre - side_px / 2.0), 0, size_px_ - side_px);
        };
        return std::array<std::int64_t, 2>{corner(x), corner(y)};
    };
    const auto middle_x = [](const corpus::Box& box) { return box.x + box.width / 2; };
    const auto middle_y = [](const corpus::Box& box) { return box.y + box.height / 2; };
    return {around(middle_x(face.mouth), middle_y(face.mouth)),
            around((middle_x(face.left_eye) + middle_x(face.right_eye)) / 2,
                   (middle_y(face.left_eye) + middle_y(face.right_eye)) / 2)};
}

}  // namespace vultus::image_training
