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

/// All that an update reads or changes lies on the device of the weights, the count of steps too, so that it
/// can be recorded and replayed (recorded_work.h).
class Adam {
  public:
    Adam(Parameters& parameters, AdamOptions options);

    void zero_grad();
    /// What backward() left: tensors that share the memory that update() reads, to be averaged over processes
    /// before it. On a GPU they are one.
    std::vector<torch::Tensor> gradients();
    /// One update with the gradients that gradients() returned last; none when they are not finite.
    /// learning_rate: 0-dimensional, of the weights' device. Returns the norm of the gradient before
    /// clipping, likewise.
    torch::Tensor update(const torch::Tensor& learning_rate);
    /// update() from the host, after gradients() where that was not called.
    double step(double learning_rate);
    std::int64_t steps() const { return steps_.item<std::int64_t>(); }
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
    /// What is updated at once: on a GPU all weights with (without) decay, which then share one piece of
    /// memory, on a processor one weight, which fits its cache.
    struct Part {
        torch::Tensor weight, gradient;
        Moments moments;
        bool decays = false;
    };
    void lay_out(const std::vector<std::string>& names);
    Part joined(const std::vector<std::string>& names);
    bool decays(const torch::Tensor& weight) const { return options_.weight_decay > 0 && weight.dim() > 1; }

    Parameters& parameters_;
    AdamOptions options_;
    std::map<std::string, Moments> moments_;
    std::vector<std::string> laid_out_;  ///< the weights in parts_, in their order
    std::vector<Part> parts_;
    bool gathered_ = false;
    torch::Tensor steps_;  ///< 0-dimensional, float64
};

}  // namespace vultus::autograd
