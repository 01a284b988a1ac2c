// The same network and its convolutions on LibTorch, to compare with.
#pragma once

#include <memory>
#include <vector>

#include "models/cost_ops.h"
#include "person/person.h"

namespace vultus::bench {

struct ConvolutionShape {
    Shape input, weight;
    int stride;
};

/// Notes every convolution of a network that runs on shapes alone.
class ConvolutionList : public models::CostOps {
  public:
    models::Value conv2d(const models::Value& x, const models::Value& weight, const models::Value& bias,
                         int stride) override {
        shapes.push_back({x.shape(), weight.shape(), stride});
        return CostOps::conv2d(x, weight, bias, stride);
    }
    std::vector<ConvolutionShape> shapes;
};

/// LibTorch in f32, eager, without gradients: what a person would get from PyTorch on this machine.
class TorchBaseline {
  public:
    TorchBaseline(const person::Person& person, const std::vector<ConvolutionShape>& convolutions);
    ~TorchBaseline();

    static void set_num_threads(int threads);
    static std::string version();
    /// One step of the U-Net with the person's weights; returns the prediction [3, S, S].
    std::vector<float> unet_step(const std::vector<float>& x_t, const std::vector<float>& time,
                                 const std::vector<float>& z);
    /// Every convolution of a step once, one after the other.
    void convolutions();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::bench
