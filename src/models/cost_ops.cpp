#include "models/cost_ops.h"

#include "base/error.h"

namespace vultus::models {

Value CostOps::shaped(Shape shape) { return {std::move(shape), std::make_shared<int>(0)}; }

Value CostOps::param(const std::string& name, const Shape& shape, const Init&) {
    if (seen_.insert(name).second) parameters_ += num_elements(shape);
    return shaped(shape);
}

Value CostOps::conv2d(const Value& x, const Value& weight, const Value&, int stride) {
    require(x.dim(1) == weight.dim(1), "[models] convolution of {} channels with {}", x.dim(1),
            to_string(weight.shape()));
    const std::int64_t kernel = weight.dim(2), border = 2 * (kernel / 2) - kernel;
    const Value out =
        shaped({x.dim(0), weight.dim(0), (x.dim(2) + border) / stride + 1, (x.dim(3) + border) / stride + 1});
    macs_ += num_elements(out.shape()) * weight.dim(1) * kernel * kernel;
    return out;
}

Value CostOps::conv1d(const Value& x, const Value& weight, const Value&, const Conv1d& how) {
    require(x.dim(2) == weight.dim(1) * how.groups,
            "[models] convolution of {} features with {} in {} groups", x.dim(2), to_string(weight.shape()),
            how.groups);
    const Value out = shaped({x.dim(0), how.num_frames(x.dim(1), weight.dim(2)), weight.dim(0)});
    macs_ += num_elements(out.shape()) * weight.dim(1) * weight.dim(2);
    return out;
}

Value CostOps::depthwise_conv1d(const Value& x, const Value& weight, const Value&, int) {
    macs_ += num_elements(x.shape()) * weight.dim(1);
    return x;
}

Value CostOps::linear(const Value& x, const Value& weight, const Value&) {
    require(x.shape().back() == weight.dim(1), "[models] linear layer of {} features with {}",
            x.shape().back(), to_string(weight.shape()));
    Shape shape = x.shape();
    shape.back() = weight.dim(0);
    macs_ += num_elements(shape) * weight.dim(1);
    return shaped(shape);
}

Value CostOps::attention(const Value& q, const Value&, const Value&, int, Window window, const Value&) {
    const std::int64_t frames = q.dim(1);
    const std::int64_t seen =
        window.left < 0 ? frames : std::min<std::int64_t>(frames, window.left + window.right + 1);
    macs_ += 2 * num_elements(q.shape()) * seen;
    return q;
}

Value CostOps::concat(const Value& a, const Value& b) {
    Shape shape = a.shape();
    const std::size_t dim = shape.size() == 4 ? 1 : shape.size() - 1;
    shape[dim] += b.dim(dim);
    return shaped(shape);
}

Value CostOps::slice(const Value& x, std::int64_t, std::int64_t length) {
    Shape shape = x.shape();
    shape.back() = length;
    return shaped(shape);
}

Value CostOps::reshape(const Value& x, const Shape& shape) {
    require(num_elements(x.shape()) == num_elements(shape), "[models] cannot reshape {} to {}",
            to_string(x.shape()), to_string(shape));
    return shaped(shape);
}

Value CostOps::image_to_sequence(const Value& x) { return shaped({x.dim(0), x.dim(2) * x.dim(3), x.dim(1)}); }
Value CostOps::sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) {
    return shaped({x.dim(0), x.dim(2), height, width});
}
Value CostOps::space_to_depth(const Value& x, int patch) {
    return shaped({x.dim(0), x.dim(1) * patch * patch, x.dim(2) / patch, x.dim(3) / patch});
}
Value CostOps::depth_to_space(const Value& x, int patch) {
    return shaped({x.dim(0), x.dim(1) / (patch * patch), x.dim(2) * patch, x.dim(3) * patch});
}
Value CostOps::upsample2(const Value& x) { return shaped({x.dim(0), x.dim(1), x.dim(2) * 2, x.dim(3) * 2}); }
Value CostOps::warp(const Value& image, const Value& displacement) {
    return shaped({displacement.dim(0), image.dim(1), image.dim(2), image.dim(3)});
}
Value CostOps::avg_pool2(const Value& x) { return shaped({x.dim(0), x.dim(1), x.dim(2) / 2, x.dim(3) / 2}); }
Value CostOps::global_avg_pool(const Value& x) { return shaped({x.dim(0), x.dim(1)}); }

}  // namespace vultus::models
