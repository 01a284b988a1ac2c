#include "image_training/network_speed.h"

#include <chrono>
#include <map>

#include "autograd/optimizer.h"
#include "autograd/recorded_work.h"
#include "models/unet.h"

namespace vultus::image_training {

using torch::Tensor;

namespace {

constexpr int kSettling = 5;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void wait_for(torch::Device device) {
    if (device.is_cuda()) torch::cuda::synchronize(device.index());
}

double measured(const models::ModelConfig& model, torch::Device device, std::int64_t batch, double seconds) {
    autograd::Parameters parameters(device, torch::kFloat32, 1);
    autograd::Adam adam(parameters, {});
    const std::int64_t size = model.unet.size_px;
    const auto options = torch::TensorOptions().device(device);
    const Tensor image = torch::randn({batch, 3, size, size}, options);
    const Tensor time = torch::randn({batch, model.unet.base_channels}, options);
    const Tensor rate = torch::full({}, 1e-6, options.dtype(torch::kFloat64));
    autograd::RecordedWork step(device, true);
    const auto learn = [&] {
        adam.zero_grad();
        autograd::TorchOps ops(parameters, autograd::fast_dtype(device), /*training=*/true);
        const models::Value x = autograd::TorchOps::wrap(image);
        const models::Value z = models::encoder({ops, "encoder"}, model.encoder, x);
        const models::Value drawn =
            models::unet({ops, "unet"}, model.unet, x, autograd::TorchOps::wrap(time), z);
        (autograd::TorchOps::unwrap(drawn) - image).square().mean().backward();
        adam.gradients();
        adam.update(rate);
    };
    for (int i = 0; i < kSettling; ++i) step.run(learn);
    wait_for(device);
    const auto start = std::chrono::steady_clock::now();
    std::int64_t steps = 0;
    while (seconds_since(start) < seconds) {
        step.run(learn);
        ++steps;
        if (steps % 4 == 0) wait_for(device);
    }
    wait_for(device);
    return static_cast<double>(steps * batch) / seconds_since(start);
}

}  // namespace

double network_speed(const models::ModelConfig& model, torch::Device device, std::int64_t batch,
                     double seconds) {
    double speed = 0;
    try {
        speed = measured(model, device, batch, seconds);
    } catch (const c10::Error& error) {
        if (!autograd::is_out_of_memory(error)) throw;
    }
    autograd::release_memory(device);
    return speed;
}

std::int64_t batch_that_pays(const models::ModelConfig& model, torch::Device device) {
    std::map<std::int64_t, double> speeds;
    double best = 0;
    for (std::int64_t batch = 8; batch <= 256; batch *= 2) {
        const double speed = network_speed(model, device, batch, 0.2);
        if (speed < 1.05 * best) break;
        best = speeds[batch] = speed;
    }
    for (const auto& [batch, speed] : speeds)
        if (speed >= 0.8 * best) return batch;
    return 8;
}

}  // namespace vultus::image_training
