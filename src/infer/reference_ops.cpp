#include "infer/reference_ops.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace vultus::infer {

using models::Value;
using Array = ReferenceOps::Array;
using Index = std::int64_t;

namespace {

const Array& get(const Value& value) { return ReferenceOps::unwrap(value); }

Value map(const Value& x, const std::function<double(double)>& function) {
    Array out = get(x);
    for (double& value : out) value = function(value);
    return ReferenceOps::wrap(x.shape(), std::move(out));
}

/// Offset in b of the element that meets a's element i, b repeated where its dimension is 1.
Value broadcast(const Value& a, const Value& b, const std::function<double(double, double)>& function) {
    Array out = get(a);
    Shape shape = b.shape();
    shape.insert(shape.begin(), a.shape().size() - shape.size(), 1);
    for (Index i = 0; i < static_cast<Index>(out.size()); ++i) {
        Index rest = i, offset = 0, stride = 1;
        for (std::size_t d = shape.size(); d-- > 0;) {
            const Index at = rest % a.dim(d);
            rest /= a.dim(d);
            offset += (shape[d] == 1 ? 0 : at) * stride;
            stride *= shape[d];
        }
        out[static_cast<std::size_t>(i)] =
            function(out[static_cast<std::size_t>(i)], get(b)[static_cast<std::size_t>(offset)]);
    }
    return ReferenceOps::wrap(a.shape(), std::move(out));
}

/// y[i] for every output position, computed by `value(indices)`.
template <typename F>
Value fill4(const Shape& shape, F value) {
    Array out;
    for (Index a = 0; a < shape[0]; ++a)
        for (Index b = 0; b < shape[1]; ++b)
            for (Index c = 0; c < shape[2]; ++c)
                for (Index d = 0; d < shape[3]; ++d) out.push_back(value(a, b, c, d));
    return ReferenceOps::wrap(shape, std::move(out));
}

template <typename F>
Value fill3(const Shape& shape, F value) {
    Array out;
    for (Index a = 0; a < shape[0]; ++a)
        for (Index b = 0; b < shape[1]; ++b)
            for (Index c = 0; c < shape[2]; ++c) out.push_back(value(a, b, c));
    return ReferenceOps::wrap(shape, std::move(out));
}

struct At {
    const Value& x;
    double operator()(Index a, Index b) const { return get(x)[static_cast<std::size_t>(a * x.dim(1) + b)]; }
    double operator()(Index a, Index b, Index c) const {
        return get(x)[static_cast<std::size_t>((a * x.dim(1) + b) * x.dim(2) + c)];
    }
    double operator()(Index a, Index b, Index c, Index d) const {
        return get(x)[static_cast<std::size_t>(((a * x.dim(1) + b) * x.dim(2) + c) * x.dim(3) + d)];
    }
};

/// Normalises `count` neighbouring values at `begin` to mean 0 and variance 1 (eps 1e-5).
void normalise(Array& values, Index begin, Index count) {
    double mean = 0, variance = 0;
    for (Index i = 0; i < count; ++i)
        mean += values[static_cast<std::size_t>(begin + i)] / static_cast<double>(count);
    for (Index i = 0; i < count; ++i)
        variance +=
            std::pow(values[static_cast<std::size_t>(begin + i)] - mean, 2) / static_cast<double>(count);
    for (Index i = 0; i < count; ++i) {
        double& value = values[static_cast<std::size_t>(begin + i)];
        value = (value - mean) / std::sqrt(variance + 1e-5);
    }
}

}  // namespace

Value ReferenceOps::wrap(Shape shape, Array values) {
    require(num_elements(shape) == static_cast<Index>(values.size()), "[reference] {} values for shape {}",
            values.size(), to_string(shape));
    return {std::move(shape), std::make_shared<Array>(std::move(values))};
}

Value ReferenceOps::param(const std::string& name, const Shape& shape, const models::Init&) {
    const HostTensor& tensor = weights_->at(name);
    if (tensor.shape != shape)
        fail(ErrorCode::kCorruptData, "[reference] weight {}: expected shape {}, got {}", name,
             to_string(shape), to_string(tensor.shape));
    const std::vector<float> values = tensor.to_f32();
    return wrap(shape, Array(values.begin(), values.end()));
}

Value ReferenceOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride) {
    const Index kernel = weight.dim(2), pad = kernel / 2;
    const At in{x}, w{weight};
    const auto out_size = [&](Index size) { return (size + 2 * pad - kernel) / stride + 1; };
    return fill4({x.dim(0), weight.dim(0), out_size(x.dim(2)), out_size(x.dim(3))},
                 [&](Index b, Index o, Index y, Index c) {
                     double sum = get(bias)[static_cast<std::size_t>(o)];
                     for (Index i = 0; i < x.dim(1); ++i)
                         for (Index ky = 0; ky < kernel; ++ky)
                             for (Index kx = 0; kx < kernel; ++kx) {
                                 const Index iy = y * stride + ky - pad, ix = c * stride + kx - pad;
                                 if (iy >= 0 && ix >= 0 && iy < x.dim(2) && ix < x.dim(3))
                                     sum += in(b, i, iy, ix) * w(o, i, ky, kx);
                             }
                     return sum;
                 });
}

Value ReferenceOps::conv1d(const Value& x, const Value& weight, const Value& bias,
                           const models::Conv1d& how) {
    const Index kernel = weight.dim(2), group_in = weight.dim(1), group_out = weight.dim(0) / how.groups;
    const At in{x}, w{weight};
    return fill3({x.dim(0), how.num_frames(x.dim(1), kernel), weight.dim(0)}, [&](Index b, Index t, Index o) {
        double sum = bias ? get(bias)[static_cast<std::size_t>(o)] : 0.0;
        const Index first = o / group_out * group_in;
        for (Index k = 0; k < kernel; ++k) {
            const Index at = t * how.stride + k - how.left;
            for (Index i = 0; at >= 0 && at < x.dim(1) && i < group_in; ++i)
                sum += in(b, at, first + i) * w(o, i, k);
        }
        return sum;
    });
}

Value ReferenceOps::depthwise_conv1d(const Value& x, const Value& weight, const Value& bias, int left) {
    const At in{x}, w{weight};
    return fill3(x.shape(), [&](Index b, Index t, Index f) {
        double sum = get(bias)[static_cast<std::size_t>(f)];
        for (Index k = 0; k < weight.dim(1); ++k)
            if (const Index at = t + k - left; at >= 0 && at < x.dim(1)) sum += in(b, at, f) * w(f, k);
        return sum;
    });
}

Value ReferenceOps::linear(const Value& x, const Value& weight, const Value& bias) {
    const Index in = weight.dim(1), out = weight.dim(0), rows = num_elements(x.shape()) / in;
    Shape shape = x.shape();
    shape.back() = out;
    Array values;
    for (Index r = 0; r < rows; ++r)
        for (Index o = 0; o < out; ++o) {
            double sum = get(bias)[static_cast<std::size_t>(o)];
            for (Index i = 0; i < in; ++i)
                sum += get(x)[static_cast<std::size_t>(r * in + i)] *
                       get(weight)[static_cast<std::size_t>(o * in + i)];
            values.push_back(sum);
        }
    return wrap(shape, std::move(values));
}

Value ReferenceOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias) {
    Array values = get(x);
    const Index count = num_elements(x.shape()) / x.dim(0) / groups, area = x.dim(2) * x.dim(3);
    for (Index g = 0; g < x.dim(0) * groups; ++g) normalise(values, g * count, count);
    for (Index i = 0; i < static_cast<Index>(values.size()); ++i) {
        const auto c = static_cast<std::size_t>(i / area % x.dim(1));
        values[static_cast<std::size_t>(i)] =
            values[static_cast<std::size_t>(i)] * get(weight)[c] + get(bias)[c];
    }
    return wrap(x.shape(), std::move(values));
}

Value ReferenceOps::layer_norm(const Value& x, const Value& weight, const Value& bias) {
    Array values = get(x);
    const Index width = x.shape().back();
    for (Index begin = 0; begin < static_cast<Index>(values.size()); begin += width) {
        normalise(values, begin, width);
        for (Index i = 0; weight && i < width; ++i) {
            double& value = values[static_cast<std::size_t>(begin + i)];
            value = value * get(weight)[static_cast<std::size_t>(i)] + get(bias)[static_cast<std::size_t>(i)];
        }
    }
    return wrap(x.shape(), std::move(values));
}

Value ReferenceOps::silu(const Value& x) {
    return map(x, [](double v) { return v / (1 + std::exp(-v)); });
}
Value ReferenceOps::gelu(const Value& x) {
    return map(x, [](double v) { return 0.5 * v * (1 + std::erf(v / std::sqrt(2.0))); });
}
Value ReferenceOps::sigmoid(const Value& x) {
    return map(x, [](double v) { return 1 / (1 + std::exp(-v)); });
}
Value ReferenceOps::add(const Value& a, const Value& b) { return broadcast(a, b, std::plus<>()); }
Value ReferenceOps::mul(const Value& a, const Value& b) { return broadcast(a, b, std::multiplies<>()); }
Value ReferenceOps::scale(const Value& x, double factor) {
    return map(x, [factor](double v) { return v * factor; });
}

Value ReferenceOps::modulate(const Value& x, const Value& scale, const Value& shift) {
    const At in{x}, factor{scale};
    return fill4(x.shape(), [&](Index b, Index c, Index y, Index i) {
        return in(b, c, y, i) * (1 + factor(b, c)) + (shift ? At{shift}(b, c) : 0.0);
    });
}

Value ReferenceOps::attention(const Value& q, const Value& k, const Value& v, int heads,
                              models::Window window, const Value& bias) {
    const Index frames = q.dim(1), head = q.dim(2) / heads;
    const At query{q}, key{k}, value{v};
    return fill3(q.shape(), [&](Index b, Index t, Index f) {
        const Index h = f / head;
        double total = 0, sum = 0;
        for (Index s = 0; s < frames; ++s) {
            const Index offset = s - t + window.left;
            if (window.left >= 0 && (offset < 0 || offset > window.left + window.right)) continue;
            double logit = 0;
            for (Index i = h * head; i < (h + 1) * head; ++i) logit += query(b, t, i) * key(b, s, i);
            logit /= std::sqrt(static_cast<double>(head));
            if (bias) logit += At{bias}(h, offset);
            total += std::exp(logit);
            sum += std::exp(logit) * value(b, s, f);
        }
        return sum / total;
    });
}

Value ReferenceOps::concat(const Value& a, const Value& b) {
    const bool image = a.shape().size() == 4;
    const std::size_t dim = image ? 1 : a.shape().size() - 1;
    Index outer = 1, inner = 1;
    for (std::size_t d = 0; d < dim; ++d) outer *= a.dim(d);
    for (std::size_t d = dim + 1; d < a.shape().size(); ++d) inner *= a.dim(d);
    Array out;
    for (Index o = 0; o < outer; ++o)
        for (const Value* part : {&a, &b}) {
            const Index length = part->dim(dim) * inner;
            out.insert(out.end(), get(*part).begin() + o * length, get(*part).begin() + (o + 1) * length);
        }
    Shape shape = a.shape();
    shape[dim] += b.dim(dim);
    return wrap(shape, std::move(out));
}

Value ReferenceOps::slice(const Value& x, std::int64_t begin, std::int64_t length) {
    const Index width = x.shape().back();
    Array out;
    for (Index row = 0; row < num_elements(x.shape()); row += width)
        out.insert(out.end(), get(x).begin() + row + begin, get(x).begin() + row + begin + length);
    Shape shape = x.shape();
    shape.back() = length;
    return wrap(shape, std::move(out));
}

Value ReferenceOps::reshape(const Value& x, const Shape& shape) { return wrap(shape, get(x)); }

Value ReferenceOps::image_to_sequence(const Value& x) {
    const At in{x};
    return fill3({x.dim(0), x.dim(2) * x.dim(3), x.dim(1)},
                 [&](Index b, Index t, Index f) { return in(b, f, t / x.dim(3), t % x.dim(3)); });
}

Value ReferenceOps::sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) {
    const At in{x};
    return fill4({x.dim(0), x.dim(2), height, width},
                 [&](Index b, Index c, Index y, Index i) { return in(b, y * width + i, c); });
}

Value ReferenceOps::space_to_depth(const Value& x, int patch) {
    const At in{x};
    const Index area = Index{patch} * patch;
    return fill4({x.dim(0), x.dim(1) * area, x.dim(2) / patch, x.dim(3) / patch},
                 [&](Index b, Index c, Index y, Index i) {
                     return in(b, c / area, y * patch + c % area / patch, i * patch + c % patch);
                 });
}

Value ReferenceOps::depth_to_space(const Value& x, int patch) {
    const At in{x};
    const Index area = Index{patch} * patch;
    return fill4({x.dim(0), x.dim(1) / area, x.dim(2) * patch, x.dim(3) * patch},
                 [&](Index b, Index c, Index y, Index i) {
                     return in(b, c * area + y % patch * patch + i % patch, y / patch, i / patch);
                 });
}

Value ReferenceOps::upsample2(const Value& x) {
    const At in{x};
    return fill4({x.dim(0), x.dim(1), 2 * x.dim(2), 2 * x.dim(3)},
                 [&](Index b, Index c, Index y, Index i) { return in(b, c, y / 2, i / 2); });
}

namespace {

/// Keys' cubic convolution kernel, a = -0.75, at the four places around a fraction.
std::array<double, 4> cubic_weights(double fraction) {
    constexpr double a = -0.75;
    const auto near = [](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return {far(1 + fraction), near(fraction), near(1 - fraction), far(2 - fraction)};
}

Index inside(Index place, Index count) { return std::clamp<Index>(place, 0, count - 1); }

/// The displacement at the centre of a pixel, between the centres of its cells.
double between_cells(const At& in, Index b, Index axis, double y, double x, Index rows, Index columns) {
    y = std::max(y, 0.0);
    x = std::max(x, 0.0);
    const Index top = inside(static_cast<Index>(y), rows), left = inside(static_cast<Index>(x), columns);
    const Index bottom = inside(top + 1, rows), right = inside(left + 1, columns);
    const double down = y - static_cast<double>(top), across = x - static_cast<double>(left);
    const auto row = [&](Index r) {
        return in(b, axis, r, left) * (1 - across) + in(b, axis, r, right) * across;
    };
    return row(top) * (1 - down) + row(bottom) * down;
}

}  // namespace

Value ReferenceOps::blend(const Value& a, const Value& b, const Value& share) {
    const At from{a}, to{b}, part{share};
    return fill4(a.shape(), [&](Index i, Index c, Index y, Index x) {
        return from(i, c, y, x) + (to(i, c, y, x) - from(i, c, y, x)) * part(i, 0, y, x);
    });
}

Value ReferenceOps::warp(const Value& image, const Value& displacement) {
    const At from{image}, moved{displacement};
    const Index height = image.dim(2), width = image.dim(3), rows = displacement.dim(2),
                columns = displacement.dim(3);
    const auto cell = [](Index place, Index cells, Index pixels) {
        return (static_cast<double>(place) + 0.5) * static_cast<double>(cells) / static_cast<double>(pixels) -
               0.5;
    };
    return fill4({displacement.dim(0), image.dim(1), height, width}, [&](Index b, Index c, Index y, Index x) {
        const double v = cell(y, rows, height), u = cell(x, columns, width);
        const double at_x = static_cast<double>(x) +
                            static_cast<double>(width) * between_cells(moved, b, 0, v, u, rows, columns);
        const double at_y = static_cast<double>(y) +
                            static_cast<double>(height) * between_cells(moved, b, 1, v, u, rows, columns);
        const double left_x = std::floor(std::clamp(at_x, -2.0, width + 1.0)),
                     top_y = std::floor(std::clamp(at_y, -2.0, height + 1.0));
        const auto left = static_cast<Index>(left_x), top = static_cast<Index>(top_y);
        const auto across = cubic_weights(std::clamp(at_x - left_x, 0.0, 1.0)),
                   down = cubic_weights(std::clamp(at_y - top_y, 0.0, 1.0));
        double sum = 0;
        for (Index j = 0; j < 4; ++j)
            for (Index i = 0; i < 4; ++i)
                sum += down[static_cast<std::size_t>(j)] * across[static_cast<std::size_t>(i)] *
                       from(0, c, inside(top + j - 1, height), inside(left + i - 1, width));
        return sum;
    });
}

Value ReferenceOps::avg_pool2(const Value& x) {
    const At in{x};
    return fill4({x.dim(0), x.dim(1), x.dim(2) / 2, x.dim(3) / 2}, [&](Index b, Index c, Index y, Index i) {
        return (in(b, c, 2 * y, 2 * i) + in(b, c, 2 * y, 2 * i + 1) + in(b, c, 2 * y + 1, 2 * i) +
                in(b, c, 2 * y + 1, 2 * i + 1)) /
               4;
    });
}

Value ReferenceOps::global_avg_pool(const Value& x) {
    const Index area = x.dim(2) * x.dim(3);
    Array out(static_cast<std::size_t>(x.dim(0) * x.dim(1)), 0.0);
    for (std::size_t i = 0; i < get(x).size(); ++i)
        out[i / static_cast<std::size_t>(area)] += get(x)[i] / static_cast<double>(area);
    return wrap({x.dim(0), x.dim(1)}, std::move(out));
}

}  // namespace vultus::infer
