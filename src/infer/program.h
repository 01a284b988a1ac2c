// A network recorded once and replayed for every frame.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "infer/onednn_ops.h"

namespace vultus::infer {

class Source;
class Weights;

/// The operators while a network is recorded: shapes and orders are settled, nothing is computed but what is
/// the same at every run.
class Recorder : public OnednnOps {
  public:
    /// Called by record().
    Recorder(std::shared_ptr<Weights> weights, int num_threads, Precision precision, Source& source,
             std::vector<std::function<void()>>& steps, std::vector<std::shared_ptr<float>>& kept);
};

/// Builds a network from a recorder's inputs and returns its outputs; called twice, and must do the same.
using Network = std::function<std::vector<models::Value>(Recorder&)>;

/// Steps on memory that is set out in advance: run() allocates nothing where the runtime has its own kernels
/// for all operators (AVX2); oneDNN's primitives (AVX-512) allocate small things inside.
/// Threads  one caller at a time for all programs of one record(); programs of others run beside them.
class Program {
  public:
    void run() const;
    /// Where output `index` lies after run(), in plain order; until the next run of any program that was
    /// recorded together with this one.
    std::span<const float> output(std::size_t index) const { return outputs_.at(index); }
    std::size_t num_steps() const { return steps_.size(); }
    /// Of the block that all programs recorded together share; and what its arrays are in sum.
    std::size_t block_bytes() const { return block_bytes_; }
    std::size_t bytes_without_sharing() const { return bytes_without_sharing_; }

  private:
    friend std::vector<Program> record(const std::shared_ptr<Weights>&, int, const std::vector<Network>&,
                                       Precision);
    int num_threads_ = 1;
    std::vector<std::function<void()>> steps_;
    std::vector<std::shared_ptr<float>> kept_;
    std::shared_ptr<float> block_;
    std::shared_ptr<Weights> weights_;
    std::vector<std::span<const float>> outputs_;
    std::size_t block_bytes_ = 0, bytes_without_sharing_ = 0;
};

/// Records networks that run one after the other and so share one block of memory.
std::vector<Program> record(const std::shared_ptr<Weights>& weights, int num_threads,
                            const std::vector<Network>& networks, Precision precision = Precision::kAuto);

}  // namespace vultus::infer
