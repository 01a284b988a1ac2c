#include "infer/onednn_ops.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "infer/onednn_state.h"
#include "kernels/aligned_floats.h"
#include "kernels/elementwise.h"

namespace vultus::infer {

using models::Value;

OnednnOps::OnednnOps(const Archive& weights, int num_threads, Precision precision)
    : OnednnOps(std::make_shared<Weights>(weights), num_threads, precision) {}

OnednnOps::OnednnOps(std::shared_ptr<Weights> weights, int num_threads, Precision precision)
    : runtime_(std::make_unique<Runtime>(std::move(weights), num_threads, precision)) {}

OnednnOps::~OnednnOps() { runtime_->params.clear(); }

const char* OnednnOps::precision_name() const { return runtime_->bf16 ? "bf16" : "f32"; }

int OnednnOps::num_threads() const { return runtime_->num_threads; }

std::string OnednnOps::isa_name() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
            return "SSE4.1";
        case dnnl::cpu_isa::avx:
            return "AVX";
        case dnnl::cpu_isa::avx2:
            return "AVX2";
        case dnnl::cpu_isa::avx512_core:
            return "AVX-512";
        case dnnl::cpu_isa::avx512_core_vnni:
            return "AVX512-VNNI";
        case dnnl::cpu_isa::avx512_core_bf16:
            return "AVX512-BF16";
        case dnnl::cpu_isa::avx512_core_amx:
            return "AMX";
        default:
            return "other";
    }
}

Value OnednnOps::input(const Shape& shape, const float* values) {
    omp_set_num_threads(runtime_->num_threads);  // OpenMP keeps this number for each calling thread
    const Value out =
        runtime_->wrap(shape, runtime_->take(static_cast<std::size_t>(num_elements(shape)), false), false);
    std::copy_n(values, count_of(out), plain(out));
    return out;
}

const float* OnednnOps::data(const Value& value) { return plain(value); }

Value OnednnOps::bound(const Shape& shape, const float* values) {
    omp_set_num_threads(runtime_->num_threads);
    return runtime_->wrap(shape, {const_cast<float*>(values), [](float*) {}}, false);
}

Value OnednnOps::constant(const Shape& shape, const float* values) {
    const Value out = runtime_->wrap(shape, kernels::aligned_floats(num_elements(shape)), true);
    std::copy_n(values, count_of(out), plain(out));
    return out;
}

Value OnednnOps::apply(const Value& x, const Shape& shape, std::function<void(const float*, float*)> work) {
    const float* from = plain(x);
    const Value out = runtime_->make(shape, 1, {x});
    runtime_->run(out, [from, to = plain(out), work = std::move(work)] { work(from, to); });
    return out;
}

void OnednnOps::call(std::function<void()> work) { runtime_->run(false, std::move(work)); }

void OnednnOps::only_frames(std::int64_t first, std::int64_t count) {
    only_first_ = first;
    only_count_ = count;
}

std::pair<std::int64_t, std::int64_t> OnednnOps::wanted_frames(std::int64_t frames) {
    if (only_count_ < 0) return {0, frames};
    require(only_first_ >= 0 && only_first_ + only_count_ <= frames,
            "[infer] frames {} to {} of {} are asked for", only_first_, only_first_ + only_count_, frames);
    return {only_first_, std::exchange(only_count_, -1)};
}

Value OnednnOps::param(const std::string& name, const Shape& shape, const models::Init&) {
    const auto found = runtime_->params.find(name);
    if (found != runtime_->params.end() && found->second.shape() == shape) return found->second;
    std::shared_ptr<Weight> weight = runtime_->weights->at(name, shape);
    const Value out = runtime_->wrap(shape, nullptr, true);
    array_of(out).weight = std::move(weight);
    return runtime_->params[name] = out;
}

Value OnednnOps::linear(const Value& x, const Value& weight, const Value& bias) {
    std::shared_ptr<const kernels::Matrix> matrix = runtime_->matrix(weight);
    const float *from = plain(x), *shift = plain(bias);
    Shape shape = x.shape();
    shape.back() = weight.dim(0);
    const Value out = runtime_->make(shape, 1, {x, bias});
    const Index rows = static_cast<Index>(count_of(x)) / x.shape().back();
    runtime_->run(out, [from, shift, to = plain(out), rows, matrix] { matrix->rows(from, rows, shift, to); });
    return out;
}

namespace {

/// The frames that a convolution reads, group by group: [batch, groups, span, group_in], zeros outside.
struct Gathered {
    const float* from;
    Index batch, frames, width, groups, first, span;

    void run(float* to) const {
        const Index group_in = width / groups;
        for (Index b = 0; b < batch; ++b)
            for (Index g = 0; g < groups; ++g)
                for (Index at = first; at < first + span; ++at, to += group_in)
                    if (at >= 0 && at < frames)
                        std::copy_n(from + (b * frames + at) * width + g * group_in, group_in, to);
                    else
                        std::fill_n(to, group_in, 0.0f);
    }
};

}  // namespace

/// A window of frames that lie side by side is one row of a matrix product; neighbouring windows overlap.
Value OnednnOps::conv1d(const Value& x, const Value& weight, const Value& bias, const models::Conv1d& how) {
    const Index batch = x.dim(0), frames = x.dim(1), width = x.dim(2), kernel = weight.dim(2),
                outputs = weight.dim(0), groups = how.groups, group_out = outputs / groups;
    const auto [begin, count] = wanted_frames(how.num_frames(frames, kernel));
    const Index first = begin * how.stride - how.left, span = (count - 1) * how.stride + kernel;
    Value rows = x;
    const bool whole = groups == 1 && batch == 1 && first >= 0 && first + span <= frames;
    const float* source = plain(x) + (whole ? first * width : 0);
    if (!whole) {
        const Gathered gathered{source, batch, frames, width, groups, first, span};
        rows = runtime_->make({batch, groups, span, width / groups}, 1, {x});
        source = plain(rows);
        runtime_->run(rows, [gathered, to = plain(rows)] { gathered.run(to); });
    }
    const std::vector<float> zeros(bias ? 0 : static_cast<std::size_t>(outputs), 0.0f);
    const Value shift = bias ? bias : constant({outputs}, zeros.data());
    const float* shifts = plain(shift);
    const Value out = runtime_->make({batch, count, outputs}, 1, {rows, shift});
    runtime_->run(out, [=, count = count, to = plain(out), matrices = runtime_->windows(weight, groups),
                        step = how.stride * (width / groups)] {
        for (Index part = 0; part < batch * groups; ++part) {
            const Index g = part % groups;
            (*matrices)[static_cast<std::size_t>(g)].rows(
                source + part * span * (width / groups), count, shifts + g * group_out,
                to + part / groups * count * outputs + g * group_out, step, outputs);
        }
    });
    return out;
}

Value OnednnOps::depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) {
    const Index batch = x.dim(0), frames = x.dim(1), width = x.dim(2), kernel = weight.dim(1);
    const float *weights = plain(weight), *shift = plain(bias), *first = plain(x);
    const Value by_frame = runtime_->make({kernel, width}, 1, {weight});
    runtime_->run(by_frame, [=, to = plain(by_frame)] {
        for (Index f = 0; f < width; ++f)
            for (Index k = 0; k < kernel; ++k) to[k * width + f] = weights[f * kernel + k];
    });
    const auto [from, count] = wanted_frames(frames);
    const Value out = runtime_->make({batch, count, width}, 1, {x, by_frame, bias});
    runtime_->run(out, [=, from = from, count = count, taps = plain(by_frame), to_first = plain(out)] {
        kernels::parallel(batch * count, width * kernel, [&](Index begin, Index end) {
            for (Index row = begin; row < end; ++row) {
                const Index t = from + row % count;
                const float* here = first + (row / count * frames + t) * width;
                float* to = to_first + row * width;
                std::copy_n(shift, width, to);
                for (Index k = 0; k < kernel; ++k) {
                    const Index at = t + k - left;
                    if (at >= 0 && at < frames)
                        kernels::multiply_add(here + (k - left) * width, taps + k * width, to, width);
                }
            }
        });
    });
    return out;
}

Value OnednnOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    const float *first = plain(x), *weights = weight ? plain(weight) : nullptr,
                *shift = weight ? plain(bias) : nullptr;
    const Value out = runtime_->make(x.shape(), 1, {x, weight, bias});
    const Index width = x.shape().back(), rows = static_cast<Index>(count_of(x)) / width;
    runtime_->run(out, [=, to_first = plain(out)] {
        kernels::parallel(rows, 4 * width, [&](Index begin, Index end) {
            for (Index row = begin; row < end; ++row) {
                const float* from = first + row * width;
                float* to = to_first + row * width;
                float mean = 0, inverse = 0;
                kernels::moments(from, width, mean, inverse);
                kernels::scale_shift(from, inverse, -mean * inverse, to, width);
                if (weights == nullptr) continue;
                kernels::mul(to, weights, to, width);
                kernels::add(to, shift, to, width);
            }
        });
    });
    return out;
}

Value OnednnOps::gelu(const Value& x) {
    const float* from = settled(x);
    const Value out = runtime_->make(x.shape(), block_of(x), {x});
    runtime_->run(out, [from, to = settled(out), count = static_cast<Index>(count_of(x))] {
        kernels::parallel(
            count, 8, [&](Index begin, Index end) { kernels::gelu(from + begin, to + begin, end - begin); });
    });
    return out;
}

Value OnednnOps::sigmoid(const Value& x) {
    const float* from = settled(x);
    const Value out = runtime_->make(x.shape(), block_of(x), {x});
    runtime_->run(out, [from, to = settled(out), count = static_cast<Index>(count_of(x))] {
        kernels::sigmoid(from, to, count);
    });
    return out;
}

namespace {

/// True when b, written out again and again, is what broadcasting to a means: ones, then a's last dimensions.
bool repeats_in(const Shape& a, const Shape& b) {
    std::size_t same = 0;
    while (same < b.size() && same < a.size() && b[b.size() - 1 - same] == a[a.size() - 1 - same]) ++same;
    return std::all_of(b.begin(), b.end() - static_cast<std::ptrdiff_t>(same),
                       [](auto dim) { return dim == 1; });
}

}  // namespace

/// a and b value by value, b repeated.
template <typename F>
Value Runtime::combine(const Value& a, const Value& b, F kernel) {
    int block = 1;
    if (a.shape().size() == 4 && b.shape().size() == 4 &&
        std::equal(a.shape().begin() + 1, a.shape().end(), b.shape().begin() + 1))
        block = std::max(block_of(a), block_of(b));
    const float* left = block > 1 ? in_blocks(a, block) : plain(a);
    const float* right = block > 1 ? in_blocks(b, block) : plain(b);
    require(repeats_in(a.shape(), b.shape()), "[infer] cannot combine {} with {}", to_string(a.shape()),
            to_string(b.shape()));
    const Value out = make(a.shape(), block, {a, b});
    const auto count = static_cast<Index>(count_of(a)), part = static_cast<Index>(count_of(b));
    run(out, [=, to = settled(out)] {
        if (count == part)
            kernels::parallel(count, 1, [&](Index begin, Index end) {
                kernel(left + begin, right + begin, to + begin, end - begin);
            });
        else
            for (Index begin = 0; begin < count; begin += part) kernel(left + begin, right, to + begin, part);
    });
    return out;
}

Value OnednnOps::add(const Value& a, const Value& b) { return runtime_->combine(a, b, kernels::add); }

Value OnednnOps::mul(const Value& a, const Value& b) { return runtime_->combine(a, b, kernels::mul); }

Value OnednnOps::scale(const Value& x, double factor) {
    const float* from = settled(x);
    const Value out = runtime_->make(x.shape(), block_of(x), {x});
    runtime_->run(out, [from, to = settled(out), factor = static_cast<float>(factor),
                        count = static_cast<Index>(count_of(x))] {
        kernels::scale_shift(from, factor, 0.0f, to, count);
    });
    return out;
}

namespace {

/// One frame's view of the others.
struct AttentionView {
    const float *q, *k, *v, *bias;
    Index frames, width, heads, bias_width;
    models::Window window;
};

/// Frame t of those from `base` on.
void attend(const AttentionView& in, Index base, Index t, float* out, float* logits) {
    const Index head = in.width / in.heads, row = base + t;
    const float factor = 1.0f / std::sqrt(static_cast<float>(head));
    const bool all = in.window.left < 0;
    const Index first = all ? 0 : std::max<Index>(0, t - in.window.left);
    const Index last = all ? in.frames : std::min<Index>(in.frames, t + in.window.right + 1);
    for (Index h = 0; h < in.heads; ++h) {
        const Index at = h * head, count = last - first;
        for (Index s = first; s < last; ++s) {
            float logit =
                factor * kernels::dot(in.q + row * in.width + at, in.k + (base + s) * in.width + at, head);
            if (in.bias != nullptr) logit += in.bias[h * in.bias_width + s - t + in.window.left];
            logits[s - first] = logit;
        }
        const float highest = *std::max_element(logits, logits + count);
        const float total = kernels::exp_shifted(logits, highest, count);
        float* to = out + at;
        std::fill_n(to, head, 0.0f);
        for (Index s = 0; s < count; ++s)
            kernels::axpy(logits[s] / total, in.v + (base + first + s) * in.width + at, to, head);
    }
}

}  // namespace

Value OnednnOps::attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                           const Value& bias) {
    const AttentionView view{plain(q), plain(k), plain(v), bias ? plain(bias) : nullptr,
                             q.dim(1), q.dim(2), heads,    bias ? bias.dim(1) : 0,
                             window};
    const auto [from, count] = wanted_frames(view.frames);
    const Value out = runtime_->make({q.dim(0), count, view.width}, 1, {q, k, v, bias});
    const std::shared_ptr<float> logits =
        runtime_->take(static_cast<std::size_t>(runtime_->num_threads * view.frames), array_of(out).fixed);
    runtime_->run(out, [view, from = from, count = count, to = plain(out), scratch = logits.get(),
                        rows = q.dim(0) * count] {
        kernels::parallel(rows, view.width * view.frames, [&](Index begin, Index end) {
            for (Index row = begin; row < end; ++row)
                attend(view, row / count * view.frames, from + row % count, to + row * view.width,
                       scratch + omp_get_thread_num() * view.frames);
        });
    });
    return out;
}

Value OnednnOps::concat(const Value& a, const Value& b) {
    if (a.shape().size() == 4) return concat_channels(a, b);
    Shape shape = a.shape();
    const Index from_a = shape.back(), from_b = b.shape().back(),
                rows = static_cast<Index>(count_of(a)) / from_a;
    shape.back() += from_b;
    const float *first_a = plain(a), *first_b = plain(b);
    const Value out = runtime_->make(shape, 1, {a, b});
    runtime_->run(out, [=, to = plain(out)] {
        for (Index r = 0; r < rows; ++r) {
            std::copy_n(first_a + r * from_a, from_a, to + r * (from_a + from_b));
            std::copy_n(first_b + r * from_b, from_b, to + r * (from_a + from_b) + from_a);
        }
    });
    return out;
}

Value OnednnOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    Shape shape = x.shape();
    const Index width = shape.back(), rows = static_cast<Index>(count_of(x)) / width;
    shape.back() = length;
    const float* from = plain(x);
    const Value out = runtime_->make(shape, 1, {x});
    runtime_->run(out, [=, to = plain(out)] {
        for (Index r = 0; r < rows; ++r) std::copy_n(from + r * width + begin, length, to + r * length);
    });
    return out;
}

Value OnednnOps::reshape(const Value& x, const Shape& shape) {
    plain(x);
    return {shape, x.handle()};
}

}  // namespace vultus::infer
