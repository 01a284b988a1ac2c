// Times of repeated work, and the work that a network asks for.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infer/onednn_ops.h"

namespace vultus::bench {

/// Times of single units of work, in milliseconds.
class Times {
  public:
    /// Runs `work` once and keeps its wall time and the processor time of all threads, both divided by
    /// `units`.
    void measure(const std::function<void()>& work, double units = 1);
    void add(double wall_ms, double cpu_ms);

    bool empty() const { return wall_ms_.empty(); }
    double mean_ms() const;
    double median_ms() const { return quantile(wall_ms_, 0.5); }
    double p99_ms() const { return quantile(wall_ms_, 0.99); }
    double cpu_median_ms() const { return quantile(cpu_ms_, 0.5); }
    nlohmann::json to_json() const;

  private:
    /// Nearest rank.
    static double quantile(std::vector<double> values, double q);
    std::vector<double> wall_ms_, cpu_ms_;
};

struct ConvolutionShape {
    Shape input, weight;
    int stride;
};

/// The runtime's operators, noting every convolution and counting multiplications and additions.
class CountingOps : public infer::OnednnOps {
  public:
    using infer::OnednnOps::OnednnOps;
    Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride) override;
    Value linear(const Value& x, const Value& weight, const Value& bias) override;
    Value attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                    const Value& bias) override;

    const std::vector<ConvolutionShape>& convolutions() const { return convolutions_; }
    /// Two operations for a multiplication with addition, as papers count.
    double convolution_gflop() const { return 1e-9 * convolution_flop_; }
    double gflop() const { return 1e-9 * (convolution_flop_ + other_flop_); }

  private:
    std::vector<ConvolutionShape> convolutions_;
    double convolution_flop_ = 0, other_flop_ = 0;
};

/// The processor's name as the system gives it.
std::string cpu_name();

}  // namespace vultus::bench
