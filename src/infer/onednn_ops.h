// The networks' operators on oneDNN: it makes the convolutions that src/kernels does not; the rest
// is src/kernels. Images stay in the order that the convolutions like from one operator to the next.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "models/ops.h"
#include "tensor/archive.h"

namespace vultus::infer {

/// bf16 inputs of convolutions where the CPU has instructions for them, f32 elsewhere. kF32 forces f32.
enum class Precision { kAuto, kF32 };

struct PreparedConvolution;
class Runtime;
class Weights;

/// Runs a network as it is called, operator by operator; infer/program.h records it instead. Arrays come from
/// a pool. Results do not depend on the number of threads. Threads  one caller at a time.
class OnednnOps : public models::Ops {
  public:
    using Value = models::Value;

    /// weights must outlive this. num_threads 0: all cores.
    OnednnOps(const Archive& weights, int num_threads, Precision precision = Precision::kAuto);
    /// Shares the weights with whoever else has them.
    OnednnOps(std::shared_ptr<Weights> weights, int num_threads, Precision precision = Precision::kAuto);
    ~OnednnOps() override;

    /// A copy of `values`. What follows on this thread uses the runtime's number of threads.
    Value input(const Shape& shape, const float* values);
    static const float* data(const Value& value);

    /// Read from `values` wherever it is used, without a copy: they must stay, for a recorded network as long
    /// as it does. What follows on this thread uses the runtime's number of threads.
    Value bound(const Shape& shape, const float* values);
    /// A copy that never changes. What a recorded network makes of constants and weights alone is computed
    /// while it is recorded.
    Value constant(const Shape& shape, const float* values);
    /// A computation of the caller's own: work(values of x, values of the result), now or at every run.
    Value apply(const Value& x, const Shape& shape, std::function<void(const float*, float*)> work);
    /// Work of the caller's own in its place among the others.
    void call(std::function<void()> work);
    /// The next conv1d, depthwise_conv1d or attention gives only the frames first.. of its result, `count` of
    /// them; its inputs [1, T, F] stay whole.
    void only_frames(std::int64_t first, std::int64_t count);

    /// "f32" or "bf16": what convolutions compute with; and oneDNN's name of the instruction set.
    const char* precision_name() const;
    static std::string isa_name();
    /// "bf16 on AVX512-BF16": what networks are computed in here.
    std::string runtime_name() const { return std::string(precision_name()) + " on " + isa_name(); }
    int num_threads() const;

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

  protected:
    std::unique_ptr<Runtime> runtime_;

  private:
    /// What only_frames() asked for: the first frame, and how many.
    std::pair<std::int64_t, std::int64_t> wanted_frames(std::int64_t frames);
    std::int64_t only_first_ = 0, only_count_ = -1;

    Value concat_channels(const Value& a, const Value& b);
    Value library_convolution(const PreparedConvolution& c, const Value& x);
};

}  // namespace vultus::infer
