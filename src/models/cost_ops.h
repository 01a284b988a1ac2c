// Counts what a network costs without computing it: parameters and multiply-accumulates.
#pragma once

#include <set>

#include "models/ops.h"

namespace vultus::models {

/// Runs a network on shapes alone.
class CostOps : public Ops {
  public:
    std::int64_t num_parameters() const { return parameters_; }
    /// Of convolutions, linear layers and attention products.
    std::int64_t num_macs() const { return macs_; }
    /// A value that has only a shape.
    static Value shaped(Shape shape);

    Value param(const std::string& name, const Shape& shape, const Init& init) override;
    Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride) override;
    Value conv1d(const Value& x, const Value& weight, const Value& bias, const Conv1d& how) override;
    Value depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) override;
    Value linear(const Value& x, const Value& weight, const Value& bias) override;
    Value group_norm(const Value& x, int, const Value&, const Value&) override { return x; }
    Value layer_norm(const Value& x, const Value&, const Value&) override { return x; }
    Value silu(const Value& x) override { return x; }
    Value gelu(const Value& x) override { return x; }
    Value sigmoid(const Value& x) override { return x; }
    Value add(const Value& a, const Value&) override { return a; }
    Value mul(const Value& a, const Value&) override { return a; }
    Value scale(const Value& x, double) override { return x; }
    Value modulate(const Value& x, const Value&, const Value&) override { return x; }
    Value attention(const Value& q, const Value& k, const Value& v, int heads, Window window,
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
    Value blend(const Value& a, const Value&, const Value&) override { return a; }
    Value avg_pool2(const Value& x) override;
    Value global_avg_pool(const Value& x) override;

  private:
    std::set<std::string> seen_;
    std::int64_t parameters_ = 0, macs_ = 0;
};

}  // namespace vultus::models
