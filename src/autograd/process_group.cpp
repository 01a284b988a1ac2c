#include "autograd/process_group.h"

#include <cstdlib>
#include <string>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef VULTUS_GLOO
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef VULTUS_NCCL
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include "base/error.h"

namespace vultus::autograd {

namespace {
/// LibTorch appends a back trace to its messages.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
}  // namespace

/// NCCL where the tensors are on GPUs, Gloo else; without Gloo everything goes over the GPUs.
struct ProcessGroup::Impl {
    c10::intrusive_ptr<c10d::TCPStore> store;
#ifdef VULTUS_GLOO
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
#endif
#ifdef VULTUS_NCCL
    c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl;
#endif

    void connect(int rank, int size) {
#ifdef VULTUS_NCCL
        if (torch::cuda::is_available()) {
            auto options = c10d::ProcessGroupNCCL::Options::create();
            nccl = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
        }
#endif
#ifdef VULTUS_GLOO
        auto options = c10d::ProcessGroupGloo::Options::create();
        options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
        gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
#endif
    }

    /// Where what is summed has to lie.
    torch::Device device_for(const torch::Tensor& tensor) const {
#ifdef VULTUS_NCCL
        if (nccl && tensor.is_cuda()) return tensor.device();
#ifndef VULTUS_GLOO
        if (nccl) return {torch::kCUDA, static_cast<c10::DeviceIndex>(-1)};
#endif
#endif
        return torch::kCPU;
    }

    /// Errors: kIo when another process went away.
    void sum(torch::Tensor& tensor) {
        try {
            std::vector<at::Tensor> one{tensor};
#ifdef VULTUS_NCCL
            if (tensor.is_cuda()) {
                nccl->allreduce(one)->wait();
                return;
            }
#endif
#ifdef VULTUS_GLOO
            gloo->allreduce(one)->wait();
#endif
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
#if !defined(VULTUS_GLOO) && !defined(VULTUS_NCCL)
    fail(
        ErrorCode::kUnsupported,
        "[train] WORLD_SIZE is {}, but this LibTorch came without the headers of Gloo and NCCL: expected one "
        "process",
        size_);
#endif
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
        impl_->connect(rank_, size_);
    } catch (const std::exception& error) {
        fail(ErrorCode::kIo, "[train] process {} of {} cannot reach the others at {}:{}: {}", rank_, size_,
             address, port, first_line(error.what()));
    }
}

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::average(std::vector<torch::Tensor>& tensors) {
    if (size_ == 1 || tensors.empty()) return;
    torch::NoGradGuard no_grad;
    const torch::Device device = impl_->device_for(tensors.front());
    std::vector<torch::Tensor> flat;
    for (const torch::Tensor& tensor : tensors)
        flat.push_back(tensor.detach().flatten().to(device, torch::kFloat32));
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
    votes = votes.to(impl_->device_for(votes));
    impl_->sum(votes);
    return votes.item<double>() > 0.5;
}

}  // namespace vultus::autograd
