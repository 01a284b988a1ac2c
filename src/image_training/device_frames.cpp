#include "image_training/device_frames.h"

#include <cmath>

#ifdef VULTUS_CUDA_GRAPHS
#include <cuda_runtime_api.h>
#endif

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr std::size_t kMostMeasured = 2000;
constexpr std::int64_t kMeasuredAtOnce = 64;
constexpr std::int64_t kCopiedAtOnce = 256;

std::int64_t free_bytes([[maybe_unused]] torch::Device device) {
#ifdef VULTUS_CUDA_GRAPHS
    std::size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) == cudaSuccess) return static_cast<std::int64_t>(free);
#endif
    return 0;
}

Tensor index_of(const std::vector<std::int64_t>& frames) { return torch::tensor(frames, torch::kInt64); }

/// [B, S, S, 3] -> [B, 3, S, S].
Tensor planes(const Tensor& rgb) { return rgb.permute({0, 3, 1, 2}); }

}  // namespace

DeviceFrames::DeviceFrames(const corpus::FrameCache& cache, torch::Device device, std::int64_t batch)
    : device_(device), cache_(cache) {
    const std::int64_t size = cache.size_px();
    all_ = torch::from_blob(const_cast<std::uint8_t*>(cache.frame(0)), {cache.num_frames(), size, size, 3},
                            torch::kUInt8);
    const bool fits = cache.num_frames() * cache.frame_bytes() <= free_bytes(device) / 2;
    if (device.is_cuda() && fits) {
        const Tensor copy = torch::empty(all_.sizes(), all_.options().device(device));
        for (std::int64_t begin = 0; begin < all_.size(0); begin += kCopiedAtOnce) {
            const std::int64_t count = std::min(kCopiedAtOnce, all_.size(0) - begin);
            copy.narrow(0, begin, count).copy_(all_.narrow(0, begin, count));
        }
        all_ = copy;
    }
    if (resident())
        index_ = torch::zeros({batch}, torch::TensorOptions().dtype(torch::kInt64).device(device));
    else
        staged_ = torch::zeros({batch, size, size, 3}, all_.options().device(device));
}

void DeviceFrames::fetch(const std::vector<std::int64_t>& frames) {
    if (resident())
        index_.copy_(index_of(frames));
    else
        staged_.copy_(all_.index_select(0, index_of(frames)));
}

Tensor DeviceFrames::current() const { return planes(resident() ? all_.index_select(0, index_) : staged_); }

Tensor DeviceFrames::at(const std::vector<std::int64_t>& frames) const {
    return planes(all_.index_select(0, index_of(frames).to(all_.device())).to(device_));
}

FrameStatistics measure_frames(const DeviceFrames& store, const std::vector<std::int64_t>& frames) {
    std::vector<std::int64_t> chosen;
    const std::size_t stride = frames.size() / kMostMeasured + 1;
    for (std::size_t i = 0; i < frames.size(); i += stride) chosen.push_back(frames[i]);
    Tensor sum, squares;
    for (std::size_t begin = 0; begin < chosen.size(); begin += kMeasuredAtOnce) {
        const std::size_t end = std::min(chosen.size(), begin + kMeasuredAtOnce);
        const auto at = [&](std::size_t i) { return chosen.begin() + static_cast<std::ptrdiff_t>(i); };
        // Sums of 64 bytes and of their squares are whole numbers that float32 holds.
        const Tensor values = store.at({at(begin), at(end)}).to(torch::kFloat32);
        const Tensor part = values.sum(0).to(torch::kFloat64),
                     part_squares = values.square_().sum(0).to(torch::kFloat64);
        sum = sum.defined() ? sum + part : part;
        squares = squares.defined() ? squares + part_squares : part_squares;
    }
    const auto count = static_cast<double>(chosen.size());
    const Tensor mean = sum / count;
    const double variance = (squares / count - mean.square()).mean().item<double>();
    return {torch::floor(mean + 0.5).to(torch::kCPU).contiguous(), std::sqrt(std::max(0.0, variance))};
}

}  // namespace vultus::image_training
