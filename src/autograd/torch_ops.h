// The networks' operators on LibTorch, with gradients.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>

#include "models/ops.h"
#include "tensor/archive.h"

namespace vultus::autograd {

/// Weights by name, in the order of their names. Created on first use from a seed that depends on the name
/// only, so that the same network starts the same whatever else was created before it.
class Parameters {
  public:
    Parameters(torch::Device device, torch::Dtype dtype, std::uint64_t seed)
        : device_(device), dtype_(dtype), seed_(seed) {}

    torch::Tensor get(const std::string& name, const Shape& shape, const models::Init& init);
    std::map<std::string, torch::Tensor>& all() { return tensors_; }
    const std::map<std::string, torch::Tensor>& all() const { return tensors_; }
    torch::Device device() const { return device_; }
    torch::Dtype dtype() const { return dtype_; }

    /// Takes the tensors of an archive whose names start with `prefix`.
    void load(const Archive& archive, const std::string& prefix);
    /// A tensor that is part of the network but isn't trained.
    void set_fixed(const std::string& name, const torch::Tensor& values);
    void set_trainable(const std::string& prefix, bool trainable);

  private:
    torch::Device device_;
    torch::Dtype dtype_;
    std::uint64_t seed_;
    std::map<std::string, torch::Tensor> tensors_;
};

/// compute: the dtype of image convolutions and linear layers (kBFloat16 where the CPU or GPU is fast at it);
/// all else stays in the parameters' dtype. On a GPU, whose memory is the limit, images stay in `compute`
/// between the convolutions, too.
class TorchOps : public models::Ops {
  public:
    TorchOps(Parameters& parameters, torch::Dtype compute, bool training)
        : parameters_(parameters),
          compute_(compute),
          training_(training),
          keeps_compute_(parameters.device().is_cuda()) {}

    static models::Value wrap(torch::Tensor tensor);
    static const torch::Tensor& unwrap(const models::Value& value) { return value.storage<torch::Tensor>(); }

    using Value = models::Value;
    Value param(const std::string& name, const Shape& shape, const models::Init& init) override;
    Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride) override;
    Value conv1d(const Value& x, const Value& weight, const Value& bias, const models::Conv1d& how) override;
    Value depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) override;
    Value linear(const Value& x, const Value& weight, const Value& bias) override;
    Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias) override;
    Value layer_norm(const Value& x, const Value& weight, const Value& bias) override;
    Value silu(const Value& x) override;
    Value gelu(const Value& x) override;
    Value sigmoid(const Value& x) override;
    Value add(const Value& a, const Value& b) override;
    Value mul(const Value& a, const Value& b) override;
    Value scale(const Value& x, double factor) override;
    Value modulate(const Value& x, const Value& scale, const Value& shift) override;
    Value attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                    const Value& bias) override;
    Value concat(const Value& a, const Value& b) override;
    Value slice(const Value& x, std::int64_t begin, std::int64_t length) override;
    Value reshape(const Value& x, const Shape& shape) override;
    Value image_to_sequence(const Value& x) override;
    Value sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) override;
    Value space_to_depth(const Value& x, int patch) override;
    Value depth_to_space(const Value& x, int patch) override;
    Value upsample2(const Value& x) override;
    Value warp(const Value& image, const Value& displacement) override;
    Value detached(const Value& x) override { return wrap(unwrap(x).detach()); }
    Value blend(const Value& a, const Value& b, const Value& share) override;
    Value avg_pool2(const Value& x) override;
    Value global_avg_pool(const Value& x) override;
    Value dropout(const Value& x, double probability) override;

  private:
    Parameters& parameters_;
    torch::Dtype compute_;
    bool training_;
    bool keeps_compute_;  ///< images
};

/// Host copies. bf16 halves the size of the file; the values are what the runtime computes with.
HostTensor to_host(const torch::Tensor& tensor, bool bf16 = false);
torch::Tensor from_host(const HostTensor& tensor, torch::Device device);

/// kBFloat16 where it is fast (CUDA, processors with AVX512-BF16), else kFloat32.
torch::Dtype fast_dtype(torch::Device device);
/// precision: "float32", or "auto" for the fast one.
torch::Dtype compute_dtype(const std::string& precision, torch::Device device);

}  // namespace vultus::autograd
