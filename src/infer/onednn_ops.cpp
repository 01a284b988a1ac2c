#include "infer/onednn_ops.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/error.h"
#include "infer/kernels.h"
#include "infer/onednn_state.h"

namespace vultus::infer {

using models::Value;

namespace {

// Plain order for everything but images, which onednn_images.cpp looks after.
float* get(const Value& value) { return plain(value); }

bool has_bf16() {
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

bool has_avx512() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
        case dnnl::cpu_isa::avx:
        case dnnl::cpu_isa::avx2:
        case dnnl::cpu_isa::avx2_vnni:
            return false;
        default:
            return true;
    }
}

}  // namespace

OnednnOps::OnednnOps(const Archive& weights, int num_threads, Precision precision) : impl_(new Impl) {
    impl_->weights = &weights;
    impl_->bf16 = precision == Precision::kAuto && has_bf16();
    impl_->avx2 = dnnl::get_effective_cpu_isa() == dnnl::cpu_isa::avx2;
    impl_->block = has_avx512() ? 16 : 8;
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    impl_->num_threads = num_threads > 0 ? num_threads : cores;
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

Value OnednnOps::input(const Shape& shape, const float* values) {
    omp_set_num_threads(impl_->num_threads);  // OpenMP keeps this number for each calling thread
    const Value out = impl_->make(shape);
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

Value OnednnOps::linear(const Value& x, const Value& weight, const Value& bias) {
    const Index in = weight.dim(1), outs = weight.dim(0), rows = num_elements(x.shape()) / in;
    Shape shape = x.shape();
    shape.back() = outs;
    const Value out = impl_->make(shape);
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
    const Value rows = impl_->make({x.dim(0), out_frames, in * kernel});
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
    const Value out = impl_->make(x.shape());
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

Value OnednnOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    const Value out = impl_->make(x.shape());
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

Value OnednnOps::sigmoid(const Value& x) {
    const float* from = settled(x);
    const Value out = impl_->make(x.shape(), block_of(x));
    kernels::sigmoid(from, settled(out), static_cast<Index>(count_of(x)));
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
Value OnednnOps::Impl::combine(const Value& a, const Value& b, F kernel) {
    int block = 1;
    if (a.shape().size() == 4 && b.shape().size() == 4 &&
        std::equal(a.shape().begin() + 1, a.shape().end(), b.shape().begin() + 1))
        block = std::max(block_of(a), block_of(b));
    const float* left = block > 1 ? in_blocks(a, block) : plain(a);
    const float* right = block > 1 ? in_blocks(b, block) : plain(b);
    const auto count = static_cast<Index>(count_of(a)), part = static_cast<Index>(count_of(b));
    require(repeats_in(a.shape(), b.shape()), "[infer] cannot combine {} with {}", to_string(a.shape()),
            to_string(b.shape()));
    const Value out = make(a.shape(), block);
    float* to = settled(out);
    if (count == part) {
        parallel(count, 1, [&](Index begin, Index end) {
            kernel(left + begin, right + begin, to + begin, end - begin);
        });
        return out;
    }
    for (Index begin = 0; begin < count; begin += part) kernel(left + begin, right, to + begin, part);
    return out;
}

Value OnednnOps::add(const Value& a, const Value& b) { return impl_->combine(a, b, kernels::add); }

Value OnednnOps::mul(const Value& a, const Value& b) { return impl_->combine(a, b, kernels::mul); }

Value OnednnOps::scale(const Value& x, double factor) {
    const float* from = settled(x);
    const Value out = impl_->make(x.shape(), block_of(x));
    kernels::scale_shift(from, static_cast<float>(factor), 0.0f, settled(out),
                         static_cast<Index>(count_of(x)));
    return out;
}

Value OnednnOps::attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                           const Value& bias) {
    const Value out = impl_->make(q.shape());
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
    if (a.shape().size() == 4) return concat_channels(a, b);
    Shape shape = a.shape();
    const Index from_a = shape.back(), from_b = b.shape().back(),
                rows = static_cast<Index>(count_of(a)) / from_a;
    shape.back() += from_b;
    const Value out = impl_->make(shape);
    for (Index r = 0; r < rows; ++r) {
        std::copy_n(get(a) + r * from_a, from_a, get(out) + r * (from_a + from_b));
        std::copy_n(get(b) + r * from_b, from_b, get(out) + r * (from_a + from_b) + from_a);
    }
    return out;
}

Value OnednnOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    Shape shape = x.shape();
    const Index width = shape.back(), rows = static_cast<Index>(count_of(x)) / width;
    shape.back() = length;
    const Value out = impl_->make(shape);
    for (Index r = 0; r < rows; ++r) std::copy_n(get(x) + r * width + begin, length, get(out) + r * length);
    return out;
}

Value OnednnOps::reshape(const Value& x, const Shape& shape) {
    plain(x);
    return {shape, x.handle()};
}

}  // namespace vultus::infer
