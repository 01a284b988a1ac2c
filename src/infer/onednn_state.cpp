#include "infer/onednn_state.h"

#include <algorithm>
#include <new>

#include "base/error.h"
#include "infer/image_kernels.h"

namespace vultus::infer {

using models::Value;

namespace {

// Whole cache lines, so that vector loads do not straddle them.
constexpr std::align_val_t kAlignment{64};

/// Image number `part` of channels/block parts.
float* part_of(float* values, const Array& array, Index part) {
    return values + part * array.area * array.block;
}

/// Runs what was put off, into a buffer of its own.
void settle(Array& array) {
    if (array.factor.empty()) return;
    const std::shared_ptr<float> to = array.pool->take(array.count());
    const Index parts = array.outer * array.channels / array.block;
    parallel(parts, 2 * array.area * array.block, [&](Index begin, Index end) {
        for (Index part = begin; part < end; ++part)
            kernels::affine(part_of(array.values.get(), array, part), array.area, array.block,
                            &array.factor[static_cast<std::size_t>(part * array.block)],
                            &array.offset[static_cast<std::size_t>(part * array.block)], array.silu,
                            part_of(to.get(), array, part));
    });
    array.values = to;
    array.factor.clear();
    array.offset.clear();
    array.silu = false;
}

/// Between plain order and blocks; one of the two is plain.
void rearrange(Array& array, int block) {
    const std::shared_ptr<float> to = array.pool->take(array.count());
    const int many = std::max(array.block, block);
    const Index parts = array.outer * array.channels / many, size = array.area * many;
    parallel(parts, size, [&](Index begin, Index end) {
        for (Index part = begin; part < end; ++part)
            (block > 1 ? kernels::interleave : kernels::separate)(array.values.get() + part * size,
                                                                  array.area, many, to.get() + part * size);
    });
    array.values = to;
    array.block = block;
}

}  // namespace

void Array::set_sizes(const Shape& shape) {
    const bool image = shape.size() == 4;
    outer = image ? shape[0] : 1;
    channels = image ? shape[1] : 1;
    area = num_elements(shape) / std::max<Index>(1, outer * channels);
}

std::shared_ptr<float> Pool::take(std::size_t count) {
    std::vector<float*>& shelf = shelves_[count];
    if (shelf.empty())
        shelf.push_back(
            static_cast<float*>(::operator new(std::max<std::size_t>(count, 1) * sizeof(float), kAlignment)));
    float* array = shelf.back();
    shelf.pop_back();
    return {array, [&shelf](float* done) { shelf.push_back(done); }};
}

Pool::~Pool() {
    for (auto& [count, shelf] : shelves_)
        for (float* array : shelf) ::operator delete(array, kAlignment);
}

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

Value OnednnOps::Impl::make(const Shape& shape, int block) {
    auto array = std::make_shared<Array>();
    array->pool = &pool;
    array->values = pool.take(static_cast<std::size_t>(num_elements(shape)));
    array->block = block;
    array->set_sizes(shape);
    return {shape, array};
}

Value OnednnOps::Impl::put_off(const Value& x) {
    auto array = std::make_shared<Array>(array_of(x));
    array->set_sizes(x.shape());
    return {x.shape(), array};
}

}  // namespace vultus::infer
