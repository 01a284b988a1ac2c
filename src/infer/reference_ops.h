// The operators as plain double loops: slow, obviously right; what every other backend is compared with.
#pragma once

#include <map>
#include <vector>

#include "models/ops.h"
#include "tensor/archive.h"

namespace vultus::infer {

class ReferenceOps : public models::Ops {
  public:
    using Value = models::Value;
    using Array = std::vector<double>;

    /// `weights` must outlive this. Errors of param(): kCorruptData when a weight is missing or of another
    /// shape.
    explicit ReferenceOps(const Archive& weights) : weights_(&weights) {}

    static Value wrap(Shape shape, Array values);
    static const Array& unwrap(const Value& value) { return value.storage<Array>(); }

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
    Value blend(const Value& a, const Value& b, const Value& share) override;
    Value avg_pool2(const Value& x) override;
    Value global_avg_pool(const Value& x) override;

  private:
    const Archive* weights_;
};

}  // namespace vultus::infer
