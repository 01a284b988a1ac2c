// What lies behind OnednnOps' values: arrays, their layout, and steps that were put off or recorded.
#pragma once

#include <dnnl.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "infer/memory.h"
#include "infer/onednn_ops.h"
#include "infer/weights.h"
#include "kernels/parallel.h"

namespace vultus::infer {

using Index = std::int64_t;

/// What a Value holds. Images [B, C, H, W] may lie in memory as [B, C / block, H, W, block]; block 1 is the
/// plain order. The order is the array's own affair: whoever reads it asks for the order it needs, and the
/// array is rearranged once and stays so.
struct Array {
    Runtime* runtime = nullptr;
    std::shared_ptr<float> values;  ///< empty: of a weight that nobody has read yet
    bool fixed = false;             ///< depends on constants and weights only: the same at every run
    Index outer = 1, channels = 1, area = 1;  ///< B, C, H * W of an image
    int block = 1;
    /// Put off until somebody reads the values: x * factor + offset for each of B * C channels ([2, B * C];
    /// empty: none), then SiLU. Normalisation, modulation and activation so become one pass.
    models::Value affine;
    bool silu = false;
    std::shared_ptr<Weight> weight;  ///< where the values come from

    void set_sizes(const Shape& shape);
    std::size_t count() const { return static_cast<std::size_t>(outer * channels * area); }
    /// Nothing of it changes between runs, not even what was put off.
    bool all_fixed() const;
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

using Step = std::function<void()>;

/// Runs steps at once, or records them. An operator takes the pointers that it reads, then makes its result,
/// then gives the step that fills it to run(); so recorded steps meet the arrays in the order in which
/// they were taken and given back.
class Runtime {
  public:
    Runtime(std::shared_ptr<Weights> weights, int num_threads, Precision precision);

    std::shared_ptr<Weights> weights;
    int num_threads;
    bool bf16;
    bool avx2;  ///< and nothing newer
    int block;  ///< channels side by side in the order that this CPU's convolutions like
    /// One for the process: prepared weights go from one runtime to the next.
    dnnl::engine& engine;
    dnnl::stream stream{engine};

    /// From now on steps are recorded here, arrays come from `source`, and `kept` holds what steps read but
    /// never write. Steps on fixed arrays run at once.
    void record(Source& source, std::vector<Step>& steps, std::vector<std::shared_ptr<float>>& kept);

    /// Blocked where the channels allow it.
    int block_for(Index channels) const { return channels % block == 0 ? block : 1; }
    std::shared_ptr<float> take(std::size_t count, bool fixed);
    /// A new array for what is computed from `inputs` (empty ones are left out), its values not set.
    models::Value make(const Shape& shape, int block, std::initializer_list<models::Value> inputs);
    /// An array around given values.
    models::Value wrap(const Shape& shape, std::shared_ptr<float> values, bool fixed);
    /// A Value on an image's values to which more steps can be added.
    models::Value put_off(const models::Value& x);
    /// The step that fills an array.
    template <typename F>
    void run(const models::Value& out, F step) {
        run(array_of(out).fixed, std::move(step));
    }
    template <typename F>
    void run(bool fixed, F step) {
        if (steps_ != nullptr && !fixed)
            steps_->emplace_back(std::move(step));
        else
            step();
    }
    /// Call when a recorded step reads this array.
    void keep(const Array& array);

    std::shared_ptr<const kernels::Matrix> matrix(const models::Value& weight) const;
    std::shared_ptr<const WindowMatrices> windows(const models::Value& weight, int groups) const;
    std::shared_ptr<const PreparedConvolution> convolution(const models::Value& x,
                                                           const models::Value& weight,
                                                           const models::Value& bias, int stride);
    template <typename F>
    models::Value combine(const models::Value& a, const models::Value& b, F kernel);

    std::map<std::string, models::Value> params;

  private:
    std::shared_ptr<const PreparedConvolution> prepare(const models::Value& x, const models::Value& weight,
                                                       const models::Value& bias, int stride);
    Pool pool_;
    Source* source_ = &pool_;
    std::vector<Step>* steps_ = nullptr;
    std::vector<std::shared_ptr<float>>* kept_ = nullptr;
};

}  // namespace vultus::infer
