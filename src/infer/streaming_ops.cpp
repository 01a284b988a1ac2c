#include "infer/streaming_ops.h"

#include <algorithm>

#include "base/error.h"

namespace vultus::infer {

using models::Value;

/// What a Value is here: frames begin.. of a sequence (inner is empty when there are none), or a constant.
struct StreamingOps::Held {
    bool timed = false;
    std::int64_t begin = 0;
    Value inner;
};

/// Frames begin.. of a sequence, `count` of them; old ones are forgotten. `values` has room for more.
struct StreamingOps::Rows {
    std::int64_t width = 1, begin = 0, count = 0;
    std::vector<float> values;

    std::int64_t end() const { return begin + count; }
    const float* row(std::int64_t index) const { return values.data() + (index - begin) * width; }
};

/// What one call of an operator keeps from step to step.
struct StreamingOps::Site {
    std::vector<Rows> inputs;
    std::int64_t next = 0;  ///< the first frame that it has not given yet
};

/// What streaming wants of a backend beside the operators.
class StreamingOps::Backend {
  public:
    virtual ~Backend() = default;
    virtual models::Ops& ops() = 0;
    virtual Value bound(const Shape& shape, const float* values) = 0;
    virtual Value constant(const Shape& shape, const float* values) = 0;
    virtual Value apply(const Value& x, const Shape& shape,
                        std::function<void(const float*, float*)> work) = 0;
    virtual void copy(const Value& from, float* to) = 0;
    virtual void call(std::function<void()> work) = 0;
    /// The frames first.. of what an operator makes of `inputs`.
    virtual Value frames_of(const Operator& run, const Inputs& inputs, std::int64_t first,
                            std::int64_t count) = 0;
};

class StreamingOps::OnOnednn : public Backend {
  public:
    explicit OnOnednn(OnednnOps& ops) : ops_(ops) {}
    models::Ops& ops() override { return ops_; }
    Value bound(const Shape& shape, const float* values) override { return ops_.bound(shape, values); }
    Value constant(const Shape& shape, const float* values) override { return ops_.constant(shape, values); }
    Value apply(const Value& x, const Shape& shape, std::function<void(const float*, float*)> work) override {
        return ops_.apply(x, shape, std::move(work));
    }
    void copy(const Value& from, float* to) override {
        const float* values = OnednnOps::data(from);
        ops_.call([=, count = num_elements(from.shape())] { std::copy_n(values, count, to); });
    }
    void call(std::function<void()> work) override { ops_.call(std::move(work)); }
    Value frames_of(const Operator& run, const Inputs& inputs, std::int64_t first,
                    std::int64_t count) override {
        ops_.only_frames(first, count);
        return run(inputs);
    }

  private:
    OnednnOps& ops_;
};

class StreamingOps::OnReference : public Backend {
  public:
    explicit OnReference(ReferenceOps& ops) : ops_(ops) {}
    models::Ops& ops() override { return ops_; }
    Value bound(const Shape& shape, const float* values) override {
        return ReferenceOps::wrap(shape, ReferenceOps::Array(values, values + num_elements(shape)));
    }
    Value constant(const Shape& shape, const float* values) override { return bound(shape, values); }
    Value apply(const Value& x, const Shape& shape, std::function<void(const float*, float*)> work) override {
        std::vector<float> in(static_cast<std::size_t>(num_elements(x.shape()))),
            out(static_cast<std::size_t>(num_elements(shape)));
        copy(x, in.data());
        work(in.data(), out.data());
        return bound(shape, out.data());
    }
    void copy(const Value& from, float* to) override {
        for (const double one : ReferenceOps::unwrap(from)) *to++ = static_cast<float>(one);
    }
    void call(std::function<void()> work) override { work(); }
    Value frames_of(const Operator& run, const Inputs& inputs, std::int64_t first,
                    std::int64_t count) override {
        const Value all = run(inputs);
        const std::int64_t width = all.dim(2);
        const auto begin = ReferenceOps::unwrap(all).begin() + first * width;
        return ReferenceOps::wrap({1, count, width}, {begin, begin + count * width});
    }

  private:
    ReferenceOps& ops_;
};

StreamingOps::StreamingOps(OnednnOps& backend) : backend_(std::make_unique<OnOnednn>(backend)) {}

StreamingOps::StreamingOps(ReferenceOps& backend) : backend_(std::make_unique<OnReference>(backend)) {}

StreamingOps::~StreamingOps() = default;

void StreamingOps::use(OnednnOps& backend) { backend_ = std::make_unique<OnOnednn>(backend); }

void StreamingOps::begin_step(bool last) {
    last_ = last;
    next_site_ = 0;
}

void StreamingOps::restart() {
    for (Site& site : sites_) {
        site.next = 0;
        for (Rows& rows : site.inputs) rows.begin = rows.count = 0;
    }
}

const StreamingOps::Held& StreamingOps::held(const Value& value) { return value.storage<Held>(); }

Value StreamingOps::inner(const Value& value) { return value ? held(value).inner : Value{}; }

Value StreamingOps::wrap_constant(Value inner) const {
    const Shape shape = inner.shape();
    return {shape, std::make_shared<Held>(Held{false, 0, std::move(inner)})};
}

Value StreamingOps::wrap_frames(std::int64_t begin, std::int64_t count, std::int64_t width,
                                Value inner) const {
    return {{1, count, width}, std::make_shared<Held>(Held{true, begin, std::move(inner)})};
}

StreamingOps::Site& StreamingOps::next_site() {
    if (next_site_ == sites_.size()) sites_.emplace_back();
    return sites_[next_site_++];
}

void StreamingOps::append(Rows& rows, const Value& value) {
    rows.width = value.dim(2);
    if (!held(value).inner) return;
    const auto needed = static_cast<std::size_t>((rows.count + value.dim(1)) * rows.width);
    if (rows.values.size() < needed) {
        rows.values.resize(std::max(needed, 2 * rows.values.size()));
        ++num_moves_;
    }
    backend_->copy(held(value).inner, rows.values.data() + rows.count * rows.width);
    rows.count += value.dim(1);
}

void StreamingOps::forget_before(Rows& rows, std::int64_t index) {
    const std::int64_t gone = std::min(index, rows.end()) - rows.begin;
    if (gone <= 0) return;
    rows.begin += gone;
    rows.count -= gone;
    if (rows.count == 0) return;
    float* first = rows.values.data();
    backend_->call([first, from = first + gone * rows.width, count = rows.count * rows.width] {
        std::copy(from, from + count, first);
    });
}

Value StreamingOps::cut(const Rows& rows, std::int64_t begin, std::int64_t end) const {
    return backend_->bound({1, end - begin, rows.width}, rows.row(begin));
}

Value StreamingOps::frames(std::int64_t count, std::int64_t width, const float* rows) {
    Site& site = next_site();
    const std::int64_t begin = site.next;
    site.next += count;
    return wrap_frames(begin, count, width, count > 0 ? backend_->bound({1, count, width}, rows) : Value{});
}

Value StreamingOps::constant(const Shape& shape, const float* values) {
    return wrap_constant(backend_->constant(shape, values));
}

Value StreamingOps::apply(const Value& x, std::int64_t width, RowsWork work) {
    require(held(x).timed, "[infer] streaming: only frames come one after another");
    const std::int64_t count = x.dim(1);
    return frame_by_frame(x, width, [&](const Inputs& in) {
        return backend_->apply(
            in[0], {1, count, width},
            [count, work = std::move(work)](const float* from, float* to) { work(from, count, to); });
    });
}

std::vector<float> StreamingOps::rows(const Value& value) const {
    if (!held(value).inner) return {};
    std::vector<float> out(static_cast<std::size_t>(num_elements(value.shape())));
    backend_->copy(held(value).inner, out.data());
    return out;
}

std::size_t StreamingOps::num_values_kept() const {
    std::int64_t count = 0;
    for (const Site& site : sites_)
        for (const Rows& rows : site.inputs) count += rows.count * rows.width;
    return static_cast<std::size_t>(count);
}

StreamingOps::Position StreamingOps::position() const {
    Position position;
    for (const Site& site : sites_) {
        position.frames.push_back(site.next);
        for (const Rows& rows : site.inputs) {
            position.frames.push_back(rows.begin);
            position.kept.push_back(rows.count);
        }
    }
    return position;
}

void StreamingOps::set_position(const Position& position) {
    auto frames = position.frames.begin(), kept = position.kept.begin();
    for (Site& site : sites_) {
        site.next = *frames++;
        for (Rows& rows : site.inputs) {
            rows.begin = *frames++;
            rows.count = *kept++;
        }
    }
}

void StreamingOps::advance(const std::vector<std::int64_t>& frames) {
    auto by = frames.begin();
    for (Site& site : sites_) {
        site.next += *by++;
        for (Rows& rows : site.inputs) rows.begin += *by++;
    }
}

/// An operator that looks at no other frame.
Value StreamingOps::frame_by_frame(const Value& x, std::int64_t width, const Operator& run) {
    const Held& from = held(x);
    if (!from.timed) return wrap_constant(run({from.inner}));
    return wrap_frames(from.begin, x.dim(1), width, from.inner ? run({from.inner}) : Value{});
}

/// An operator on two values of the same frame; b may be a constant.
Value StreamingOps::meet(const Value& a, const Value& b, std::int64_t width, const Operator& run) {
    if (!held(b).timed)
        return frame_by_frame(a, width, [&](const Inputs& in) { return run({in[0], held(b).inner}); });
    require(held(a).timed, "[infer] streaming: a constant cannot stand before a sequence");
    Site& site = next_site();
    site.inputs.resize(2);
    Rows &first = site.inputs[0], &second = site.inputs[1];
    const bool waiting = first.count > 0 || second.count > 0;
    if (!waiting && held(a).begin == held(b).begin && a.dim(1) == b.dim(1)) {
        site.next = first.begin = second.begin = held(a).begin + a.dim(1);
        return frame_by_frame(a, width, [&](const Inputs& in) { return run({in[0], held(b).inner}); });
    }
    append(first, a);
    append(second, b);
    const std::int64_t begin = site.next, end = std::min(first.end(), second.end());
    Value out;
    if (end > begin) out = run({cut(first, begin, end), cut(second, begin, end)});
    forget_before(first, end);
    forget_before(second, end);
    site.next = end;
    return wrap_frames(begin, end - begin, width, out);
}

/// An operator whose frame t sees the frames t * stride - left .. t * stride + right of its inputs.
Value StreamingOps::look_around(const Inputs& inputs, std::int64_t left, std::int64_t right, int stride,
                                std::int64_t width, const Operator& run) {
    Site& site = next_site();
    site.inputs.resize(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) append(site.inputs[i], inputs[i]);
    const std::int64_t from = site.inputs[0].begin, end = site.inputs[0].end();
    const std::int64_t seen = last_ ? end : end - right;  // beyond the end lies nothing, not the unknown
    const std::int64_t begin = site.next, ready = std::max(begin, seen > 0 ? (seen - 1) / stride + 1 : 0);
    Value out;
    if (ready > begin) {
        Inputs parts;
        for (const Rows& rows : site.inputs) parts.push_back(cut(rows, from, end));
        out = backend_->frames_of(run, parts, begin - from / stride, ready - begin);
    }
    site.next = ready;
    const std::int64_t keep = (ready - (left + stride - 1) / stride) * stride;
    for (Rows& rows : site.inputs) forget_before(rows, keep);
    return wrap_frames(begin, ready - begin, width, out);
}

Value StreamingOps::param(const std::string& name, const Shape& shape, const models::Init& init) {
    return wrap_constant(backend_->ops().param(name, shape, init));
}

Value StreamingOps::conv1d(const Value& x, const Value& weight, const Value& bias,
                           const models::Conv1d& how) {
    require(how.left + how.right + 1 == weight.dim(2),
            "[infer] streaming: expected a kernel of {} frames, got {}", how.left + how.right + 1,
            weight.dim(2));
    return look_around({x}, how.left, how.right, how.stride, weight.dim(0), [&](const Inputs& in) {
        return backend_->ops().conv1d(in[0], inner(weight), inner(bias), how);
    });
}

Value StreamingOps::depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) {
    return look_around({x}, left, weight.dim(1) - 1 - left, 1, weight.dim(0), [&](const Inputs& in) {
        return backend_->ops().depthwise_conv1d(in[0], inner(weight), inner(bias), left);
    });
}

Value StreamingOps::attention(const Value& q, const Value& k, const Value& v, int heads,
                              models::Window window, const Value& bias) {
    require(window.left >= 0 && window.right >= 0, "[infer] streaming: expected a finite window");
    return look_around({q, k, v}, window.left, window.right, 1, q.dim(2), [&](const Inputs& in) {
        return backend_->ops().attention(in[0], in[1], in[2], heads, window, inner(bias));
    });
}

Value StreamingOps::linear(const Value& x, const Value& weight, const Value& bias) {
    return frame_by_frame(x, weight.dim(0), [&](const Inputs& in) {
        return backend_->ops().linear(in[0], inner(weight), inner(bias));
    });
}

Value StreamingOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    return frame_by_frame(x, x.shape().back(), [&](const Inputs& in) {
        return backend_->ops().layer_norm(in[0], inner(weight), inner(bias));
    });
}

Value StreamingOps::silu(const Value& x) {
    return frame_by_frame(x, x.shape().back(), [&](const Inputs& in) { return backend_->ops().silu(in[0]); });
}

Value StreamingOps::gelu(const Value& x) {
    return frame_by_frame(x, x.shape().back(), [&](const Inputs& in) { return backend_->ops().gelu(in[0]); });
}

Value StreamingOps::sigmoid(const Value& x) {
    return frame_by_frame(x, x.shape().back(),
                          [&](const Inputs& in) { return backend_->ops().sigmoid(in[0]); });
}

Value StreamingOps::scale(const Value& x, double factor) {
    return frame_by_frame(x, x.shape().back(),
                          [&](const Inputs& in) { return backend_->ops().scale(in[0], factor); });
}

Value StreamingOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    return frame_by_frame(x, length,
                          [&](const Inputs& in) { return backend_->ops().slice(in[0], begin, length); });
}

Value StreamingOps::add(const Value& a, const Value& b) {
    return meet(a, b, a.shape().back(), [&](const Inputs& in) { return backend_->ops().add(in[0], in[1]); });
}

Value StreamingOps::mul(const Value& a, const Value& b) {
    return meet(a, b, a.shape().back(), [&](const Inputs& in) { return backend_->ops().mul(in[0], in[1]); });
}

Value StreamingOps::concat(const Value& a, const Value& b) {
    return meet(a, b, a.shape().back() + b.shape().back(),
                [&](const Inputs& in) { return backend_->ops().concat(in[0], in[1]); });
}

Value StreamingOps::reshape(const Value& x, const Shape& shape) {
    require(!held(x).timed, "[infer] streaming: a sequence keeps its shape");
    return wrap_constant(backend_->ops().reshape(held(x).inner, shape));
}

namespace {
[[noreturn]] void no_image() { fail(ErrorCode::kInternal, "[infer] streaming: images are not sequences"); }
}  // namespace

Value StreamingOps::conv2d(const Value&, const Value&, const Value&, int) { no_image(); }
Value StreamingOps::group_norm(const Value&, int, const Value&, const Value&) { no_image(); }
Value StreamingOps::modulate(const Value&, const Value&, const Value&) { no_image(); }
Value StreamingOps::image_to_sequence(const Value&) { no_image(); }
Value StreamingOps::sequence_to_image(const Value&, std::int64_t, std::int64_t) { no_image(); }
Value StreamingOps::space_to_depth(const Value&, int) { no_image(); }
Value StreamingOps::depth_to_space(const Value&, int) { no_image(); }
Value StreamingOps::upsample2(const Value&) { no_image(); }
Value StreamingOps::blend(const Value&, const Value&, const Value&) { no_image(); }
Value StreamingOps::warp(const Value&, const Value&) { no_image(); }
Value StreamingOps::avg_pool2(const Value&) { no_image(); }
Value StreamingOps::global_avg_pool(const Value&) { no_image(); }

}  // namespace vultus::infer
