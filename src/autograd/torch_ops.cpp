#include "autograd/torch_ops.h"

#include <cmath>
#include <fstream>

#include "base/error.h"
#include "base/rng.h"

namespace vultus::autograd {

using models::Init;
using models::Value;
using torch::Tensor;

namespace {

std::uint64_t hash(const std::string& name) {
    std::uint64_t h = 1469598103934665603ull;
    for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return h;
}

std::vector<float> initial_values(std::int64_t count, const Init& init, Rng rng) {
    std::vector<float> values(static_cast<std::size_t>(count), init.kind == Init::Kind::kOnes ? 1.0f : 0.0f);
    if (init.kind == Init::Kind::kUniform)
        for (float& value : values) value = static_cast<float>(rng.uniform(-init.scale, init.scale));
    if (init.kind == Init::Kind::kNormal)
        for (float& value : values) value = static_cast<float>(init.scale * rng.normal());
    return values;
}

}  // namespace

Tensor Parameters::get(const std::string& name, const Shape& shape, const Init& init) {
    const auto found = tensors_.find(name);
    if (found != tensors_.end()) {
        if (found->second.sizes() != torch::IntArrayRef(shape))
            fail(ErrorCode::kCorruptData, "[train] weight {}: expected shape {}, got {}", name,
                 to_string(shape), to_string(found->second.sizes().vec()));
        return found->second;
    }
    std::vector<float> values = initial_values(num_elements(shape), init, Rng(seed_ ^ hash(name)));
    Tensor tensor = torch::from_blob(values.data(), shape).to(device_, dtype_).clone();
    tensor.set_requires_grad(true);
    return tensors_.emplace(name, tensor).first->second;
}

void Parameters::load(const Archive& archive, const std::string& prefix) {
    for (const auto& [name, host] : archive.tensors) {
        if (name.rfind(prefix, 0) != 0) continue;
        Tensor tensor = from_host(host, device_).to(dtype_).clone();
        const auto known = tensors_.find(name);
        tensor.set_requires_grad(known == tensors_.end() || known->second.requires_grad());
        tensors_.insert_or_assign(name, tensor);
    }
}

void Parameters::set_fixed(const std::string& name, const Tensor& values) {
    tensors_.insert_or_assign(name, values.to(device_, dtype_).contiguous().clone());
}

void Parameters::set_trainable(const std::string& prefix, bool trainable) {
    for (auto& [name, tensor] : tensors_)
        if (name.rfind(prefix, 0) == 0) tensor.set_requires_grad(trainable);
}

Value TorchOps::wrap(Tensor tensor) {
    Shape shape = tensor.sizes().vec();
    return {std::move(shape), std::make_shared<Tensor>(std::move(tensor))};
}

namespace {
Tensor get(const Value& value) { return TorchOps::unwrap(value); }
Tensor like(const Value& value, const Tensor& other) { return get(value).to(other.scalar_type()); }
Tensor get_or_none(const Value& value) { return value ? TorchOps::unwrap(value) : Tensor(); }
}  // namespace

Value TorchOps::param(const std::string& name, const Shape& shape, const Init& init) {
    return wrap(parameters_.get(name, shape, init));
}

Value TorchOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride) {
    const Tensor input = get(x);
    // Channels last is what a GPU's tensor cores read; images follow their weights.
    const Tensor w = keeps_compute_
                         ? get(weight).to(compute_, false, false, torch::MemoryFormat::ChannelsLast)
                         : get(weight).to(compute_);
    const Tensor out =
        torch::conv2d(input.to(compute_), w, get(bias).to(compute_), stride, weight.dim(2) / 2);
    return wrap(keeps_compute_ ? out : out.to(input.scalar_type()));
}

Value TorchOps::conv1d(const Value& x, const Value& weight, const Value& bias, const models::Conv1d& how) {
    Tensor input = get(x).transpose(1, 2);
    const int both = std::min(how.left, how.right);
    if (how.left != how.right) input = torch::constant_pad_nd(input, {how.left - both, how.right - both});
    return wrap(torch::conv1d(input, get(weight), get_or_none(bias), how.stride, both, 1, how.groups)
                    .transpose(1, 2));
}

Value TorchOps::depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) {
    const std::int64_t features = weight.dim(0), kernel = weight.dim(1);
    const Tensor padded = torch::constant_pad_nd(get(x).transpose(1, 2), {left, kernel - 1 - left});
    return wrap(
        torch::conv1d(padded, get(weight).unsqueeze(1), get(bias), {1}, torch::IntArrayRef{0}, {1}, features)
            .transpose(1, 2));
}

Value TorchOps::linear(const Value& x, const Value& weight, const Value& bias) {
    const Tensor input = get(x);
    const Tensor w = get(weight).to(compute_), b = get(bias).to(compute_);
    return wrap(torch::linear(input.to(compute_), w, b).to(input.scalar_type()));
}

Value TorchOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias) {
    const Tensor input = get(x);
    return wrap(torch::group_norm(input, groups, like(weight, input), like(bias, input), 1e-5));
}

Value TorchOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    return wrap(torch::layer_norm(get(x).to(parameters_.dtype()), {x.shape().back()}, get_or_none(weight),
                                  get_or_none(bias), 1e-5));
}

Value TorchOps::silu(const Value& x) { return wrap(torch::silu(get(x))); }
Value TorchOps::gelu(const Value& x) { return wrap(torch::gelu(get(x))); }
Value TorchOps::sigmoid(const Value& x) { return wrap(torch::sigmoid(get(x))); }
Value TorchOps::add(const Value& a, const Value& b) { return wrap(get(a) + like(b, get(a))); }
Value TorchOps::mul(const Value& a, const Value& b) { return wrap(get(a) * get(b)); }
Value TorchOps::scale(const Value& x, double factor) { return wrap(get(x) * factor); }

Value TorchOps::modulate(const Value& x, const Value& scale, const Value& shift) {
    const auto per_channel = [&](const Value& value) {
        return like(value, get(x)).unsqueeze(-1).unsqueeze(-1);
    };
    const Tensor factor = per_channel(scale) + 1;
    return wrap(shift ? torch::addcmul(per_channel(shift), get(x), factor) : get(x) * factor);
}

Value TorchOps::attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                          const Value& bias) {
    const std::int64_t batch = q.dim(0), frames = q.dim(1), width = q.dim(2), head = width / heads;
    const auto split = [&](const Value& x) {
        return get(x).reshape({batch, frames, heads, head}).transpose(1, 2);
    };
    Tensor logits = torch::matmul(split(q), split(k).transpose(2, 3)) / std::sqrt(static_cast<double>(head));
    if (window.left >= 0) {
        const Tensor time =
            torch::arange(frames, torch::TensorOptions().device(logits.device()).dtype(torch::kLong));
        const Tensor offset = time.unsqueeze(0) - time.unsqueeze(1) + window.left;
        const std::int64_t span = window.left + window.right;
        if (bias)
            logits =
                logits +
                get(bias).index_select(1, offset.clamp(0, span).flatten()).view({1, heads, frames, frames});
        logits = logits.masked_fill((offset < 0).logical_or(offset > span),
                                    -std::numeric_limits<double>::infinity());
    }
    const Tensor mixed = torch::matmul(torch::softmax(logits, -1), split(v));
    return wrap(mixed.transpose(1, 2).reshape({batch, frames, width}));
}

Value TorchOps::concat(const Value& a, const Value& b) {
    return wrap(torch::cat({get(a), like(b, get(a))}, a.shape().size() == 4 ? 1 : -1));
}
Value TorchOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    return wrap(get(x).narrow(-1, begin, length));
}
Value TorchOps::reshape(const Value& x, const Shape& shape) { return wrap(get(x).reshape(shape)); }
Value TorchOps::image_to_sequence(const Value& x) { return wrap(get(x).flatten(2).transpose(1, 2)); }
Value TorchOps::sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) {
    return wrap(get(x).transpose(1, 2).reshape({x.dim(0), x.dim(2), height, width}));
}
Value TorchOps::space_to_depth(const Value& x, int patch) {
    return patch == 1 ? x : wrap(torch::pixel_unshuffle(get(x), patch));
}
Value TorchOps::depth_to_space(const Value& x, int patch) {
    return patch == 1 ? x : wrap(torch::pixel_shuffle(get(x), patch));
}
Value TorchOps::upsample2(const Value& x) {
    return wrap(torch::upsample_nearest2d(get(x), {x.dim(2) * 2, x.dim(3) * 2}));
}
Value TorchOps::blend(const Value& a, const Value& b, const Value& share) {
    const Tensor from = get(a);
    return wrap(torch::lerp(from, like(b, from), like(share, from)));
}
Value TorchOps::warp(const Value& image, const Value& displacement) {
    const Tensor from = get(image).to(parameters_.dtype());
    const std::int64_t height = from.size(2), width = from.size(3);
    const Tensor moved = torch::upsample_bilinear2d(get(displacement).to(from.scalar_type()), {height, width},
                                                    /*align_corners=*/false);
    const auto line = [&](std::int64_t count) {
        return (torch::arange(count, from.options()) + 0.5) * (2.0 / static_cast<double>(count)) - 1;
    };
    const Tensor grid = torch::stack(
        {moved.select(1, 0) * 2 + line(width), moved.select(1, 1) * 2 + line(height).unsqueeze(1)}, 3);
    constexpr std::int64_t kBicubic = 2, kBorder = 1;
    return wrap(torch::grid_sampler(from.expand({grid.size(0), -1, -1, -1}), grid, kBicubic, kBorder,
                                    /*align_corners=*/false));
}
Value TorchOps::avg_pool2(const Value& x) { return wrap(torch::avg_pool2d(get(x), 2)); }
Value TorchOps::global_avg_pool(const Value& x) {
    return wrap(get(x).mean({2, 3}, /*keepdim=*/false, parameters_.dtype()));
}
Value TorchOps::dropout(const Value& x, double probability) {
    return training_ && probability > 0 ? wrap(torch::dropout(get(x), probability, true)) : x;
}

HostTensor to_host(const Tensor& tensor, bool bf16) {
    const Tensor flat = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    const HostTensor host = HostTensor::from_f32(flat.sizes().vec(), flat.data_ptr<float>());
    return bf16 ? host.to_bf16() : host;
}

Tensor from_host(const HostTensor& tensor, torch::Device device) {
    std::vector<float> values = tensor.to_f32();
    return torch::from_blob(values.data(), tensor.shape).to(device).clone();
}

torch::Dtype fast_dtype(torch::Device device) {
    if (device.is_cuda()) return torch::kBFloat16;
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);)
        if (line.rfind("flags", 0) == 0)
            return line.find("avx512_bf16") != std::string::npos ? torch::kBFloat16 : torch::kFloat32;
    return torch::kFloat32;
}

torch::Dtype compute_dtype(const std::string& precision, torch::Device device) {
    return precision == "float32" ? torch::kFloat32 : fast_dtype(device);
}

}  // namespace vultus::autograd
