#include "infer/onednn_ops.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <dnnl.hpp>
#include <thread>
#include <vector>

#include "base/error.h"
#include "infer/kernels.h"

namespace vultus::infer {

using models::Value;
using Index = std::int64_t;
using Memory = dnnl::memory;

namespace {

/// Arrays that come back to be used again, by size.
class Pool {
  public:
    std::shared_ptr<float> take(std::size_t count) {
        std::vector<std::unique_ptr<float[]>>& shelf = shelves_[count];
        if (shelf.empty())
            shelf.push_back(std::unique_ptr<float[]>(new float[std::max<std::size_t>(count, 1)]));
        float* array = shelf.back().release();
        shelf.pop_back();
        return {array, [this, count](float* done) { shelves_[count].emplace_back(done); }};
    }

  private:
    std::map<std::size_t, std::vector<std::unique_ptr<float[]>>> shelves_;
};

/// A convolution prepared for one input shape, with its weights in the order that it wants.
struct PreparedConvolution {
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
    Memory weights, bias, source, target;
};

/// What a Value holds: an array, and for weights the convolutions made of it.
struct Array {
    std::shared_ptr<float> values;
    std::map<Shape, PreparedConvolution> convolutions;
};

Array& array_of(const Value& value) { return value.storage<Array>(); }
float* get(const Value& value) { return array_of(value).values.get(); }
std::size_t count_of(const Value& value) { return static_cast<std::size_t>(num_elements(value.shape())); }

constexpr Index kParallelFrom = 1 << 15;

/// Runs body(begin, end) over parts of 0..count on all threads when that pays.
template <typename F>
void parallel(Index count, Index work_each, F body) {
    if (count * work_each < kParallelFrom) {
        body(Index{0}, count);
        return;
    }
#pragma omp parallel
    {
        const Index threads = omp_get_num_threads(), me = omp_get_thread_num();
        body(count * me / threads, count * (me + 1) / threads);
    }
}

bool has_bf16() {
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

}  // namespace

struct OnednnOps::Impl {
    const Archive* weights;
    bool bf16;
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    Pool pool;
    std::map<std::string, Value> params;

    PreparedConvolution prepare(const Value& x, const Value& weight, const Value& bias, int stride);
};

OnednnOps::OnednnOps(const Archive& weights, int num_threads, Precision precision) : impl_(new Impl) {
    impl_->weights = &weights;
    impl_->bf16 = precision == Precision::kAuto && has_bf16();
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    omp_set_num_threads(num_threads > 0 ? num_threads : cores);
}

OnednnOps::~OnednnOps() { impl_->params.clear(); }

const char* OnednnOps::precision_name() const { return impl_->bf16 ? "bf16" : "f32"; }

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

Value OnednnOps::make(const Shape& shape) {
    const auto count = static_cast<std::size_t>(num_elements(shape));
    return {shape, std::make_shared<Array>(Array{impl_->pool.take(count), {}})};
}

Value OnednnOps::input(const Shape& shape, const float* values) {
    const Value out = make(shape);
    std::copy_n(values, count_of(out), get(out));
    return out;
}

const float* OnednnOps::data(const Value& value) { return get(value); }

Value OnednnOps::param(const std::string& name, const Shape& shape, const models::Init&) {
    const auto found = impl_->params.find(name);
    if (found != impl_->params.end()) return found->second;
    const HostTensor& tensor = impl_->weights->at(name);
    if (tensor.shape != shape)
        fail(ErrorCode::kCorruptData, "[infer] weight {}: expected shape {}, got {}", name, to_string(shape),
             to_string(tensor.shape));
    return impl_->params.emplace(name, input(shape, tensor.to_f32().data())).first->second;
}

PreparedConvolution OnednnOps::Impl::prepare(const Value& x, const Value& weight, const Value& bias,
                                             int stride) {
    using Tag = Memory::format_tag;
    const Index kernel = weight.dim(2), pad = kernel / 2;
    const auto out_size = [&](Index size) { return (size + 2 * pad - kernel) / stride + 1; };
    const Memory::dims target_dims = {x.dim(0), weight.dim(0), out_size(x.dim(2)), out_size(x.dim(3))};
    const auto type = bf16 ? Memory::data_type::bf16 : Memory::data_type::f32;
    const auto f32 = Memory::data_type::f32;
    const dnnl::convolution_forward::desc wanted(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, {x.shape(), type, Tag::any},
        {weight.shape(), type, Tag::any}, {bias.shape(), f32, Tag::a}, {target_dims, f32, Tag::any},
        {stride, stride}, {pad, pad}, {pad, pad});
    PreparedConvolution c;
    c.description = dnnl::convolution_forward::primitive_desc(wanted, engine);
    c.primitive = dnnl::convolution_forward(c.description);
    c.source = Memory(c.description.src_desc(), engine);
    c.target = Memory(c.description.dst_desc(), engine);
    c.weights = Memory(c.description.weights_desc(), engine);
    Memory plain({weight.shape(), f32, Tag::abcd}, engine, get(weight));
    dnnl::reorder(plain, c.weights).execute(stream, plain, c.weights);
    c.bias = Memory({bias.shape(), f32, Tag::a}, engine, get(bias));
    stream.wait();
    return c;
}

Value OnednnOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride) {
    using Tag = Memory::format_tag;
    std::map<Shape, PreparedConvolution>& prepared = array_of(weight).convolutions;
    auto found = prepared.find(x.shape());
    if (found == prepared.end())
        found = prepared.emplace(x.shape(), impl_->prepare(x, weight, bias, stride)).first;
    PreparedConvolution& c = found->second;
    const Value out = make(c.description.dst_desc().dims());
    Memory from({x.shape(), Memory::data_type::f32, Tag::abcd}, impl_->engine, get(x));
    Memory to({out.shape(), Memory::data_type::f32, Tag::abcd}, impl_->engine, get(out));
    dnnl::reorder(from, c.source).execute(impl_->stream, from, c.source);
    c.primitive.execute(impl_->stream, {{DNNL_ARG_SRC, c.source},
                                        {DNNL_ARG_WEIGHTS, c.weights},
                                        {DNNL_ARG_BIAS, c.bias},
                                        {DNNL_ARG_DST, c.target}});
    dnnl::reorder(c.target, to).execute(impl_->stream, c.target, to);
    impl_->stream.wait();
    return out;
}

Value OnednnOps::linear(const Value& x, const Value& weight, const Value& bias) {
    const Index in = weight.dim(1), outs = weight.dim(0), rows = num_elements(x.shape()) / in;
    Shape shape = x.shape();
    shape.back() = outs;
    const Value out = make(shape);
    for (Index r = 0; r < rows; ++r) std::copy_n(get(bias), outs, get(out) + r * outs);
    if (rows == 1) {  // matrix times vector: bound by reading the weights
        parallel(outs, in, [&](Index begin, Index end) {
            for (Index o = begin; o < end; ++o) get(out)[o] += kernels::dot(get(x), get(weight) + o * in, in);
        });
        return out;
    }
    const dnnl_status_t status =
        dnnl_sgemm('N', 'T', rows, outs, in, 1.0f, get(x), in, get(weight), in, 1.0f, get(out), outs);
    require(status == dnnl_success, "[infer] matrix product of {} x {} x {} failed", rows, in, outs);
    return out;
}

Value OnednnOps::conv1d(const Value& x, const Value& weight, const Value& bias, int stride) {
    // Gathers the kernel's frames in rows, then one matrix product with weights [O, I * K].
    const Index kernel = weight.dim(2), pad = (kernel - 1) / 2, in = x.dim(2), frames = x.dim(1);
    const Index out_frames = (frames + 2 * pad - kernel) / stride + 1;
    const Value rows = make({x.dim(0), out_frames, in * kernel});
    for (Index b = 0; b < x.dim(0); ++b)
        for (Index t = 0; t < out_frames; ++t)
            for (Index k = 0; k < kernel; ++k) {
                const Index at = t * stride + k - pad;
                const float* from = at >= 0 && at < frames ? get(x) + (b * frames + at) * in : nullptr;
                float* to = get(rows) + (b * out_frames + t) * in * kernel + k;
                for (Index i = 0; i < in; ++i) to[i * kernel] = from ? from[i] : 0.0f;
            }
    return linear(rows, reshape(weight, {weight.dim(0), in * kernel}), bias);
}

Value OnednnOps::depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) {
    const Index frames = x.dim(1), width = x.dim(2), kernel = weight.dim(1);
    std::vector<float> by_frame(static_cast<std::size_t>(kernel * width));
    for (Index f = 0; f < width; ++f)
        for (Index k = 0; k < kernel; ++k)
            by_frame[static_cast<std::size_t>(k * width + f)] = get(weight)[f * kernel + k];
    const Value out = make(x.shape());
    for (Index b = 0; b < x.dim(0); ++b)
        for (Index t = 0; t < frames; ++t) {
            float* to = get(out) + (b * frames + t) * width;
            std::copy_n(get(bias), width, to);
            for (Index k = 0; k < kernel; ++k) {
                const Index at = t + k - left;
                if (at < 0 || at >= frames) continue;
                const float* from = get(x) + (b * frames + at) * width;
                const float* w = &by_frame[static_cast<std::size_t>(k * width)];
                for (Index f = 0; f < width; ++f) to[f] += from[f] * w[f];
            }
        }
    return out;
}

Value OnednnOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias) {
    const Value out = make(x.shape());
    const Index channels = x.dim(1) / groups, area = x.dim(2) * x.dim(3);
    parallel(x.dim(0) * groups, channels * area, [&](Index begin, Index end) {
        for (Index g = begin; g < end; ++g) {
            float mean = 0, inverse = 0;
            kernels::moments(get(x) + g * channels * area, channels * area, mean, inverse);
            for (Index c = g * channels; c < (g + 1) * channels; ++c) {
                const float factor = inverse * get(weight)[c % x.dim(1)];
                kernels::scale_shift(get(x) + c * area, factor, get(bias)[c % x.dim(1)] - mean * factor,
                                     get(out) + c * area, area);
            }
        }
    });
    return out;
}

Value OnednnOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    const Value out = make(x.shape());
    const Index width = x.shape().back();
    for (Index row = 0; row < static_cast<Index>(count_of(x)); row += width) {
        float mean = 0, inverse = 0;
        kernels::moments(get(x) + row, width, mean, inverse);
        kernels::scale_shift(get(x) + row, inverse, -mean * inverse, get(out) + row, width);
        if (!weight) continue;
        kernels::mul(get(out) + row, get(weight), get(out) + row, width);
        kernels::add(get(out) + row, get(bias), get(out) + row, width);
    }
    return out;
}

Value OnednnOps::silu(const Value& x) {
    const Value out = make(x.shape());
    parallel(static_cast<Index>(count_of(x)), 4,
             [&](Index begin, Index end) { kernels::silu(get(x) + begin, get(out) + begin, end - begin); });
    return out;
}

Value OnednnOps::sigmoid(const Value& x) {
    const Value out = make(x.shape());
    kernels::sigmoid(get(x), get(out), static_cast<Index>(count_of(x)));
    return out;
}

Value OnednnOps::add(const Value& a, const Value& b) {
    const Value out = make(a.shape());
    const auto count = static_cast<Index>(count_of(a)), part = static_cast<Index>(count_of(b));
    require(count % part == 0, "[infer] cannot add {} to {}", to_string(b.shape()), to_string(a.shape()));
    for (Index begin = 0; begin < count; begin += part)
        kernels::add(get(a) + begin, get(b), get(out) + begin, part);
    return out;
}

Value OnednnOps::mul(const Value& a, const Value& b) {
    const Value out = make(a.shape());
    const auto count = static_cast<Index>(count_of(a)), part = static_cast<Index>(count_of(b));
    require(count % part == 0, "[infer] cannot multiply {} by {}", to_string(a.shape()),
            to_string(b.shape()));
    for (Index begin = 0; begin < count; begin += part)
        kernels::mul(get(a) + begin, get(b), get(out) + begin, part);
    return out;
}

Value OnednnOps::scale(const Value& x, double factor) {
    const Value out = make(x.shape());
    kernels::scale_shift(get(x), static_cast<float>(factor), 0.0f, get(out), static_cast<Index>(count_of(x)));
    return out;
}

Value OnednnOps::modulate(const Value& x, const Value& scale, const Value& shift) {
    const Value out = make(x.shape());
    const Index area = x.dim(2) * x.dim(3);
    parallel(x.dim(0) * x.dim(1), area, [&](Index begin, Index end) {
        for (Index c = begin; c < end; ++c)
            kernels::scale_shift(get(x) + c * area, 1.0f + get(scale)[c], shift ? get(shift)[c] : 0.0f,
                                 get(out) + c * area, area);
    });
    return out;
}

Value OnednnOps::attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                           const Value& bias) {
    const Value out = make(q.shape());
    const Index frames = q.dim(1), width = q.dim(2), head = width / heads;
    const float factor = 1.0f / std::sqrt(static_cast<float>(head));
    parallel(q.dim(0) * frames, width * frames, [&](Index begin, Index end) {
        std::vector<float> logits(static_cast<std::size_t>(frames));
        for (Index row = begin; row < end; ++row) {
            const Index t = row % frames, base = row - t;
            const Index first = window.left < 0 ? 0 : std::max<Index>(0, t - window.left);
            const Index last = window.left < 0 ? frames : std::min<Index>(frames, t + window.right + 1);
            for (Index h = 0; h < heads; ++h) {
                for (Index s = first; s < last; ++s) {
                    float logit = factor * kernels::dot(get(q) + row * width + h * head,
                                                        get(k) + (base + s) * width + h * head, head);
                    if (bias) logit += get(bias)[h * bias.dim(1) + s - t + window.left];
                    logits[static_cast<std::size_t>(s - first)] = logit;
                }
                const Index count = last - first;
                const float highest = *std::max_element(logits.begin(), logits.begin() + count);
                const float total = kernels::exp_shifted(logits.data(), highest, count);
                float* to = get(out) + row * width + h * head;
                std::fill_n(to, head, 0.0f);
                for (Index s = 0; s < count; ++s)
                    kernels::axpy(logits[static_cast<std::size_t>(s)] / total,
                                  get(v) + (base + first + s) * width + h * head, to, head);
            }
        }
    });
    return out;
}

Value OnednnOps::concat(const Value& a, const Value& b) {
    const std::size_t dim = a.shape().size() == 4 ? 1 : a.shape().size() - 1;
    Index outer = 1;
    for (std::size_t d = 0; d < dim; ++d) outer *= a.dim(d);
    Shape shape = a.shape();
    shape[dim] += b.dim(dim);
    const Value out = make(shape);
    const Index from_a = static_cast<Index>(count_of(a)) / outer,
                from_b = static_cast<Index>(count_of(b)) / outer;
    for (Index o = 0; o < outer; ++o) {
        std::copy_n(get(a) + o * from_a, from_a, get(out) + o * (from_a + from_b));
        std::copy_n(get(b) + o * from_b, from_b, get(out) + o * (from_a + from_b) + from_a);
    }
    return out;
}

Value OnednnOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    Shape shape = x.shape();
    const Index width = shape.back(), rows = static_cast<Index>(count_of(x)) / width;
    shape.back() = length;
    const Value out = make(shape);
    for (Index r = 0; r < rows; ++r) std::copy_n(get(x) + r * width + begin, length, get(out) + r * length);
    return out;
}

Value OnednnOps::reshape(const Value& x, const Shape& shape) { return {shape, x.handle()}; }

Value OnednnOps::image_to_sequence(const Value& x) {
    const Value out = make({x.dim(0), x.dim(2) * x.dim(3), x.dim(1)});
    const Index channels = x.dim(1), area = x.dim(2) * x.dim(3);
    for (Index b = 0; b < x.dim(0); ++b)
        for (Index c = 0; c < channels; ++c)
            for (Index i = 0; i < area; ++i)
                get(out)[(b * area + i) * channels + c] = get(x)[(b * channels + c) * area + i];
    return out;
}

Value OnednnOps::sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) {
    const Value out = make({x.dim(0), x.dim(2), height, width});
    const Index channels = x.dim(2), area = height * width;
    for (Index b = 0; b < x.dim(0); ++b)
        for (Index c = 0; c < channels; ++c)
            for (Index i = 0; i < area; ++i)
                get(out)[(b * channels + c) * area + i] = get(x)[(b * area + i) * channels + c];
    return out;
}

Value OnednnOps::space_to_depth(const Value& x, int patch) {
    if (patch == 1) return x;
    const Index area = Index{patch} * patch, height = x.dim(2) / patch, width = x.dim(3) / patch;
    const Value out = make({x.dim(0), x.dim(1) * area, height, width});
    parallel(x.dim(0) * x.dim(1) * area, height * width, [&](Index begin, Index end) {
        for (Index c = begin; c < end; ++c) {
            const float* from =
                get(x) + c / area * height * width * area + c % area / patch * width * patch + c % patch;
            for (Index y = 0; y < height; ++y)
                for (Index i = 0; i < width; ++i)
                    get(out)[(c * height + y) * width + i] = from[y * patch * width * patch + i * patch];
        }
    });
    return out;
}

Value OnednnOps::depth_to_space(const Value& x, int patch) {
    if (patch == 1) return x;
    const Index area = Index{patch} * patch, height = x.dim(2), width = x.dim(3);
    const Value out = make({x.dim(0), x.dim(1) / area, height * patch, width * patch});
    parallel(x.dim(0) * x.dim(1) / area, height * width * area, [&](Index begin, Index end) {
        for (Index c = begin * area; c < end * area; ++c) {
            float* to =
                get(out) + c / area * height * width * area + c % area / patch * width * patch + c % patch;
            for (Index y = 0; y < height; ++y)
                for (Index i = 0; i < width; ++i)
                    to[y * patch * width * patch + i * patch] = get(x)[(c * height + y) * width + i];
        }
    });
    return out;
}

Value OnednnOps::upsample2(const Value& x) {
    const Index height = x.dim(2), width = x.dim(3);
    const Value out = make({x.dim(0), x.dim(1), 2 * height, 2 * width});
    parallel(x.dim(0) * x.dim(1), 4 * height * width, [&](Index begin, Index end) {
        for (Index row = begin * height; row < end * height; ++row) {
            float* to = get(out) + row * 4 * width;
            for (Index i = 0; i < width; ++i) to[2 * i] = to[2 * i + 1] = get(x)[row * width + i];
            std::copy_n(to, 2 * width, to + 2 * width);
        }
    });
    return out;
}

Value OnednnOps::avg_pool2(const Value& x) {
    const Index height = x.dim(2) / 2, width = x.dim(3) / 2;
    const Value out = make({x.dim(0), x.dim(1), height, width});
    for (Index row = 0; row < x.dim(0) * x.dim(1) * height; ++row) {
        const float* from = get(x) + row * 4 * width;
        for (Index i = 0; i < width; ++i)
            get(out)[row * width + i] = 0.25f * (from[2 * i] + from[2 * i + 1] + from[2 * width + 2 * i] +
                                                 from[2 * width + 2 * i + 1]);
    }
    return out;
}

Value OnednnOps::global_avg_pool(const Value& x) {
    const Value out = make({x.dim(0), x.dim(1)});
    const Index area = x.dim(2) * x.dim(3);
    for (Index c = 0; c < x.dim(0) * x.dim(1); ++c) {
        float inverse = 0;
        kernels::moments(get(x) + c * area, area, get(out)[c], inverse);
    }
    return out;
}

}  // namespace vultus::infer
