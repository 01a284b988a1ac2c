#include "image_training/noise_bank.h"

#include <ATen/CPUGeneratorImpl.h>

namespace vultus::image_training {

NoiseBank::NoiseBank(std::uint64_t seed, std::int64_t longest, torch::Device device)
    : values_(torch::randn({kPlaces + longest}, at::detail::createCPUGenerator(seed)).to(device)) {}

torch::Tensor NoiseBank::pieces(const torch::Tensor& places, std::int64_t count) const {
    return values_.as_strided({kPlaces, count}, {1, 1}).index_select(0, places);
}

}  // namespace vultus::image_training
