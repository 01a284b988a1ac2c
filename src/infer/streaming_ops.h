// A network over sequences, a few frames at a time: what an operator still needs of the past stays with it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "infer/onednn_ops.h"
#include "infer/reference_ops.h"

namespace vultus::infer {

/// Runs the same network function again and again, each time on the frames that are new, and gives the frames
/// that have become certain: all steps together equal one run over the whole, with no context computed twice.
/// Operators that look at other frames (conv1d, depthwise_conv1d, attention with a finite window) keep the
/// rows of their reach; where two paths of unequal delay meet, the one ahead waits. Steps are told apart by
/// the order of calls, so every step must call the same operators. Only sequences [1, T, F]; T may be 0.
/// Threads  as the backend: one caller at a time. Must not outlive the backend.
class StreamingOps : public models::Ops {
  public:
    using Value = models::Value;

    explicit StreamingOps(OnednnOps& backend);
    explicit StreamingOps(ReferenceOps& backend);
    ~StreamingOps() override;

    /// From now on another backend does the work, on the frames that are kept: a recorder, or the one before.
    void use(OnednnOps& backend);
    /// Begins a step. last: no frames come after those of this step, the rest becomes certain.
    void begin_step(bool last);
    /// Forgets all frames; the next step is the first.
    void restart();

    /// `count` new frames of an input: rows [count, width], which must stay until the step is done (a
    /// recorded one: as long as it may run).
    Value frames(std::int64_t count, std::int64_t width, const float* rows);
    /// An input that is the same for all frames.
    Value constant(const Shape& shape, const float* values);
    /// work(frames, how many, results): what the caller makes of each new frame of x, in order, once for
    /// each.
    using RowsWork = std::function<void(const float*, std::int64_t, float*)>;
    Value apply(const Value& x, std::int64_t width, RowsWork work);
    /// The frames of `value` that this step gave: [value.dim(1), value.dim(2)].
    std::vector<float> rows(const Value& value) const;
    /// The backend's value of the frames that this step gave; empty when there are none.
    static Value inner(const Value& value);
    /// Numbers kept for the steps to come: does not grow with the number of steps.
    std::size_t num_values_kept() const;

    /// How far all operators are, and how many frames each of them keeps.
    struct Position {
        std::vector<std::int64_t> frames, kept;
    };
    Position position() const;
    /// Goes there without a look at the frames. Of the same operators; what is kept must have room already.
    void set_position(const Position& position);
    /// On by `frames`, as many as a step took that left `kept` as it was.
    void advance(const std::vector<std::int64_t>& frames);
    /// Rises whenever kept frames move to a larger place: recorded steps are then no longer good.
    int num_moves() const { return num_moves_; }

    Value param(const std::string& name, const Shape& shape, const models::Init& init) override;
    Value conv1d(const Value& x, const Value& weight, const Value& bias, const models::Conv1d& how) override;
    Value depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) override;
    Value linear(const Value& x, const Value& weight, const Value& bias) override;
    Value layer_norm(const Value& x, const Value& weight, const Value& bias) override;
    Value silu(const Value& x) override;
    Value gelu(const Value& x) override;
    Value sigmoid(const Value& x) override;
    Value add(const Value& a, const Value& b) override;
    Value mul(const Value& a, const Value& b) override;
    Value scale(const Value& x, double factor) override;
    Value attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                    const Value& bias) override;
    Value concat(const Value& a, const Value& b) override;
    Value slice(const Value& x, std::int64_t begin, std::int64_t length) override;
    /// Of constants only.
    Value reshape(const Value& x, const Shape& shape) override;

    // Images do not come in frames of a sequence: kInternal.
    Value conv2d(const Value& x, const Value& weight, const Value& bias, int stride) override;
    Value group_norm(const Value& x, int groups, const Value& weight, const Value& bias) override;
    Value modulate(const Value& x, const Value& scale, const Value& shift) override;
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
    struct Held;
    struct Rows;
    struct Site;
    class Backend;
    class OnReference;
    class OnOnednn;
    using Inputs = std::vector<Value>;
    using Operator = std::function<Value(const Inputs&)>;

    static const Held& held(const Value& value);
    Value wrap_constant(Value inner) const;
    Value wrap_frames(std::int64_t begin, std::int64_t count, std::int64_t width, Value inner) const;
    Site& next_site();
    void append(Rows& rows, const Value& value);
    void forget_before(Rows& rows, std::int64_t index);
    Value cut(const Rows& rows, std::int64_t begin, std::int64_t end) const;
    Value frame_by_frame(const Value& x, std::int64_t width, const Operator& run);
    Value meet(const Value& a, const Value& b, std::int64_t width, const Operator& run);
    Value look_around(const Inputs& inputs, std::int64_t left, std::int64_t right, int stride,
                      std::int64_t width, const Operator& run);

    std::unique_ptr<Backend> backend_;
    bool last_ = false;
    std::size_t next_site_ = 0;
    std::vector<Site> sites_;
    int num_moves_ = 0;
};

}  // namespace vultus::infer
