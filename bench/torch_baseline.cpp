#include "torch_baseline.h"

#include <torch/torch.h>

#include "autograd/torch_ops.h"
#include "models/unet.h"

namespace vultus::bench {

using autograd::TorchOps;

namespace {
struct Convolution {
    torch::Tensor input, weight, bias;
    std::int64_t stride;
};

models::Value wrap(const std::vector<float>& values, const Shape& shape) {
    return TorchOps::wrap(torch::from_blob(const_cast<float*>(values.data()), shape));
}
}  // namespace

struct TorchBaseline::Impl {
    models::UNetConfig unet;
    autograd::Parameters parameters{torch::kCPU, torch::kFloat32, 0};
    TorchOps ops{parameters, torch::kFloat32, /*training=*/false};
    std::vector<Convolution> convolutions;
};

TorchBaseline::TorchBaseline(const person::Person& person, const std::vector<ConvolutionShape>& convolutions)
    : impl_(std::make_unique<Impl>()) {
    const torch::InferenceMode no_gradients;
    impl_->unet = person.model.unet;
    impl_->parameters.load(person.weights, "unet.");
    for (const ConvolutionShape& shape : convolutions)
        impl_->convolutions.push_back({torch::randn(shape.input), torch::randn(shape.weight),
                                       torch::randn({shape.weight[0]}), shape.stride});
}

TorchBaseline::~TorchBaseline() = default;

void TorchBaseline::set_num_threads(int threads) { at::set_num_threads(threads); }

std::string TorchBaseline::version() { return TORCH_VERSION; }

std::vector<float> TorchBaseline::unet_step(const std::vector<float>& x_t, const std::vector<float>& time,
                                            const std::vector<float>& z) {
    const torch::InferenceMode no_gradients;
    const models::UNetConfig& unet = impl_->unet;
    const models::Value out =
        models::unet({impl_->ops, "unet"}, unet, wrap(x_t, {1, 3, unet.size_px, unet.size_px}),
                     wrap(time, {1, unet.base_channels}), wrap(z, {1, unet.latent}));
    const torch::Tensor flat = TorchOps::unwrap(out).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

void TorchBaseline::convolutions() {
    const torch::InferenceMode no_gradients;
    for (const Convolution& c : impl_->convolutions)
        torch::conv2d(c.input, c.weight, c.bias, c.stride, c.weight.size(2) / 2);
}

}  // namespace vultus::bench
