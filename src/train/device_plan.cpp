#include "train/device_plan.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "autograd/recorded_work.h"
#include "base/error.h"
#include "image_training/dae_trainer.h"
#include "image_training/network_speed.h"

namespace vultus::train {
namespace {

constexpr double kLearningRate = 6e-4;
constexpr int kProcessorBatch = 8;
constexpr double kMeasure_s = 2;

void synchronize(const torch::Device& device) {
    if (device.is_cuda()) torch::cuda::synchronize(device.index());
}

double images_per_second(image_training::DaeTrainer& trainer, const training_loop::TrainOptions& options,
                         double fraction, double seconds) {
    const torch::Device device(options.device);
    std::int64_t step = 0;
    while (step < 6) trainer.train_step(step++, fraction);
    synchronize(device);
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed_s = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::int64_t measured = 0;
    while (elapsed_s() < seconds) {
        for (int i = 0; i < 4; ++i, ++measured) trainer.train_step(step++, fraction);
        synchronize(device);
    }
    return static_cast<double>(measured * options.batch) / elapsed_s();
}

}  // namespace

void choose_device(training_loop::TrainOptions& options) {
    if (options.precision != "auto" && options.precision != "float32")
        fail(ErrorCode::kInvalidArgument, "[train] --precision: expected auto or float32, got {}",
             options.precision);
    const bool cuda = options.device.rfind("cuda", 0) == 0;
    if (options.device != "cpu" && !cuda)
        fail(ErrorCode::kInvalidArgument, "[train] --device: expected cpu or cuda, got {}", options.device);
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    torch::set_num_threads(options.num_threads > 0 ? options.num_threads : cores);
    if (!cuda) return;
    if (!torch::cuda::is_available())
        fail(ErrorCode::kInvalidArgument, "[train] --device {}: this LibTorch sees no CUDA GPU",
             options.device);
    const auto count = static_cast<long>(torch::cuda::device_count());
    if (options.device == "cuda") {
        const char* local = std::getenv("LOCAL_RANK");
        options.device = fmt::format("cuda:{}", local ? std::atol(local) % count : 0);
    }
    if (torch::Device(options.device).index() >= count)
        fail(ErrorCode::kInvalidArgument, "[train] --device {}: expected cuda:0 to cuda:{}", options.device,
             count - 1);
    const bool exact = options.precision == "float32";
    at::globalContext().setBenchmarkCuDNN(!exact);
    at::globalContext().setDeterministicCuDNN(exact);
    if (exact) at::globalContext().setAllowTF32CuDNN(false);
    autograd::use_own_stream(torch::Device(options.device));
}

void plan_images(training_loop::TrainOptions& options, autograd::ProcessGroup& group) {
    const torch::Device device(options.device);
    const bool chosen = options.batch > 0 && options.learning_rate > 0;
    if (options.batch <= 0 && device.is_cuda())
        options.batch = static_cast<int>(group.from_first(
            static_cast<double>(image_training::batch_that_pays(image_training::model_of(options), device))));
    if (options.batch <= 0) options.batch = kProcessorBatch;
    if (options.learning_rate <= 0)
        options.learning_rate = kLearningRate * std::sqrt(options.batch * group.size() / 8.0);
    if (!chosen && device.is_cuda() && group.is_first())
        fmt::print(stderr, "[train] {}: {} images a step, learning rate {:.1e}\n", options.device,
                   options.batch * group.size(), options.learning_rate);
}

void print_training_speed(training_loop::TrainOptions options, const corpus::Corpus& corpus,
                          const training_loop::RunFolder& run, autograd::ProcessGroup& group) {
    const torch::Device device(options.device);
    const models::ModelConfig model = models::preset(options.preset, options.size_px);
    nlohmann::json line{{"device", options.device},
                        {"preset", options.preset},
                        {"size_px", options.size_px},
                        {"batch", options.batch}};
    double phase[2] = {0, 0};
    {
        image_training::DaeTrainer trainer(options, corpus, run, group);
        for (const int frozen : {0, 1})
            phase[frozen] = images_per_second(trainer, options, frozen, kMeasure_s);
    }
    autograd::release_memory(device);
    line["images_per_s"] = std::round(phase[0]);
    line["frozen_images_per_s"] = std::round(phase[1]);
    line["networks_images_per_s"] =
        std::round(image_training::network_speed(model, device, options.batch, kMeasure_s));
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
}

}  // namespace vultus::train
