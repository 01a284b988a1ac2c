// The operators on images, in whatever order their channels lie.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "infer/onednn_state.h"
#include "kernels/blocked_image.h"
#include "kernels/elementwise.h"
#include "kernels/warp.h"

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

/// An image with its values ready.
Parts settled_parts(const Value& x) {
    settled(x);
    return Parts(x);
}

/// An image with its values ready, in blocks where the channels allow it.
Parts blocked_parts(const Value& x, int block) {
    in_blocks(x, block);
    return Parts(x);
}

/// Group normalisation as factors and offsets of channels.
struct Norm {
    Parts x;
    Index channels, group_channels;
    const float *weights, *biases;
    float *factor, *offset, *mean;  ///< [B * C] each

    /// Replaces sums of channels by `function` of their groups' means.
    template <typename F>
    void over_groups(float* totals, F function) const {
        const double count = static_cast<double>(group_channels * x.height * x.width);
        for (Index first = 0; first < x.count * x.block; first += group_channels) {
            double total = 0;
            for (Index c = first; c < first + group_channels; ++c) total += totals[c];
            std::fill_n(totals + first, group_channels, static_cast<float>(function(total / count)));
        }
    }

    void run() const {
        const Index pixels = x.height * x.width;
        kernels::parallel(x.count, x.size, [&](Index begin, Index end) {
            for (Index p = begin; p < end; ++p)
                kernels::channel_sums(x.part(p), pixels, x.block, mean + p * x.block);
        });
        over_groups(mean, [](double value) { return value; });
        kernels::parallel(x.count, x.size, [&](Index begin, Index end) {
            for (Index p = begin; p < end; ++p)
                kernels::channel_squares(x.part(p), pixels, x.block, mean + p * x.block,
                                         factor + p * x.block);
        });
        over_groups(factor, [](double variance) { return 1 / std::sqrt(variance + 1e-5); });
        for (Index c = 0; c < x.count * x.block; ++c) {
            factor[c] *= weights[c % channels];
            offset[c] = biases[c % channels] - mean[c] * factor[c];
        }
    }
};

}  // namespace

Value OnednnOps::group_norm(const Value& x, int groups, const Value& weight, const Value& bias) {
    const Parts parts = settled_parts(x);
    const Index channels = x.dim(1), all = x.dim(0) * channels;
    const float *weights = plain(weight), *biases = plain(bias);
    const Value affine = runtime_->make({3, all}, 1, {x, weight, bias});
    float* factor = plain(affine);
    const Norm norm{parts,  channels, channels / groups, weights,
                    biases, factor,   factor + all,      factor + 2 * all};
    runtime_->run(affine, [norm] { norm.run(); });
    const Value out = runtime_->put_off(x);
    array_of(out).affine = affine;
    return out;
}

Value OnednnOps::modulate(const Value& x, const Value& scale, const Value& shift) {
    if (array_of(x).silu) settled(x);
    const Index all = x.dim(0) * x.dim(1);
    const Value before = array_of(x).affine;
    const float *scales = plain(scale), *shifts = shift ? plain(shift) : nullptr;
    const Value affine = runtime_->make({2, all}, 1, {before, scale, shift});
    runtime_->run(affine, [=, old = before ? plain(before) : nullptr, factor = plain(affine)] {
        float* offset = factor + all;
        for (Index c = 0; c < all; ++c) {
            const float more = 1.0f + scales[c];
            factor[c] = old != nullptr ? old[c] * more : more;
            offset[c] =
                (old != nullptr ? old[all + c] * more : 0.0f) + (shifts != nullptr ? shifts[c] : 0.0f);
        }
    });
    const Value out = runtime_->put_off(x);
    array_of(out).affine = affine;
    return out;
}

Value OnednnOps::silu(const Value& x) {
    if (array_of(x).affine && !array_of(x).silu && x.shape().size() == 4) {
        const Value out = runtime_->put_off(x);
        array_of(out).silu = true;
        return out;
    }
    const float* from = settled(x);
    const Value out = runtime_->make(x.shape(), block_of(x), {x});
    runtime_->run(out, [from, to = settled(out), count = static_cast<Index>(count_of(x))] {
        kernels::parallel(
            count, 4, [&](Index begin, Index end) { kernels::silu(from + begin, to + begin, end - begin); });
    });
    return out;
}

Value OnednnOps::concat_channels(const Value& a, const Value& b) {
    Shape shape = a.shape();
    shape[1] += b.dim(1);
    const int block =
        runtime_->block_for(a.dim(1)) == runtime_->block_for(b.dim(1)) ? runtime_->block_for(b.dim(1)) : 1;
    const float *from_a = in_blocks(a, block), *from_b = in_blocks(b, block);
    const Value out = runtime_->make(shape, block, {a, b});
    const Index images = a.dim(0), size_a = static_cast<Index>(count_of(a)) / images,
                size_b = static_cast<Index>(count_of(b)) / images;
    runtime_->run(out, [=, to = settled(out)] {
        for (Index i = 0; i < images; ++i) {
            std::copy_n(from_a + i * size_a, size_a, to + i * (size_a + size_b));
            std::copy_n(from_b + i * size_b, size_b, to + i * (size_a + size_b) + size_a);
        }
    });
    return out;
}

Value OnednnOps::image_to_sequence(const Value& x) {
    const Parts in = blocked_parts(x, runtime_->block_for(x.dim(1)));
    const Index channels = x.dim(1), area = x.dim(2) * x.dim(3), parts = channels / in.block;
    const Value out = runtime_->make({x.dim(0), area, channels}, 1, {x});
    runtime_->run(out, [=, to = plain(out)] {
        for (Index p = 0; p < in.count; ++p)
            for (Index i = 0; i < area; ++i)
                std::copy_n(in.part(p) + i * in.block, in.block,
                            to + (p / parts * area + i) * channels + p % parts * in.block);
    });
    return out;
}

Value OnednnOps::sequence_to_image(const Value& x, std::int64_t height, std::int64_t width) {
    const float* from = plain(x);
    const Value out = runtime_->make({x.dim(0), x.dim(2), height, width}, runtime_->block_for(x.dim(2)), {x});
    const Parts to(out);
    const Index channels = x.dim(2), area = height * width, parts = channels / to.block;
    runtime_->run(out, [=] {
        for (Index p = 0; p < to.count; ++p)
            for (Index i = 0; i < area; ++i)
                std::copy_n(from + (p / parts * area + i) * channels + p % parts * to.block, to.block,
                            to.part(p) + i * to.block);
    });
    return out;
}

Value OnednnOps::space_to_depth(const Value& x, int patch) {
    if (patch == 1) return x;
    const Index area = Index{patch} * patch, height = x.dim(2) / patch, width = x.dim(3) / patch;
    const float* from = plain(x);
    const Index channels = x.dim(1) * area;
    const Value out = runtime_->make({x.dim(0), channels, height, width}, runtime_->block_for(channels), {x});
    const Parts to(out);
    runtime_->run(out, [=] {
        kernels::parallel(to.count, to.size, [&](Index begin, Index end) {
            for (Index c = begin * to.block; c < end * to.block; ++c) {
                const float* corner =
                    from + c / area * height * width * area + c % area / patch * width * patch + c % patch;
                float* target = to.part(c / to.block) + c % to.block;
                for (Index y = 0; y < height; ++y)
                    for (Index i = 0; i < width; ++i)
                        target[(y * width + i) * to.block] = corner[y * patch * width * patch + i * patch];
            }
        });
    });
    return out;
}

Value OnednnOps::depth_to_space(const Value& x, int patch) {
    if (patch == 1) return x;
    const Parts in = settled_parts(x);
    const Index area = Index{patch} * patch, height = x.dim(2), width = x.dim(3);
    const Value out = runtime_->make({x.dim(0), x.dim(1) / area, height * patch, width * patch}, 1, {x});
    runtime_->run(out, [=, to = plain(out)] {
        kernels::parallel(in.count, in.size, [&](Index begin, Index end) {
            for (Index c = begin * in.block; c < end * in.block; ++c) {
                float* corner =
                    to + c / area * height * width * area + c % area / patch * width * patch + c % patch;
                const float* source = in.part(c / in.block) + c % in.block;
                for (Index y = 0; y < height; ++y)
                    for (Index i = 0; i < width; ++i)
                        corner[y * patch * width * patch + i * patch] = source[(y * width + i) * in.block];
            }
        });
    });
    return out;
}

Value OnednnOps::upsample2(const Value& x) {
    const Parts in = settled_parts(x);
    const Value out = runtime_->make({x.dim(0), x.dim(1), 2 * in.height, 2 * in.width}, in.block, {x});
    const Parts to(out);
    runtime_->run(out, [=] {
        kernels::parallel(in.count, 4 * in.size, [&](Index begin, Index end) {
            for (Index row = begin * in.height; row < end * in.height; ++row) {
                kernels::double_row(in.row(row), in.width, in.block, to.row(2 * row));
                std::copy_n(to.row(2 * row), to.width * to.block, to.row(2 * row + 1));
            }
        });
    });
    return out;
}

Value OnednnOps::blend(const Value& a, const Value& b, const Value& share) {
    const float *from = plain(a), *to = plain(b), *part = plain(share);
    const Value out = runtime_->make(a.shape(), 1, {a, b, share});
    const Index channels = a.dim(1), area = a.dim(2) * a.dim(3);
    runtime_->run(out, [=, result = plain(out), planes = a.dim(0) * channels] {
        kernels::parallel(planes * area, 4, [&](Index begin, Index end) {
            for (Index i = begin; i < end;) {
                const Index plane = i / area, stop = std::min(end, (plane + 1) * area);
                const float* shares = part + plane / channels * area + (i - plane * area);
                for (Index k = 0; k < stop - i; ++k)
                    result[i + k] = from[i + k] + (to[i + k] - from[i + k]) * shares[k];
                i = stop;
            }
        });
    });
    return out;
}

Value OnednnOps::warp(const Value& image, const Value& displacement) {
    const Index channels = image.dim(1), height = image.dim(2), width = image.dim(3);
    require(channels <= kernels::kWarpLanes && displacement.dim(3) <= kernels::kWarpMostCells,
            "[infer] warp: expected at most {} channels and {} cells a row, got {} and {}",
            kernels::kWarpLanes, kernels::kWarpMostCells, channels, displacement.dim(3));
    const float* from = plain(image);
    const Value source = runtime_->make(
        {height + 2 * kernels::kWarpBorder, (width + 2 * kernels::kWarpBorder) * kernels::kWarpLanes}, 1,
        {image});
    runtime_->run(source,
                  [=, to = plain(source)] { kernels::warp_source(from, channels, height, width, to); });
    const float *moves = plain(displacement), *pixels = plain(source);
    const Index rows = displacement.dim(2), columns = displacement.dim(3);
    const Value out =
        runtime_->make({displacement.dim(0), channels, height, width}, 1, {source, displacement});
    runtime_->run(out, [=, to = plain(out), images = displacement.dim(0)] {
        kernels::parallel(images * height, width * 48, [&](Index begin, Index end) {
            for (Index i = begin; i < end; ++i)
                kernels::warp_row(
                    {pixels, channels, height, width, moves + i / height * 2 * rows * columns, rows, columns},
                    i % height, to + i / height * channels * height * width);
        });
    });
    return out;
}

Value OnednnOps::avg_pool2(const Value& x) {
    const Parts in = settled_parts(x);
    const Value out = runtime_->make({x.dim(0), x.dim(1), in.height / 2, in.width / 2}, in.block, {x});
    const Parts to(out);
    runtime_->run(out, [=] {
        kernels::parallel(to.count, 4 * to.size, [&](Index begin, Index end) {
            for (Index row = begin * to.height; row < end * to.height; ++row)
                kernels::halve_rows(in.row(2 * row), in.row(2 * row + 1), to.width, in.block, to.row(row));
        });
    });
    return out;
}

Value OnednnOps::global_avg_pool(const Value& x) {
    const Parts in = settled_parts(x);
    const Value out = runtime_->make({x.dim(0), x.dim(1)}, 1, {x});
    runtime_->run(out, [in, to = plain(out), count = static_cast<Index>(count_of(out))] {
        for (Index p = 0; p < in.count; ++p)
            kernels::channel_sums(in.part(p), in.height * in.width, in.block, to + p * in.block);
        kernels::scale_shift(to, 1.0f / static_cast<float>(in.height * in.width), 0.0f, to, count);
    });
    return out;
}

}  // namespace vultus::infer
