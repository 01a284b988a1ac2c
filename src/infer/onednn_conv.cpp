#include "infer/onednn_state.h"

namespace vultus::infer {

using models::Value;
using Memory = dnnl::memory;

namespace {

Memory::desc order(const Shape& shape, int block) {
    using Tag = Memory::format_tag;
    return {shape, Memory::data_type::f32, block == 16 ? Tag::aBcd16b : block == 8 ? Tag::aBcd8b : Tag::abcd};
}

/// The block with which the arrays' order is `wanted`; 0: none.
int matching_block(const Memory::desc& wanted, const Shape& shape) {
    for (const int block : {16, 8, 1})
        if (shape[1] % block == 0 && wanted == order(shape, block)) return block;
    return 0;
}

std::size_t floats_for(const Memory::desc& description) { return (description.get_size() + 3) / 4; }

/// A matrix product does it: 1 x 1, channels in whole registers.
bool is_product(const Shape& input, const Shape& weight, int stride) {
    return stride == 1 && weight[2] == 1 && weight[3] == 1 && input[0] == 1 && weight[0] % 8 == 0 &&
           weight[1] % 8 == 0;
}

}  // namespace

std::shared_ptr<const PreparedConvolution> Runtime::prepare(const Value& x, const Value& weight,
                                                            const Value& bias, int stride) {
    using Tag = Memory::format_tag;
    auto c = std::make_shared<PreparedConvolution>();
    if (avx2 && is_product(x.shape(), weight.shape(), stride)) {
        c->matrix = matrix(weight);
        return c;
    }
    if (avx2 && kernels::NarrowConvolution::fits(x.shape(), weight.shape(), stride)) {
        c->narrow = std::make_shared<const kernels::NarrowConvolution>(plain(weight), plain(bias),
                                                                       weight.dim(0), weight.dim(1));
        return c;
    }
    if (avx2 && kernels::Winograd::pays(x.shape(), weight.shape(), stride)) {
        c->winograd = std::make_shared<const kernels::Winograd>(
            plain(weight), plain(bias), weight.dim(0), weight.dim(1), kernels::Winograd::tile_for(x.shape()));
        return c;
    }
    const Index kernel = weight.dim(2), pad = kernel / 2;
    const auto out_size = [&](Index size) { return (size + 2 * pad - kernel) / stride + 1; };
    const Memory::dims target_dims = {x.dim(0), weight.dim(0), out_size(x.dim(2)), out_size(x.dim(3))};
    const auto type = bf16 ? Memory::data_type::bf16 : Memory::data_type::f32;
    const auto f32 = Memory::data_type::f32;
    const dnnl::convolution_forward::desc wanted(
        dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, {x.shape(), type, Tag::any},
        {weight.shape(), type, Tag::any}, {bias.shape(), f32, Tag::a}, {target_dims, f32, Tag::any},
        {stride, stride}, {pad, pad}, {pad, pad});
    // Scratch memory of our own: the library's belongs to the thread that prepares.
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    c->description = dnnl::convolution_forward::primitive_desc(wanted, attributes, engine);
    c->primitive = dnnl::convolution_forward(c->description);
    c->source_block = matching_block(c->description.src_desc(), x.shape());
    c->target_block = matching_block(c->description.dst_desc(), target_dims);
    c->weights = Memory(c->description.weights_desc(), engine);
    Memory as_stored({weight.shape(), f32, Tag::abcd}, engine, plain(weight));
    dnnl::reorder(as_stored, c->weights).execute(stream, as_stored, c->weights);
    plain(bias);
    c->bias_values = array_of(bias).values;
    c->bias = Memory({bias.shape(), f32, Tag::a}, engine, c->bias_values.get());
    stream.wait();
    return c;
}

std::shared_ptr<const PreparedConvolution> Runtime::convolution(const Value& x, const Value& weight,
                                                                const Value& bias, int stride) {
    const auto make = [&] { return prepare(x, weight, bias, stride); };
    const Array& array = array_of(weight);
    if (!array.weight) return make();
    Shape key = x.shape();
    key.push_back(stride);
    return array.weight->convolution({key, bf16 ? "bf16" : "f32"}, make);
}

Value OnednnOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride) {
    Runtime& runtime = *runtime_;
    const std::shared_ptr<const PreparedConvolution> c = runtime.convolution(x, weight, bias, stride);
    if (c->matrix) {
        const float *from = in_blocks(x, 8), *shift = plain(bias);
        const Value out = runtime.make({x.dim(0), weight.dim(0), x.dim(2), x.dim(3)}, 8, {x, bias});
        runtime.run(out, [from, shift, to = settled(out), pixels = x.dim(2) * x.dim(3), matrix = c->matrix] {
            matrix->blocks(from, pixels, shift, to);
        });
        return out;
    }
    if (c->narrow) {
        const float* from = in_blocks(x, 8);
        const Value out = runtime.make({1, weight.dim(0), x.dim(2), x.dim(3)}, 1, {x});
        runtime.run(out, [from, to = settled(out), height = x.dim(2), width = x.dim(3), narrow = c->narrow] {
            narrow->run(height, width, from, to);
        });
        return out;
    }
    if (!c->winograd) return library_convolution(*c, x);
    const float* from = in_blocks(x, 8);
    const Value out = runtime.make({x.dim(0), weight.dim(0), x.dim(2), x.dim(3)}, 8, {x});
    const std::shared_ptr<float> scratch =
        runtime.take(static_cast<std::size_t>(c->winograd->scratch_size(x.shape())), array_of(out).fixed);
    runtime.run(out, [from, to = settled(out), scratch = scratch.get(), shape = x.shape(),
                      winograd = c->winograd] { winograd->run(shape, from, scratch, to); });
    return out;
}

Value OnednnOps::library_convolution(const PreparedConvolution& c, const Value& x) {
    Runtime& runtime = *runtime_;
    const float* from = c.source_block != 0 ? in_blocks(x, c.source_block) : settled(x);
    const Shape shape = c.description.dst_desc().dims();
    const int block = c.target_block != 0 ? c.target_block : runtime.block_for(shape[1]);
    const Value out = runtime.make(shape, block, {x});
    const bool fixed = array_of(out).fixed;
    std::vector<std::shared_ptr<float>> held;
    const auto memory = [&](const Memory::desc& description, const float* values) {
        if (values == nullptr) {
            held.push_back(runtime.take(floats_for(description), fixed));
            values = held.back().get();
        }
        return Memory(description, runtime.engine, const_cast<float*>(values));
    };
    const Memory x_memory = memory(order(x.shape(), block_of(x)), from);
    const Memory out_memory = memory(order(shape, block), settled(out));
    const Memory source = c.source_block != 0 ? x_memory : memory(c.description.src_desc(), nullptr);
    const Memory target = c.target_block != 0 ? out_memory : memory(c.description.dst_desc(), nullptr);
    const std::unordered_map<int, Memory> arguments = {
        {DNNL_ARG_SRC, source},
        {DNNL_ARG_WEIGHTS, c.weights},
        {DNNL_ARG_BIAS, c.bias},
        {DNNL_ARG_DST, target},
        {DNNL_ARG_SCRATCHPAD, memory(c.description.scratchpad_desc(), nullptr)}};
    const auto reorder = [&](const Memory& a, const Memory& b, bool needed) {
        return needed ? dnnl::reorder(a, b) : dnnl::reorder();
    };
    runtime.run(fixed, [=, primitive = c.primitive, bias = c.bias_values, stream = runtime.stream,
                        before = reorder(x_memory, source, c.source_block == 0),
                        after = reorder(target, out_memory, c.target_block == 0)]() mutable {
        Memory from_x = x_memory, to_source = source, from_target = target, to_out = out_memory;
        if (before) before.execute(stream, from_x, to_source);
        primitive.execute(stream, arguments);
        if (after) after.execute(stream, from_target, to_out);
        stream.wait();
    });
    return out;
}

}  // namespace vultus::infer
