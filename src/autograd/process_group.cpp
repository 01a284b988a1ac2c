#include "autograd/process_group.h"

#include <cstdlib>
#include <string>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "base/error.h"

namespace vultus::autograd {

namespace {
/// LibTorch appends a back trace to its messages.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
}  // namespace

struct ProcessGroup::Impl {
    c10::intrusive_ptr<c10d::TCPStore> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;

    /// Errors: kIo when another process went away.
    void sum(torch::Tensor& tensor) {
        try {
            std::vector<at::Tensor> one{tensor};
            gloo->allreduce(one)->wait();
        } catch (const std::exception& error) {
            fail(ErrorCode::kIo, "[train] expected an answer of the other processes: {}",
                 first_line(error.what()));
        }
    }
};

namespace {

int number_from_env(const char* name, int low, int high) {
    const char* text = std::getenv(name);
    if (!text || !*text)
        fail(ErrorCode::kInvalidArgument,
             "[train] {}: expected a number, it is not set although WORLD_SIZE is", name);
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (*end || value < low || value > high)
        fail(ErrorCode::kInvalidArgument, "[train] {}: expected {} to {}, got {}", name, low, high, text);
    return static_cast<int>(value);
}

}  // namespace

ProcessGroup::ProcessGroup() {
    const char* world = std::getenv("WORLD_SIZE");
    if (!world || std::string(world) == "1") return;
    size_ = number_from_env("WORLD_SIZE", 1, 65536);
    rank_ = number_from_env("RANK", 0, size_ - 1);
    const int port = number_from_env("MASTER_PORT", 1, 65535);
    const char* address = std::getenv("MASTER_ADDR");
    if (!address)
        fail(ErrorCode::kInvalidArgument, "[train] MASTER_ADDR: expected a host name, it is not set");
    try {
        impl_ = std::make_unique<Impl>();
        c10d::TCPStoreOptions store_options;
        store_options.port = static_cast<std::uint16_t>(port);
        store_options.isServer = rank_ == 0;
        store_options.numWorkers = static_cast<std::size_t>(size_);
        impl_->store = c10::make_intrusive<c10d::TCPStore>(address, store_options);
        auto options = c10d::ProcessGroupGloo::Options::create();
        options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
        impl_->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(impl_->store, rank_, size_, options);
    } catch (const std::exception& error) {
        fail(ErrorCode::kIo, "[train] process {} of {} cannot reach the others at {}:{}: {}", rank_, size_,
             address, port, first_line(error.what()));
    }
}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::average(std::vector<torch::Tensor>& tensors) {
    if (size_ == 1 || tensors.empty()) return;
    torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> flat;
    for (const torch::Tensor& tensor : tensors)
        flat.push_back(tensor.detach().flatten().to(torch::kCPU, torch::kFloat32));
    torch::Tensor all = torch::cat(flat);
    impl_->sum(all);
    all /= size_;
    std::int64_t begin = 0;
    for (torch::Tensor& tensor : tensors) {
        tensor.copy_(all.narrow(0, begin, tensor.numel()).view(tensor.sizes()));
        begin += tensor.numel();
    }
}

double ProcessGroup::average(double value) {
    std::vector<torch::Tensor> one{torch::full({1}, value)};
    average(one);
    return one[0].item<double>();
}

bool ProcessGroup::from_first(bool value) { return any(rank_ == 0 && value); }

double ProcessGroup::from_first(double value) { return size_ * average(rank_ == 0 ? value : 0.0); }

bool ProcessGroup::any(bool value) {
    if (size_ == 1) return value;
    torch::Tensor votes = torch::full({1}, value ? 1.0 : 0.0);
    impl_->sum(votes);
    return votes.item<double>() > 0.5;
}

}  // namespace vultus::autograd
