#include "infer/onednn_state.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "kernels/aligned_floats.h"
#include "kernels/blocked_image.h"
#include "kernels/cpu_level.h"

namespace vultus::infer {

using models::Value;

namespace {

bool has_bf16() {
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

dnnl::engine& cpu_engine() {
    static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

/// A weight's values are fetched when they are first read: most weights are only ever read in another order.
void fetch(Array& array) {
    if (!array.values) array.values = array.weight->plain();
}

/// Runs what was put off, into an array of its own.
void settle(Array& array) {
    fetch(array);
    if (!array.affine) return;
    const Array& affine = array_of(array.affine);
    const bool fixed = array.all_fixed();
    if (!fixed) {
        array.runtime->keep(array);
        array.runtime->keep(affine);
    }
    const std::shared_ptr<float> target = array.runtime->take(array.count(), fixed);
    const Index all = array.outer * array.channels, block = array.block, area = array.area;
    array.runtime->run(fixed, [from = array.values.get(), factors = affine.values.get(), to = target.get(),
                               all, block, area, silu = array.silu] {
        kernels::parallel(all / block, 2 * area * block, [&](Index begin, Index end) {
            for (Index part = begin; part < end; ++part)
                kernels::affine(from + part * area * block, area, static_cast<int>(block),
                                factors + part * block, factors + all + part * block, silu,
                                to + part * area * block);
        });
    });
    array.values = target;
    array.fixed = fixed;
    array.affine = {};
    array.silu = false;
}

/// Between plain order and blocks; one of the two is plain.
void rearrange(Array& array, int block) {
    if (!array.fixed) array.runtime->keep(array);
    const std::shared_ptr<float> target = array.runtime->take(array.count(), array.fixed);
    const int many = std::max(array.block, block);
    const Index parts = array.outer * array.channels / many, area = array.area;
    array.runtime->run(array.fixed, [from = array.values.get(), to = target.get(), many, parts, area, block] {
        const Index size = area * many;
        kernels::parallel(parts, size, [&](Index begin, Index end) {
            for (Index part = begin; part < end; ++part)
                (block > 1 ? kernels::interleave : kernels::separate)(from + part * size, area, many,
                                                                      to + part * size);
        });
    });
    array.values = target;
    array.block = block;
}

}  // namespace

void Array::set_sizes(const Shape& shape) {
    const bool image = shape.size() == 4;
    outer = image ? shape[0] : 1;
    channels = image ? shape[1] : 1;
    area = num_elements(shape) / std::max<Index>(1, outer * channels);
}

bool Array::all_fixed() const { return fixed && (!affine || array_of(affine).fixed); }

float* settled(const Value& value) {
    Array& array = array_of(value);
    settle(array);
    return array.values.get();
}

float* plain(const Value& value) {
    Array& array = array_of(value);
    settle(array);
    if (array.block > 1) rearrange(array, 1);
    return array.values.get();
}

float* in_blocks(const Value& image, int block) {
    Array& array = array_of(image);
    settle(array);
    require(image.dim(1) % block == 0, "[infer] {} channels cannot lie in blocks of {}", image.dim(1), block);
    // reshape() shares the array: it may lie in blocks of another image's shape.
    const bool same = array.outer == image.dim(0) && array.channels == image.dim(1);
    if (array.block > 1 && (array.block != block || !same)) rearrange(array, 1);
    if (array.block == block) return array.values.get();
    array.set_sizes(image.shape());
    rearrange(array, block);
    return array.values.get();
}

Runtime::Runtime(std::shared_ptr<Weights> weights_, int num_threads_, Precision precision)
    : weights(std::move(weights_)),
      num_threads(num_threads_ > 0 ? num_threads_
                                   : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))),
      bf16(precision == Precision::kAuto && has_bf16()),
      avx2(kernels::cpu_level() == kernels::CpuLevel::kAvx2),
      block(kernels::cpu_level() == kernels::CpuLevel::kAvx512 ? 16 : 8),
      engine(cpu_engine()) {}

void Runtime::record(Source& source, std::vector<Step>& steps, std::vector<std::shared_ptr<float>>& kept) {
    source_ = &source;
    steps_ = &steps;
    kept_ = &kept;
}

std::shared_ptr<float> Runtime::take(std::size_t count, bool fixed) {
    if (steps_ != nullptr && fixed) return kernels::aligned_floats(static_cast<Index>(count));
    return source_->take(count);
}

void Runtime::keep(const Array& array) {
    if (kept_ != nullptr && array.fixed && array.values) kept_->push_back(array.values);
}

Value Runtime::make(const Shape& shape, int block, std::initializer_list<Value> inputs) {
    bool fixed = steps_ != nullptr;
    for (const Value& input : inputs) fixed = fixed && (!input || array_of(input).all_fixed());
    if (!fixed)
        for (const Value& input : inputs)
            if (input) keep(array_of(input));
    Value out = wrap(shape, take(static_cast<std::size_t>(num_elements(shape)), fixed), fixed);
    array_of(out).block = block;
    return out;
}

Value Runtime::wrap(const Shape& shape, std::shared_ptr<float> values, bool fixed) {
    auto array = std::make_shared<Array>();
    array->runtime = this;
    array->values = std::move(values);
    array->fixed = fixed;
    array->set_sizes(shape);
    return {shape, array};
}

Value Runtime::put_off(const Value& x) {
    auto array = std::make_shared<Array>(array_of(x));
    array->set_sizes(x.shape());
    return {x.shape(), array};
}

std::shared_ptr<const kernels::Matrix> Runtime::matrix(const Value& weight) const {
    const Array& array = array_of(weight);
    const Index outputs = weight.dim(0), inputs = static_cast<Index>(count_of(weight)) / outputs;
    if (array.weight && array.weight->shape().front() == outputs && array.count() == count_of(weight))
        return array.weight->matrix();
    require(steps_ == nullptr || array.all_fixed(), "[infer] a recorded product wants fixed weights");
    return std::make_shared<const kernels::Matrix>(plain(weight), outputs, inputs);
}

std::shared_ptr<const WindowMatrices> Runtime::windows(const Value& weight, int groups) const {
    const Array& array = array_of(weight);
    if (array.weight && array.weight->shape() == weight.shape()) return array.weight->windows(groups);
    require(steps_ == nullptr || array.all_fixed(), "[infer] a recorded convolution wants fixed weights");
    return window_matrices(plain(weight), weight.shape(), groups);
}

}  // namespace vultus::infer
