#include "autograd/recorded_work.h"

#ifdef VULTUS_CUDA_GRAPHS
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace vultus::autograd {

#ifdef VULTUS_CUDA_GRAPHS
struct RecordedWork::Graph {
    at::cuda::CUDAGraph graph;
};
constexpr bool kCanRecord = true;
#else
struct RecordedWork::Graph {};
constexpr bool kCanRecord = false;
#endif

namespace {
constexpr int kTimesBefore = 3;
}

void use_own_stream([[maybe_unused]] torch::Device device) {
#ifdef VULTUS_CUDA_GRAPHS
    if (device.is_cuda())
        c10::cuda::setCurrentCUDAStream(
            c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index()));
#endif
}

void release_memory([[maybe_unused]] torch::Device device) {
#ifdef VULTUS_CUDA_GRAPHS
    if (device.is_cuda()) c10::cuda::CUDACachingAllocator::emptyCache();
#endif
}

bool is_out_of_memory(const std::exception& error) {
    return std::string(error.what()).find("out of memory") != std::string::npos;
}

RecordedWork::RecordedWork(torch::Device device, bool record)
    : device_(device), record_(record && kCanRecord && device.is_cuda()) {}
RecordedWork::~RecordedWork() = default;

bool RecordedWork::recorded() const { return graph_ != nullptr; }

void RecordedWork::forget() {
    graph_.reset();
    times_ = 0;
}

void RecordedWork::run(const std::function<void()>& work, bool as_it_is) {
    if (!record_ || as_it_is || times_ < kTimesBefore) {
        ++times_;
        return work();
    }
#ifdef VULTUS_CUDA_GRAPHS
    if (!graph_) {
        at::cuda::getCurrentCUDAStream().synchronize();
        release_memory(device_);
        auto graph = std::make_unique<Graph>();
        graph->graph.capture_begin();
        work();
        graph->graph.capture_end();
        graph_ = std::move(graph);
    }
    graph_->graph.replay();
#endif
}

}  // namespace vultus::autograd
