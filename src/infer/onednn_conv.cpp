#include "infer/onednn_state.h"

namespace vultus::infer {

using models::Value;

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

}  // namespace

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
    if (avx2 && Winograd::pays(x.shape(), weight.shape(), stride)) {
        c.winograd = std::make_shared<Winograd>(plain(weight), plain(bias), weight.dim(0), weight.dim(1));
        return c;
    }
    c.description = dnnl::convolution_forward::primitive_desc(wanted, engine);
    c.primitive = dnnl::convolution_forward(c.description);
    c.source_block = matching_block(c.description.src_desc(), x.shape());
    c.target_block = matching_block(c.description.dst_desc(), target_dims);
    const auto memory = [&](const Memory::desc& description, bool is_array) {
        return is_array ? Memory(description, engine, DNNL_MEMORY_NONE) : Memory(description, engine);
    };
    c.source = memory(c.description.src_desc(), c.source_block != 0);
    c.target = memory(c.description.dst_desc(), c.target_block != 0);
    c.weights = Memory(c.description.weights_desc(), engine);
    Memory as_stored({weight.shape(), f32, Tag::abcd}, engine, plain(weight));
    dnnl::reorder(as_stored, c.weights).execute(stream, as_stored, c.weights);
    c.bias = Memory({bias.shape(), f32, Tag::a}, engine, plain(bias));
    stream.wait();
    return c;
}

Value OnednnOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride) {
    std::map<Shape, PreparedConvolution>& prepared = array_of(weight).convolutions;
    auto found = prepared.find(x.shape());
    if (found == prepared.end())
        found = prepared.emplace(x.shape(), impl_->prepare(x, weight, bias, stride)).first;
    PreparedConvolution& c = found->second;
    if (c.winograd) {
        const Value out = impl_->make({x.dim(0), weight.dim(0), x.dim(2), x.dim(3)}, 8);
        const auto scratch_size = static_cast<std::size_t>(c.winograd->scratch_size(x.shape()));
        c.winograd->run(x.shape(), in_blocks(x, 8), impl_->pool.take(scratch_size).get(), settled(out));
        return out;
    }
    if (c.source_block != 0) {
        c.source.set_data_handle(in_blocks(x, c.source_block));
    } else {
        float* values = settled(x);
        Memory from(order(x.shape(), block_of(x)), impl_->engine, values);
        dnnl::reorder(from, c.source).execute(impl_->stream, from, c.source);
    }
    const Shape shape = c.description.dst_desc().dims();
    const int block = c.target_block != 0 ? c.target_block : impl_->block_for(shape[1]);
    const Value out = impl_->make(shape, block);
    if (c.target_block != 0) c.target.set_data_handle(settled(out));
    c.primitive.execute(impl_->stream, {{DNNL_ARG_SRC, c.source},
                                        {DNNL_ARG_WEIGHTS, c.weights},
                                        {DNNL_ARG_BIAS, c.bias},
                                        {DNNL_ARG_DST, c.target}});
    if (c.target_block == 0) {
        Memory to(order(shape, block), impl_->engine, settled(out));
        dnnl::reorder(c.target, to).execute(impl_->stream, c.target, to);
    }
    impl_->stream.wait();
    return out;
}

}  // namespace vultus::infer
