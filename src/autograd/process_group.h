// Data-parallel training over LibTorch's own c10d: by NCCL between GPUs where it was built with NCCL's
// header, else by Gloo, through the CPU's memory.
#pragma once

#include <torch/torch.h>

#include <memory>

namespace vultus::autograd {

/// Reads MASTER_ADDR, MASTER_PORT, WORLD_SIZE and RANK as torchrun, Slurm and Kubernetes jobs set them;
/// without them the group is this process alone.
class ProcessGroup {
  public:
    /// Errors: kInvalidArgument when the variables contradict each other; kIo when the others do not answer.
    ProcessGroup();
    ~ProcessGroup();

    int rank() const { return rank_; }
    int size() const { return size_; }
    bool is_first() const { return rank_ == 0; }

    /// Mean over the group, in place, in float32. Errors of all that follow: kIo when another process went
    /// away.
    void average(std::vector<torch::Tensor>& tensors);
    double average(double value);
    /// Everybody gets the first process's decision.
    bool from_first(bool value);
    double from_first(double value);
    /// True everywhere when it is true anywhere.
    bool any(bool value);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    int rank_ = 0, size_ = 1;
};

}  // namespace vultus::autograd
