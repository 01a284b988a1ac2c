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

/// Frames begin.. of a sequence, of which old ones are forgotten.
struct StreamingOps::Rows {
    std::int64_t width = 1, begin = 0;
    std::vector<float> values;

    std::int64_t end() const { return begin + static_cast<std::int64_t>(values.size()) / width; }
    const float* row(std::int64_t index) const { return values.data() + (index - begin) * width; }
    void forget_before(std::int64_t index) {
        if (index <= begin) return;
        values.erase(values.begin(), values.begin() + (index - begin) * width);
        begin = index;
    }
};

/// What one call of an operator keeps from step to step.
struct StreamingOps::Site {
    std::vector<Rows> inputs;
    std::int64_t next = 0;  ///< the first frame that it has not given yet
};

StreamingOps::StreamingOps(OnednnOps& backend) : backend_(backend) {
    to_backend_ = [&backend](const Shape& shape, const float* values) {
        return backend.input(shape, values);
    };
    append_from_backend_ = [](const Value& value, std::vector<float>& out) {
        const float* values = OnednnOps::data(value);
        out.insert(out.end(), values, values + num_elements(value.shape()));
    };
}

StreamingOps::StreamingOps(ReferenceOps& backend) : backend_(backend) {
    to_backend_ = [](const Shape& shape, const float* values) {
        return ReferenceOps::wrap(shape, ReferenceOps::Array(values, values + num_elements(shape)));
    };
    append_from_backend_ = [](const Value& value, std::vector<float>& out) {
        for (const double one : ReferenceOps::unwrap(value)) out.push_back(static_cast<float>(one));
    };
}

StreamingOps::~StreamingOps() = default;

void StreamingOps::begin_step(bool last) {
    last_ = last;
    next_site_ = 0;
}

void StreamingOps::restart() { sites_.clear(); }

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

Value StreamingOps::cut(const Rows& rows, std::int64_t begin, std::int64_t end) const {
    return to_backend_({1, end - begin, rows.width}, rows.row(begin));
}

Value StreamingOps::frames(std::int64_t count, std::int64_t width, const float* rows) {
    Site& site = next_site();
    const std::int64_t begin = site.next;
    site.next += count;
    return wrap_frames(begin, count, width, count > 0 ? to_backend_({1, count, width}, rows) : Value{});
}

Value StreamingOps::constant(const Shape& shape, const float* values) {
    return wrap_constant(to_backend_(shape, values));
}

std::vector<float> StreamingOps::rows(const Value& value) const {
    std::vector<float> out;
    if (held(value).inner) append_from_backend_(held(value).inner, out);
    return out;
}

std::size_t StreamingOps::num_values_kept() const {
    std::size_t count = 0;
    for (const Site& site : sites_)
        for (const Rows& rows : site.inputs) count += rows.values.size();
    return count;
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
    const bool waiting = !first.values.empty() || !second.values.empty();
    if (!waiting && held(a).begin == held(b).begin && a.dim(1) == b.dim(1)) {
        site.next = first.begin = second.begin = held(a).begin + a.dim(1);
        return frame_by_frame(a, width, [&](const Inputs& in) { return run({in[0], held(b).inner}); });
    }
    first.width = a.shape().back();
    second.width = b.shape().back();
    if (held(a).inner) append_from_backend_(held(a).inner, first.values);
    if (held(b).inner) append_from_backend_(held(b).inner, second.values);
    const std::int64_t begin = site.next, end = std::min(first.end(), second.end());
    Value out;
    if (end > begin) out = run({cut(first, begin, end), cut(second, begin, end)});
    first.forget_before(end);
    second.forget_before(end);
    site.next = end;
    return wrap_frames(begin, end - begin, width, out);
}

/// An operator whose frame t sees the frames t * stride - left .. t * stride + right of its inputs.
Value StreamingOps::look_around(const Inputs& inputs, std::int64_t left, std::int64_t right, int stride,
                                std::int64_t width, const Operator& run) {
    Site& site = next_site();
    site.inputs.resize(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        site.inputs[i].width = inputs[i].shape().back();
        if (held(inputs[i]).inner) append_from_backend_(held(inputs[i]).inner, site.inputs[i].values);
    }
    const std::int64_t from = site.inputs[0].begin, end = site.inputs[0].end();
    const std::int64_t seen = last_ ? end : end - right;  // beyond the end lies nothing, not the unknown
    const std::int64_t begin = site.next, ready = std::max(begin, seen > 0 ? (seen - 1) / stride + 1 : 0);
    Value out;
    if (ready > begin) {
        Inputs parts;
        for (const Rows& rows : site.inputs) parts.push_back(cut(rows, from, end));
        Rows all{width, from / stride, {}};
        append_from_backend_(run(parts), all.values);
        out = cut(all, begin, ready);
    }
    site.next = ready;
    const std::int64_t keep = (ready - (left + stride - 1) / stride) * stride;
    for (Rows& rows : site.inputs) rows.forget_before(std::min(keep, rows.end()));
    return wrap_frames(begin, ready - begin, width, out);
}

Value StreamingOps::param(const std::string& name, const Shape& shape, const models::Init& init) {
    return wrap_constant(backend_.param(name, shape, init));
}

Value StreamingOps::conv1d(const Value& x, const Value& weight, const Value& bias, int stride) {
    const std::int64_t reach = (weight.dim(2) - 1) / 2;
    require(weight.dim(2) % 2 == 1, "[infer] streaming: expected an odd kernel, got {}", weight.dim(2));
    return look_around({x}, reach, reach, stride, weight.dim(0), [&](const Inputs& in) {
        return backend_.conv1d(in[0], inner(weight), inner(bias), stride);
    });
}

Value StreamingOps::depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) {
    return look_around({x}, left, weight.dim(1) - 1 - left, 1, weight.dim(0), [&](const Inputs& in) {
        return backend_.depthwise_conv1d(in[0], inner(weight), inner(bias), left);
    });
}

Value StreamingOps::attention(const Value& q, const Value& k, const Value& v, int heads,
                              models::Window window, const Value& bias) {
    require(window.left >= 0 && window.right >= 0, "[infer] streaming: expected a finite window");
    return look_around({q, k, v}, window.left, window.right, 1, q.dim(2), [&](const Inputs& in) {
        return backend_.attention(in[0], in[1], in[2], heads, window, inner(bias));
    });
}

Value StreamingOps::linear(const Value& x, const Value& weight, const Value& bias) {
    return frame_by_frame(x, weight.dim(0), [&](const Inputs& in) {
        return backend_.linear(in[0], inner(weight), inner(bias));
    });
}

Value StreamingOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    return frame_by_frame(x, x.shape().back(), [&](const Inputs& in) {
        return backend_.layer_norm(in[0], inner(weight), inner(bias));
    });
}

Value StreamingOps::silu(const Value& x) {
    return frame_by_frame(x, x.shape().back(), [&](const Inputs& in) { return backend_.silu(in[0]); });
}

Value StreamingOps::sigmoid(const Value& x) {
    return frame_by_frame(x, x.shape().back(), [&](const Inputs& in) { return backend_.sigmoid(in[0]); });
}

Value StreamingOps::scale(const Value& x, double factor) {
    return frame_by_frame(x, x.shape().back(),
                          [&](const Inputs& in) { return backend_.scale(in[0], factor); });
}

Value StreamingOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    return frame_by_frame(x, length, [&](const Inputs& in) { return backend_.slice(in[0], begin, length); });
}

Value StreamingOps::add(const Value& a, const Value& b) {
    return meet(a, b, a.shape().back(), [&](const Inputs& in) { return backend_.add(in[0], in[1]); });
}

Value StreamingOps::mul(const Value& a, const Value& b) {
    return meet(a, b, a.shape().back(), [&](const Inputs& in) { return backend_.mul(in[0], in[1]); });
}

Value StreamingOps::concat(const Value& a, const Value& b) {
    return meet(a, b, a.shape().back() + b.shape().back(),
                [&](const Inputs& in) { return backend_.concat(in[0], in[1]); });
}

Value StreamingOps::reshape(const Value& x, const Shape& shape) {
    require(!held(x).timed, "[infer] streaming: a sequence keeps its shape");
    return wrap_constant(backend_.reshape(held(x).inner, shape));
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
Value StreamingOps::avg_pool2(const Value&) { no_image(); }
Value StreamingOps::global_avg_pool(const Value&) { no_image(); }

}  // namespace vultus::infer
