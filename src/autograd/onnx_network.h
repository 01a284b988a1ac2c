// A frozen network from an ONNX file, to teach with.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vultus::autograd {

/// Runs the graph of the file on LibTorch, with gradients towards its input; the weights stay.
/// Operators: Conv, PRelu, Add, MaxPool (no padding), Pad (channels at the end), Identity.
/// Errors: kIo, kCorruptData when it is no ONNX file, kUnsupported for another operator.
class OnnxNetwork {
  public:
    OnnxNetwork(const std::filesystem::path& path, torch::Device device);

    /// x [B, C, H, W]; what the values called `names` are, in their order. Nothing after the last of them
    /// runs.
    std::vector<torch::Tensor> operator()(const torch::Tensor& x,
                                          const std::vector<std::string>& names) const;

  private:
    struct Node {
        std::string kind, output;
        std::vector<std::string> inputs;
        std::map<std::string, std::vector<std::int64_t>> numbers;  ///< attributes
    };
    torch::Tensor run(const Node& node, const std::vector<torch::Tensor>& in) const;

    std::vector<Node> nodes_;
    std::map<std::string, torch::Tensor> weights_;
};

}  // namespace vultus::autograd
