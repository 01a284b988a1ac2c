// The networks' operators on oneDNN: convolutions and matrix products are its primitives, the rest is
// kernels.h. Images stay in the order that the convolutions like from one operator to the next.
#pragma once

#include <map>
#include <memory>
#include <string>

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
    /// "f32" or "bf16": what convolutions compute with; and oneDNN's name of the instruction set.
    const char* precision_name() const;
    static std::string isa_name();
    int num_threads() const;

    Value param(const std::string& name, const Shape& shape, const models::Init& init) override;
    Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride) override;
    Value conv1d(const Value& x, const Value& weight, const Value& bias, int stride) override;
    Value depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) override;
    Value linear(const Value& x, const Value& weight, const Value& bias) override;
    Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias) override;
    Value layer_norm(const Value& x, const Value& weight, const Value& bias) override;
    Value silu(const Value& x) override;
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
    Value avg_pool2(const Value& x) override;
    Value global_avg_pool(const Value& x) override;

  protected:
    std::unique_ptr<Runtime> runtime_;

  private:
    Value concat_channels(const Value& a, const Value& b);
    Value library_convolution(const PreparedConvolution& c, const Value& x);
};

}  // namespace vultus::infer
