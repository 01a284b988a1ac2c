// Adam with an exponential moving average of the weights; its whole state goes into checkpoints.
#pragma once

#include "autograd/torch_ops.h"

namespace vultus::autograd {

struct AdamOptions {
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    double clip_norm = 1.0;    ///< of the gradient over all weights; 0: none
    double weight_decay = 0;   ///< decoupled (AdamW), of weights with two dimensions or more
    double ema_decay = 0.999;  ///< early on min(ema_decay, (1 + step) / (10 + step))
};

class Adam {
  public:
    Adam(Parameters& parameters, AdamOptions options) : parameters_(parameters), options_(options) {}

    void zero_grad();
    /// What backward() left: tensors that share the gradients' memory, to be averaged over processes before
    /// step().
    std::vector<torch::Tensor> gradients() const;
    /// One update with the gradients that backward() left; none when they are not finite. Returns the norm of
    /// the gradient before clipping.
    double step(double learning_rate);
    std::int64_t steps() const { return steps_; }
    /// Averaged weights; falls back to the weight itself before the first step.
    const torch::Tensor& average(const std::string& name) const;
    /// Swaps weights and averages (to evaluate); call twice to come back.
    void swap_average();

    /// `prefix` keeps the states of several optimizers apart.
    void save(Archive& archive, const std::string& prefix = "adam") const;
    void load(const Archive& archive, const std::string& prefix = "adam");

  private:
    struct Moments {
        torch::Tensor first, second, average;
    };
    Parameters& parameters_;
    AdamOptions options_;
    std::map<std::string, Moments> moments_;
    std::int64_t steps_ = 0;
};

}  // namespace vultus::autograd
