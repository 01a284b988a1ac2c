// What lies behind OnednnOps' values: pooled arrays, their layout, and steps that were put off.
#pragma once

#include <dnnl.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "infer/onednn_ops.h"
#include "infer/parallel.h"
#include "infer/winograd.h"

namespace vultus::infer {

using Index = std::int64_t;
using Memory = dnnl::memory;

/// Buffers that come back to be used again, by size.
class Pool {
  public:
    Pool() = default;
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    /// `count` values, not set, at an address of whole cache lines. The pool must outlive it.
    std::shared_ptr<float> take(std::size_t count);

  private:
    std::map<std::size_t, std::vector<float*>> shelves_;
};

/// A convolution prepared for one input shape, with its weights in the order that it wants.
struct PreparedConvolution {
    dnnl::convolution_forward::primitive_desc description;
    dnnl::convolution_forward primitive;
    Memory weights, bias, source, target;
    /// The arrays' order that the convolution reads and writes itself; 0: a copy in between (bf16).
    int source_block = 0, target_block = 0;
    /// Instead of all that, where it is faster.
    std::shared_ptr<Winograd> winograd;
};

/// What a Value holds. Images [B, C, H, W] may lie in memory as [B, C / block, H, W, block]; block 1 is the
/// plain order. The order is the array's own affair: whoever reads it asks for the order it needs, and the
/// array is rearranged once and stays so.
struct Array {
    Pool* pool = nullptr;
    std::shared_ptr<float> values;
    Index outer = 1, channels = 1, area = 1;  ///< B, C, H * W of an image
    int block = 1;
    /// Put off until somebody reads the values: x * factor + offset for each of B * C channels (empty: none),
    /// then SiLU. Normalisation, modulation and activation so become one pass.
    std::vector<float> factor, offset;
    bool silu = false;
    /// Of weights.
    std::map<Shape, PreparedConvolution> convolutions;

    void set_sizes(const Shape& shape);
    std::size_t count() const { return static_cast<std::size_t>(outer * channels * area); }
};

inline Array& array_of(const models::Value& value) { return value.storage<Array>(); }
/// The values in plain order, everything done.
float* plain(const models::Value& value);
/// The image's values with `block` channels side by side; block must divide the channels.
float* in_blocks(const models::Value& image, int block);
/// Whatever order they lie in, everything done.
float* settled(const models::Value& value);
inline int block_of(const models::Value& value) { return array_of(value).block; }

inline std::size_t count_of(const models::Value& value) {
    return static_cast<std::size_t>(num_elements(value.shape()));
}

struct OnednnOps::Impl {
    int num_threads = 1;
    const Archive* weights;
    bool bf16;
    bool avx2;  ///< and nothing newer
    int block;  ///< channels side by side in the order that this CPU's convolutions like
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    Pool pool;
    std::map<std::string, Value> params;

    /// Blocked where the channels allow it.
    int block_for(Index channels) const { return channels % block == 0 ? block : 1; }
    /// A new array for an image or anything else, its values not set.
    Value make(const Shape& shape, int block = 1);
    /// A Value on an image's values to which more steps can be added.
    Value put_off(const Value& x);
    template <typename F>
    Value combine(const Value& a, const Value& b, F kernel);
    PreparedConvolution prepare(const Value& x, const Value& weight, const Value& bias, int stride);
};

}  // namespace vultus::infer
