// A person's weights as the runtime wants them: made once, shared by everything that runs the person.
#pragma once

#include <dnnl.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernels/matrix.h"
#include "kernels/narrow_convolution.h"
#include "kernels/winograd.h"
#include "tensor/archive.h"

namespace vultus::infer {

/// A convolution prepared for one input shape, with its weights in the order that it wants. Never changes.
struct PreparedConvolution {
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
    dnnl::memory weights, bias;
    std::shared_ptr<float> bias_values;
    /// The arrays' order that the convolution reads and writes itself; 0: a copy in between (bf16).
    int source_block = 0, target_block = 0;
    /// Instead of all that, where it is faster.
    std::shared_ptr<const kernels::Winograd> winograd;
    std::shared_ptr<const kernels::NarrowConvolution> narrow;
    std::shared_ptr<const kernels::Matrix> matrix;  ///< of a 1 x 1 convolution
};

using WindowMatrices = std::vector<kernels::Matrix>;
/// A weight [O, I, K] as one matrix [O / groups, K * I] for each group: what multiplies a window of K frames
/// that lie side by side.
std::shared_ptr<const WindowMatrices> window_matrices(const float* weight, const Shape& shape, int groups);

/// One weight. Threads  any number of callers.
class Weight {
  public:
    explicit Weight(const HostTensor& tensor) : tensor_(&tensor) {}
    const Shape& shape() const { return tensor_->shape; }

    /// As f32 in plain order. Kept only while somebody holds it: the other orders replace it.
    std::shared_ptr<float> plain();
    /// As a matrix [O, rest].
    std::shared_ptr<const kernels::Matrix> matrix();
    /// Of a convolution of sequences: see window_matrices().
    std::shared_ptr<const WindowMatrices> windows(int groups);
    using Key = std::pair<Shape, std::string>;
    /// What `make` gave for this input shape and way of computing the first time.
    template <typename F>
    std::shared_ptr<const PreparedConvolution> convolution(const Key& key, F make) {
        const std::scoped_lock lock(mutex_);
        std::shared_ptr<const PreparedConvolution>& found = convolutions_[key];
        if (!found) found = make();
        return found;
    }

  private:
    const HostTensor* tensor_;
    std::recursive_mutex mutex_;
    std::weak_ptr<float> plain_;
    std::shared_ptr<const kernels::Matrix> matrix_;
    std::map<int, std::shared_ptr<const WindowMatrices>> windows_;
    std::map<Key, std::shared_ptr<const PreparedConvolution>> convolutions_;
};

/// All weights of an archive, which must outlive this. Threads  any number of callers.
class Weights {
  public:
    explicit Weights(const Archive& archive) : archive_(&archive) {}
    /// Errors: kCorruptData when missing or of another shape.
    std::shared_ptr<Weight> at(const std::string& name, const Shape& shape);

  private:
    const Archive* archive_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<Weight>> weights_;
};

}  // namespace vultus::infer
