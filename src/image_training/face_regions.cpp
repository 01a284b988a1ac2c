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

void FaceRegions::finish(torch::Device device) {
    const std::int64_t rows = faces_.empty() ? 0 : faces_.rbegin()->first + 1;
    boxes_ = torch::zeros({rows, 3, 4});
    shapes_ = torch::zeros({rows, kShapeValues});
    std::vector<std::int64_t> known;
    for (const auto& [frame, face] : faces_) {
        known.push_back(frame);
        float* box = boxes_[frame].data_ptr<float>();
        for (const corpus::Box* part : {&face.mouth, &face.left_eye, &face.right_eye})
            for (const double value : {part->x, part->y, part->width, part->height})
                *box++ = static_cast<float>(value);
        std::copy(face.shape.begin(), face.shape.end(), shapes_[frame].data_ptr<float>());
    }
    if (!known.empty()) {
        const Tensor seen = shapes_.index_select(0, torch::tensor(known)).to(torch::kFloat64);
        const Tensor deviation = seen.var(0, /*unbiased=*/false).clamp_min(1e-8).sqrt();
        shapes_ = ((shapes_ - seen.mean(0)) / deviation).to(torch::kFloat32);
    }
    const Tensor middle = (boxes_.narrow(2, 0, 2) + boxes_.narrow(2, 2, 2) / 2).to(torch::kFloat64);
    centres_ = torch::stack({middle.select(1, 0), (middle.select(1, 1) + middle.select(1, 2)) / 2}, 1);
    for (Tensor* tensor : {&boxes_, &centres_, &shapes_}) *tensor = tensor->to(device);
    faces_.clear();
}

/// A box's weight falls off by exp(-2 d^2), d in 5 % of the image's side: a product of one factor a row and
/// one a column.
Tensor FaceRegions::region_weights(const Tensor& frames, double mouth, double eyes) const {
    const double soft = 0.05 * size_px_;
    const Tensor boxes = boxes_.index_select(0, frames);  // [B, 3, 4]
    const Tensor place = torch::arange(size_px_, boxes.options());
    const auto factor = [&](int axis) {  // [B, 3, S]
        const Tensor begin = boxes.select(2, axis).unsqueeze(2),
                     end = begin + boxes.select(2, axis + 2).unsqueeze(2);
        const Tensor apart = torch::maximum(begin - place, place - end).clamp_min(0) / soft;
        return torch::exp(-2 * apart.square()) * (apart < 2).to(boxes.scalar_type());
    };
    const Tensor across = factor(0), down = factor(1);
    Tensor weights = torch::ones({}, boxes.options());
    for (const int part : {0, 1, 2})
        weights = weights + ((part == 0 ? mouth : eyes) - 1) * down.select(1, part).unsqueeze(2) *
                                across.select(1, part).unsqueeze(1);
    return weights.unsqueeze(1);
}

Tensor FaceRegions::corners(const Tensor& frames, std::int64_t side_px) const {
    const Tensor corner = centres_.index_select(0, frames) - static_cast<double>(side_px) / 2;
    return torch::floor(corner + 0.5).clamp(0, static_cast<double>(size_px_ - side_px)).to(torch::kInt64);
}

}  // namespace vultus::image_training
