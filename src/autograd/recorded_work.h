// Work that a GPU does again and again: recorded once as a CUDA graph, then replayed without the processor.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>

namespace vultus::autograd {

/// Gives this thread a stream of its own on a GPU, as recording needs; nothing else on a processor.
void use_own_stream(torch::Device device);

/// Gives a GPU's memory that no tensor holds back to it.
void release_memory(torch::Device device);

/// Whether an exception means that a device's memory did not suffice.
bool is_out_of_memory(const std::exception& error);

/// While work is recorded or replayed: its number, another one each time that it is recorded; else 0. For
/// what watches over it.
std::int64_t recording_number();

/// Hundreds of small kernels are launched one by one by the processor, which takes longer than they do. The
/// work may read and write tensors of the device only, the same ones with the same shapes each time, and must
/// not wait for the device; what it draws at random comes from the device's default generator.
class RecordedWork {
  public:
    /// record: false runs the work anew each time, as on a processor. Where LibTorch has no CUDA graphs, what
    /// would be replayed is run.
    RecordedWork(torch::Device device, bool record);
    ~RecordedWork();

    /// The first few times as it is (memory, plans and lazily made weights settle), then recorded and
    /// replayed.
    void run(const std::function<void()>& work);
    /// The work has changed: the next time is a first time.
    void forget();

  private:
    struct Graph;
    std::unique_ptr<Graph> graph_;
    torch::Device device_;
    bool record_;
    int times_ = 0;
    std::int64_t number_ = 0;
};

}  // namespace vultus::autograd
