// The operators on images, in whatever order their channels lie.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "infer/image_kernels.h"
#include "infer/kernels.h"
#include "infer/onednn_state.h"

namespace vultus::infer {

using models::Value;

namespace {

/// An image as parts of [pixels, block].
struct Parts {
    float* values;
    int block;
    Index count, height, width, size;

    /// x must be settled.
    explicit Parts(const Value& x)
        : values(array_of(x).values.get()),
          block(block_of(x)),
          count(x.dim(0) * x.dim(1) / block),
          height(x.dim(2)),
          width(x.dim(3)),
          size(height * width * block) {}
    float* part(Index index) const { return values + index * size; }
    float* row(Index index) const { return values + index * width * block; }
};

/// An image with its values ready, in blocks where the channels allow it.
Parts blocked_parts(const Value& x, int block) {
    in_blocks(x, block);
    return Parts(x);
}

/// Mean and 1 / deviation of each of B * groups groups, from the sums of their channels.
struct Moments {
    std::vector<float> mean, inverse;  ///< for each of B * C channels
};

Moments group_moments(const Parts& x, Index num_channels, Index group_channels) {
    std::vector<float> totals(static_cast<std::size_t>(num_channels));
    Moments moments{totals, totals};
    const double count = static_cast<double>(group_channels * x.height * x.width);
    const auto over_groups = [&](std::vector<float>& out, const auto& function) {
        for (Index first = 0; first < num_channels; first += group_channels) {
            double total = 0;
            for (Index c = first; c < first + group_channels; ++c)
                total += totals[static_cast<std::size_t>(c)];
            std::fill_n(out.begin() + first, group_channels, static_cast<float>(function(total / count)));
        }
    };
    const auto at = [&](std::vector<float>& values, Index part) {
        return &values[static_cast<std::size_t>(part * x.block)];
    };
    parallel(x.count, x.size, [&](Index begin, Index end) {
        for (Index p = begin; p < end; ++p)
            kernels::channel_sums(x.part(p), x.height * x.width, x.block, at(totals, p));
    });
    over_groups(moments.mean, [](double mean) { return mean; });
    parallel(x.count, x.size, [&](Index begin, Index end) {
        for (Index p = begin; p < end; ++p)
            kernels::channel_squares(x.part(p), x.height * x.width, x.block, at(moments.mean, p),
                                     at(totals, p));
    });
    over_groups(moments.inverse, [](double variance) { return 1 / std::sqrt(variance + 1e-5); });
    return moments;
}

}  // namespace

Value OnednnOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias) {
    settled(x);
    const Index channels = x.dim(1), all = x.dim(0) * channels;
    const Moments moments = group_moments(Parts(x), all, channels / groups);
    const Value out = impl_->put_off(x);
    Array& array = array_of(out);
    array.factor.resize(static_cast<std::size_t>(all));
    array.offset.resize(static_cast<std::size_t>(all));
    const float *weights = plain(weight), *biases = plain(bias);
    for (Index c = 0; c < all; ++c) {
        const auto i = static_cast<std::size_t>(c);
        array.factor[i] = moments.inverse[i] * weights[c % channels];
        array.offset[i] = biases[c % channels] - moments.mean[i] * array.factor[i];
    }
    return out;
}

Value OnednnOps::modulate(const Value& x, const Value& scale, const Value& shift) {
    if (array_of(x).silu) settled(x);
    const Value out = impl_->put_off(x);
    Array& array = array_of(out);
    const auto all = static_cast<std::size_t>(x.dim(0) * x.dim(1));
    if (array.factor.empty()) {
        array.factor.assign(all, 1.0f);
        array.offset.assign(all, 0.0f);
    }
    const float *scales = plain(scale), *shifts = shift ? plain(shift) : nullptr;
    for (std::size_t c = 0; c < all; ++c) {
        array.factor[c] *= 1.0f + scales[c];
        array.offset[c] = array.offset[c] * (1.0f + scales[c]) + (shifts ? shifts[c] : 0.0f);
    }
    return out;
}

Value OnednnOps::silu(const Value& x) {
    if (!array_of(x).factor.empty() && !array_of(x).silu && x.shape().size() == 4) {
        const Value out = impl_->put_off(x);
        array_of(out).silu = true;
        return out;
    }
    const float* from = settled(x);
    const Value out = impl_->make(x.shape(), block_of(x));
    float* to = settled(out);
    parallel(static_cast<Index>(count_of(x)), 4,
             [&](Index begin, Index end) { kernels::silu(from + begin, to + begin, end - begin); });
    return out;
}

Value OnednnOps::concat_channels(const Value& a, const Value& b) {
    Shape shape = a.shape();
    shape[1] += b.dim(1);
    const int block =
        impl_->block_for(a.dim(1)) == impl_->block_for(b.dim(1)) ? impl_->block_for(b.dim(1)) : 1;
    const Value out = impl_->make(shape, block);
    const float *from_a = in_blocks(a, block), *from_b = in_blocks(b, block);
    float* to = settled(out);
    const Index size_a = static_cast<Index>(count_of(a)) / a.dim(0),
                size_b = static_cast<Index>(count_of(b)) / a.dim(0);
    for (Index i = 0; i < a.dim(0); ++i) {
        std::copy_n(from_a + i * size_a, size_a, to + i * (size_a + size_b));
        std::copy_n(from_b + i * size_b, size_b, to + i * (size_a + size_b) + size_a);
    }
    return out;
}

Value OnednnOps::image_to_sequence(const Value& x) {
    const Parts in = blocked_parts(x, impl_->block_for(x.dim(1)));
    const Value out = impl_->make({x.dim(0), x.dim(2) * x.dim(3), x.dim(1)});
    const Index channels = x.dim(1), area = x.dim(2) * x.dim(3), parts = channels / in.block;
    for (Index p = 0; p < in.count; ++p)
        for (Index i = 0; i < area; ++i)
            std::copy_n(in.part(p) + i * in.block, in.block,
                        settled(out) + (p / parts * area + i) * channels + p % parts * in.block);
    return out;
}

Value OnednnOps::sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) {
    const float* from = plain(x);
    const Value out = impl_->make({x.dim(0), x.dim(2), height, width}, impl_->block_for(x.dim(2)));
    const Parts to(out);
    const Index channels = x.dim(2), area = height * width, parts = channels / to.block;
    for (Index p = 0; p < to.count; ++p)
        for (Index i = 0; i < area; ++i)
            std::copy_n(from + (p / parts * area + i) * channels + p % parts * to.block, to.block,
                        to.part(p) + i * to.block);
    return out;
}

Value OnednnOps::space_to_depth(const Value& x, int patch) {
    if (patch == 1) return x;
    const Index area = Index{patch} * patch, height = x.dim(2) / patch, width = x.dim(3) / patch;
    const float* from = plain(x);
    const Index channels = x.dim(1) * area;
    const Value out = impl_->make({x.dim(0), channels, height, width}, impl_->block_for(channels));
    const Parts to(out);
    parallel(to.count, to.size, [&](Index begin, Index end) {
        for (Index c = begin * to.block; c < end * to.block; ++c) {
            const float* corner =
                from + c / area * height * width * area + c % area / patch * width * patch + c % patch;
            float* target = to.part(c / to.block) + c % to.block;
            for (Index y = 0; y < height; ++y)
                for (Index i = 0; i < width; ++i)
                    target[(y * width + i) * to.block] = corner[y * patch * width * patch + i * patch];
        }
    });
    return out;
}

Value OnednnOps::depth_to_space(const Value& x, int patch) {
    if (patch == 1) return x;
    settled(x);
    const Parts in(x);
    const Index area = Index{patch} * patch, height = x.dim(2), width = x.dim(3);
    const Value out = impl_->make({x.dim(0), x.dim(1) / area, height * patch, width * patch});
    float* to = settled(out);
    parallel(in.count, in.size, [&](Index begin, Index end) {
        for (Index c = begin * in.block; c < end * in.block; ++c) {
            float* corner =
                to + c / area * height * width * area + c % area / patch * width * patch + c % patch;
            const float* source = in.part(c / in.block) + c % in.block;
            for (Index y = 0; y < height; ++y)
                for (Index i = 0; i < width; ++i)
                    corner[y * patch * width * patch + i * patch] = source[(y * width + i) * in.block];
        }
    });
    return out;
}

Value OnednnOps::upsample2(const Value& x) {
    settled(x);
    const Parts in(x);
    const Value out = impl_->make({x.dim(0), x.dim(1), 2 * in.height, 2 * in.width}, in.block);
    const Parts to(out);
    parallel(in.count, 4 * in.size, [&](Index begin, Index end) {
        for (Index row = begin * in.height; row < end * in.height; ++row) {
            kernels::double_row(in.row(row), in.width, in.block, to.row(2 * row));
            std::copy_n(to.row(2 * row), to.width * to.block, to.row(2 * row + 1));
        }
    });
    return out;
}

Value OnednnOps::avg_pool2(const Value& x) {
    settled(x);
    const Parts in(x);
    const Value out = impl_->make({x.dim(0), x.dim(1), in.height / 2, in.width / 2}, in.block);
    const Parts to(out);
    parallel(to.count, 4 * to.size, [&](Index begin, Index end) {
        for (Index row = begin * to.height; row < end * to.height; ++row)
            kernels::halve_rows(in.row(2 * row), in.row(2 * row + 1), to.width, in.block, to.row(row));
    });
    return out;
}

Value OnednnOps::global_avg_pool(const Value& x) {
    settled(x);
    const Parts in(x);
    const Value out = impl_->make({x.dim(0), x.dim(1)});
    float* to = settled(out);
    for (Index p = 0; p < in.count; ++p)
        kernels::channel_sums(in.part(p), in.height * in.width, in.block, to + p * in.block);
    kernels::scale_shift(to, 1.0f / static_cast<float>(in.height * in.width), 0.0f, to,
                         static_cast<Index>(count_of(out)));
    return out;
}

}  // namespace vultus::infer
