#include "image_training/head_warp.h"

#include <cmath>

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr double kPart = 0.5;          ///< of the person's own spread: a standard deviation of the warps
constexpr double kMostDeviations = 2;  ///< of a warp
constexpr double kReach = 2.6;  ///< distances from eyes to mouth at which the displacement has faded to 1/e

/// The standard normal's value that a draw lies below with this probability.
double normal_quantile(double probability) {
    double low = -8, high = 8;
    for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) / 2;
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
    }
    return low;
}

/// [cells, cells, 2]: x, y of the centres of cells x cells equal parts of an image, pixels.
Tensor centres_of_cells(std::int64_t cells, int size_px, torch::Device device) {
    const Tensor line =
        (torch::arange(cells, torch::TensorOptions().device(device).dtype(torch::kFloat32)) + 0.5) *
        (1.0 * size_px / static_cast<double>(cells));
    return torch::stack({line.unsqueeze(0).expand({cells, cells}), line.unsqueeze(1).expand({cells, cells})},
                        2);
}

}  // namespace

HeadWarp::HeadWarp(const FaceRegions& regions, const std::vector<std::int64_t>& trained, int size_px,
                   double share, torch::Device device)
    : size_px_(size_px), moved_below_(normal_quantile(share)) {
    const Tensor centres = regions.centres().to(torch::kCPU, torch::kFloat32);  // mouth, eyes
    const Tensor mouth = centres.select(1, 0), eyes = centres.select(1, 1);
    const Tensor axis = mouth - eyes;
    const Tensor length = axis.square().sum(1).sqrt().clamp_min(1e-3);
    const Tensor all = torch::cat({(mouth + eyes) / 2, length.log().unsqueeze(1),
                                   torch::atan2(axis.select(1, 0), axis.select(1, 1)).unsqueeze(1)},
                                  1);
    const Tensor seen = all.index_select(0, torch::tensor(trained));
    spread_ = (seen.var(0, /*unbiased=*/false).sqrt() * kPart).to(device);
    heads_ = torch::cat({all.narrow(1, 0, 2), length.unsqueeze(1)}, 1).to(device);
    places_ = centres_of_cells(size_px, size_px, device);
}

Tensor HeadWarp::shift_at(const Tensor& places, const Tensor& frames, const Tensor& numbers) const {
    const Tensor head = heads_.index_select(0, frames);  // [B, 3]
    const Tensor draw = numbers.narrow(1, 1, 4).clamp(-kMostDeviations, kMostDeviations) * spread_;
    const auto column = [&](std::int64_t i) { return draw.select(1, i).view({-1, 1, 1}); };
    const Tensor from_centre = places - head.narrow(1, 0, 2).view({-1, 1, 1, 2});
    const Tensor x = from_centre.select(3, 0), y = from_centre.select(3, 1);
    const Tensor apart = (x.square() + y.square()) / (kReach * head.select(1, 2).view({-1, 1, 1})).square();
    const Tensor fades = torch::exp(-apart.square());
    return torch::stack({fades * (column(0) + column(2) * x - column(3) * y),
                         fades * (column(1) + column(3) * x + column(2) * y)},
                        3);
}

Tensor HeadWarp::moved_motion(const Tensor& motion, const Tensor& frames, const Tensor& numbers) const {
    const Tensor moved = (numbers.select(1, 0) < moved_below_).view({-1, 1, 1, 1, 1});
    const Tensor places = centres_of_cells(motion.size(4), size_px_, motion.device());
    const Tensor shift = shift_at(places.unsqueeze(0), frames, numbers);  // [B, G, G, 2]
    constexpr std::int64_t kBilinear = 0, kBorder = 1;
    const Tensor before = torch::grid_sampler(motion.flatten(1, 2), (places - shift) * (2.0 / size_px_) - 1,
                                              kBilinear, kBorder, /*align_corners=*/false)
                              .view(motion.sizes());
    return torch::where(moved, before - shift.permute({0, 3, 1, 2}).unsqueeze(1) / size_px_, motion);
}

Tensor HeadWarp::operator()(const Tensor& images, const Tensor& frames, const Tensor& numbers) const {
    const Tensor moved = (numbers.select(1, 0) < moved_below_).view({-1, 1, 1, 1});
    const Tensor source = (places_ - shift_at(places_.unsqueeze(0), frames, numbers)) * (2.0 / size_px_) - 1;
    constexpr std::int64_t kBicubic = 2, kBorder = 1;
    const Tensor original = images.contiguous().to(torch::kFloat32);
    const Tensor warped = torch::grid_sampler(original, source, kBicubic, kBorder, /*align_corners=*/false);
    return torch::where(moved, warped, original);
}

}  // namespace vultus::image_training
