#include "models/reference_frames.h"

#include <algorithm>

#include "models/layers.h"

namespace vultus::models {
namespace {

constexpr double kUnit = 0.1;  ///< of the image's side: a displacement of 1
constexpr std::int64_t kFirstGrid = 8;
constexpr int kChannels[] = {96, 64, 48, 32};  ///< on grids of 8, 16, 32, 64

/// How each frame has to be moved: [B, 2, grid, grid] of all of them.
std::vector<Value> displacements_of(const Net& net, const UNetConfig& config, const Value& z) {
    const std::int64_t grid = std::min<std::int64_t>(kMostDisplacements, config.size_px / 4);
    Value h = linear(net / "start", z, kChannels[0] * kFirstGrid * kFirstGrid);
    h = net->reshape(h, {z.dim(0), kChannels[0], kFirstGrid, kFirstGrid});
    h = net->silu(group_norm(net / "start" / "norm", h, config.groups));
    for (int level = 1; h.dim(2) < grid; ++level)
        h = net->silu(group_norm(net / level / "norm",
                                 conv2d(net / level, net->upsample2(h), kChannels[level]), config.groups));
    std::vector<Value> all;
    for (int i = 0; i < config.references; ++i)
        all.push_back(net->scale(conv2d(net / "out" / i, h, 2, 3, /*zero=*/true), kUnit));
    return all;
}

}  // namespace

Drawing with_references(const Net& net, const UNetConfig& config, const Value& features, const Value& z,
                        const Value& prediction) {
    const std::int64_t size = config.size_px;
    const Value mean = net.param("mean", {1, 3, size, size}, Init::zeros());
    Drawing drawing{prediction, displacements_of(net / "motion", config, z)};
    for (int i = 0; i < config.references; ++i) {
        const Net here = net / i;
        const Value image = here.param("image", {1, 3, size, size}, Init::normal(0.02));
        const Value mask = net->sigmoid(net->depth_to_space(
            conv2d(here / "mask", features, config.patch * config.patch, 1), config.patch));
        // v of the moved frame is mean - image; where it isn't seen, what is drawn so far stays.
        // Displacements are learnt from measured motion: a gradient through the warp costs as much as the
        // rest of a step.
        const Value& displacement = drawing.displacements[static_cast<std::size_t>(i)];
        const Value moved = net->warp(net->scale(image, -1), net->detached(displacement));
        const Value v = net->add(moved, mean);
        drawing.prediction = net->blend(drawing.prediction, v, mask);
    }
    return drawing;
}

}  // namespace vultus::models
