#include "autograd/recorded_work.h"

#include <atomic>

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
#else
struct RecordedWork::Graph {};
#endif

namespace {

constexpr int kTimesBefore = 3;
std::atomic<std::int64_t> now{0}, last{0};  // numbers of recordings

struct Recording {
    explicit Recording(std::int64_t number) { now = number; }
    ~Recording() { now = 0; }
};

}  // namespace

std::int64_t recording_number() { return now; }

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
    : device_(device), record_(record && device.is_cuda()) {}
RecordedWork::~RecordedWork() = default;

void RecordedWork::forget() {
    graph_.reset();
    times_ = 0;
    number_ = 0;
}

void RecordedWork::run(const std::function<void()>& work) {
    if (!record_ || times_ < kTimesBefore) {
        ++times_;
        return work();
    }
    if (number_ == 0) number_ = ++last;
    const Recording recording(number_);
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
#else
    work();
#endif
}

}  // namespace vultus::autograd
