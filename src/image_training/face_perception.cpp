#include "image_training/face_perception.h"

#include "person/bundled.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr int kCropPx = 192, kViews = 2;  // the face, the mouth
/// Of the distance from the eyes to the mouth: how large the squares are, and how far above the middle
/// between them the face's lies.
constexpr double kFaceSide = 3.0, kFaceUp = 0.2, kMouthSide = 1.3;
constexpr double kPointWeight = 0.1;  ///< of a px of the crop
/// Values of the network after its activations, fine to coarse; and the mesh, which means something for the
/// whole face only.
const std::vector<std::string> kOfFace = {"t14", "t35", "t65", "t95", "mesh"},
                               kOfMouth = {"t14", "t35", "t65"};

/// [B, ...] -> [B]: mean.
Tensor by_image(const Tensor& values) { return values.flatten(1).mean(1); }

}  // namespace

FacePerception::FacePerception(const FaceRegions& regions, Tensor mean, double scale, torch::Device device)
    : mean_(std::move(mean)), scale_(scale), trunk_(person::find_bundled("face/mesh.onnx"), device) {
    const Tensor centres = regions.centres().to(torch::kFloat32);  // [frames, 2, 2]: mouth, eyes; x, y
    const Tensor mouth = centres.select(1, 0), eyes = centres.select(1, 1),
                 down = mouth - eyes;  // [frames, 2]
    const Tensor across = torch::stack({down.select(1, 1), -down.select(1, 0)}, 1);
    const Tensor axes = torch::stack({across, down}, 2);  // [frames, x y, across down]
    const auto place = [&](const Tensor& centre, double side) {
        return torch::cat({axes * (side / 2), centre.unsqueeze(2)}, 2);
    };
    places_ =
        torch::stack({place((mouth + eyes) / 2 - kFaceUp * down, kFaceSide), place(mouth, kMouthSide)}, 1);
}

/// [B, 3, 192, 192] in 0..1, upright.
Tensor FacePerception::cut(const Tensor& images, const Tensor& frames, int view) const {
    const double size = static_cast<double>(images.size(3));
    const Tensor line = (torch::arange(kCropPx, places_.options()) + 0.5) * (2.0 / kCropPx) - 1;
    const Tensor grid = torch::stack(
        {line.unsqueeze(0).expand({kCropPx, kCropPx}), line.unsqueeze(1).expand({kCropPx, kCropPx}),
         torch::ones({kCropPx, kCropPx}, line.options())},
        2);                                                                         // [192, 192, 3]
    const Tensor place = places_.index_select(0, frames).select(1, view);           // [B, 2, 3]
    const Tensor px = torch::matmul(grid.view({1, -1, 3}), place.transpose(1, 2));  // [B, 192 * 192, 2]
    const Tensor source = ((2 * px + 1) / size - 1).view({-1, kCropPx, kCropPx, 2});
    constexpr std::int64_t kBilinear = 0, kZeros = 0;
    const Tensor shown = ((images * scale_ + mean_) * 0.5 + 0.5).clamp(0, 1);
    return torch::grid_sampler(shown, source, kBilinear, kZeros, /*align_corners=*/false);
}

/// [B]
Tensor FacePerception::seen_differently(const Tensor& drawn, const Tensor& recorded, int view) const {
    const std::vector<std::string>& names = view == 0 ? kOfFace : kOfMouth;
    const std::vector<Tensor> a = trunk_(drawn, names);
    std::vector<Tensor> b;
    {
        torch::NoGradGuard no_grad;
        b = trunk_(recorded, names);
    }
    Tensor sum = torch::zeros({drawn.size(0)}, drawn.options());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Tensor apart = by_image((a[i] - b[i]).abs());
        sum =
            sum + (names[i] == "mesh" ? kPointWeight * apart : apart / by_image(b[i].abs()).clamp_min(1e-3));
    }
    return sum;
}

Tensor FacePerception::difference(const Tensor& drawn, const Tensor& recorded, const Tensor& frames,
                                  const Tensor& weights) const {
    Tensor sum = torch::zeros({drawn.size(0)}, drawn.options());
    for (int view = 0; view < kViews; ++view)
        sum = sum + seen_differently(cut(drawn, frames, view), cut(recorded, frames, view), view);
    return (weights * sum).sum();
}

}  // namespace vultus::image_training
