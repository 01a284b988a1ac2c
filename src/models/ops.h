// The operators that networks are written in. A network is one function over Ops; the trainer runs it on
// LibTorch with gradients (autograd/torch_ops.h), the runtime on oneDNN (infer/onednn_ops.h), the tests on
// plain loops (infer/reference_ops.h). There is no second definition of any network.
//
// Layout (logical; a backend may store it otherwise): images [B, C, H, W], sequences [B, T, F], vectors [B,
// F]; weights of convolutions [O, I, Kh, Kw] and [O, I, K], of linear layers [O, I].
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tensor/host_tensor.h"

namespace vultus::models {

/// How a weight starts its life in training. The runtime ignores it.
struct Init {
    enum class Kind { kUniform, kZeros, kOnes, kNormal } kind = Kind::kUniform;
    double scale = 0;  ///< kUniform: values in +-scale; kNormal: standard deviation

    static Init zeros() { return {Kind::kZeros, 0}; }
    static Init ones() { return {Kind::kOnes, 0}; }
    static Init normal(double deviation) { return {Kind::kNormal, deviation}; }
    /// PyTorch's default for linear and convolution layers: +-1/sqrt(fan_in).
    static Init fan_in(std::int64_t fan_in);
};

/// Handle to a backend's array; cheap to copy.
class Value {
  public:
    Value() = default;
    Value(Shape shape, std::shared_ptr<void> storage)
        : shape_(std::move(shape)), storage_(std::move(storage)) {}
    const Shape& shape() const { return shape_; }
    std::int64_t dim(std::size_t index) const { return shape_.at(index); }
    explicit operator bool() const { return storage_ != nullptr; }
    template <typename T>
    T& storage() const {
        return *static_cast<T*>(storage_.get());
    }
    const std::shared_ptr<void>& handle() const { return storage_; }

  private:
    Shape shape_;
    std::shared_ptr<void> storage_;
};

/// Frames that an output frame may look at: `left` before it and `right` after it; negative means all.
struct Window {
    int left = -1, right = -1;
};

/// How a convolution of sequences goes: frame t of its (T + left + right - K) / stride + 1 sees the K frames
/// from t * stride - left on, zeros outside. Each of the groups of outputs sees its own part of the inputs.
struct Conv1d {
    int stride = 1, left = 0, right = 0, groups = 1;

    std::int64_t num_frames(std::int64_t frames, std::int64_t kernel) const {
        const std::int64_t room = frames + left + right - kernel;
        return room < 0 ? 0 : room / stride + 1;
    }
};

class Ops {
  public:
    virtual ~Ops() = default;

    /// The weight called `name`. Trainer: created with `init` at first use. Runtime: taken from the person
    /// file; errors: kCorruptData when missing or of another shape.
    virtual Value param(const std::string& name, const Shape& shape, const Init& init) = 0;

    /// x [B, I, H, W], weight [O, I, K, K], bias [O]; zero padding K/2.
    virtual Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride) = 0;
    /// x [B, T, I], weight [O, I / groups, K], bias [O] (may be empty); result [B, how.num_frames(T, K), O].
    virtual Value conv1d(const Value& x, const Value& weight, const Value& bias, const Conv1d& how) = 0;
    /// x [B, T, F], weight [F, K]; frame t sees t-left .. t-left+K-1, zeros outside.
    virtual Value depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) = 0;
    /// x [..., I], weight [O, I], bias [O].
    virtual Value linear(const Value& x, const Value& weight, const Value& bias) = 0;

    /// x [B, C, H, W]; eps 1e-5.
    virtual Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias) = 0;
    /// Over the last dimension; eps 1e-5. Without weight and bias: plain normalisation.
    virtual Value layer_norm(const Value& x, const Value& weight, const Value& bias) = 0;

    virtual Value silu(const Value& x) = 0;
    /// x * Phi(x), Phi the normal distribution: the exact one, not an approximation by tanh.
    virtual Value gelu(const Value& x) = 0;
    virtual Value sigmoid(const Value& x) = 0;
    /// a + b and a * b; b has a's shape, or 1 where it is repeated (leading ones may be missing).
    virtual Value add(const Value& a, const Value& b) = 0;
    virtual Value mul(const Value& a, const Value& b) = 0;
    virtual Value scale(const Value& x, double factor) = 0;
    /// x * (1 + scale) + shift for every channel; x [B, C, H, W], scale and shift [B, C] (shift may be
    /// empty).
    virtual Value modulate(const Value& x, const Value& scale, const Value& shift) = 0;

    /// Scaled dot-product attention. q, k, v [B, T, F]; result [B, T, F]. Frame t sees t-left .. t+right.
    /// bias [heads, left + right + 1] (only with a finite window; may be empty) is added to the logits of
    /// each relative position.
    virtual Value attention(const Value& q, const Value& k, const Value& v, int heads, Window window,
                            const Value& bias) = 0;

    /// Dimension 1 of images, the last of others.
    virtual Value concat(const Value& a, const Value& b) = 0;
    /// Part of the last dimension.
    virtual Value slice(const Value& x, std::int64_t begin, std::int64_t length) = 0;
    virtual Value reshape(const Value& x, const Shape& shape) = 0;
    /// [B, C, H, W] <-> [B, H*W, C].
    virtual Value image_to_sequence(const Value& x) = 0;
    virtual Value sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) = 0;
    /// [B, C, H*p, W*p] <-> [B, C*p*p, H, W]; channel order c*p*p + y*p + x (PyTorch's pixel_unshuffle).
    virtual Value space_to_depth(const Value& x, int patch) = 0;
    virtual Value depth_to_space(const Value& x, int patch) = 0;
    /// Nearest neighbour, twice the size.
    virtual Value upsample2(const Value& x) = 0;
    /// Where in the image each pixel comes from. image [1, C, H, W], displacement [B, 2, h, w] (x, y, in
    /// parts of W and H; C at most 4), read between its values as of the centres of h x w equal cells; result
    /// [B, C, H, W]: out(y, x) = image(y + H * dy, x + W * dx), bicubic (Keys 1981, a = -0.75), the border
    /// repeated.
    virtual Value warp(const Value& image, const Value& displacement) = 0;
    /// a + (b - a) * share; a, b [B, C, H, W], share [B, 1, H, W].
    virtual Value blend(const Value& a, const Value& b, const Value& share) = 0;
    /// Mean of 2x2, half the size.
    virtual Value avg_pool2(const Value& x) = 0;
    /// [B, C, H, W] -> [B, C].
    virtual Value global_avg_pool(const Value& x) = 0;
    /// x, through which the trainer sends no gradient.
    virtual Value detached(const Value& x) { return x; }
    /// Only the trainer drops; elsewhere this is the identity.
    virtual Value dropout(const Value& x, double probability) { return x; }
};

/// A place in a network: the operators and the prefix of weight names. `net / "down" / 0` names a child.
class Net {
  public:
    Net(Ops& ops, std::string prefix) : ops_(&ops), prefix_(std::move(prefix)) {}
    Net operator/(const std::string& child) const { return {*ops_, prefix_ + "." + child}; }
    Net operator/(int child) const { return *this / std::to_string(child); }
    Ops* operator->() const { return ops_; }
    Ops& ops() const { return *ops_; }
    Value param(const std::string& name, const Shape& shape, const Init& init) const {
        return ops_->param(prefix_ + "." + name, shape, init);
    }

  private:
    Ops* ops_;
    std::string prefix_;
};

}  // namespace vultus::models
