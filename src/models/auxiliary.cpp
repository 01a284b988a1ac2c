#include "models/auxiliary.h"

#include "models/layers.h"

namespace vultus::models {

Value landmark_probe(const Net& net, const Value& z, int num_values) { return linear(net, z, num_values); }

std::vector<Value> patch_critic(const Net& net, const Value& pieces) {
    constexpr int kChannels[] = {48, 96, 128};
    std::vector<Value> features;
    Value h = net->space_to_depth(pieces, 2);
    for (int level = 0; level < 3; ++level) {
        const Net here = net / level;
        if (level > 0) h = net->avg_pool2(h);
        h = conv2d(here / "conv", h, kChannels[level]);
        if (level > 0) h = group_norm(here / "norm", h, 16);
        h = net->silu(h);
        features.push_back(h);
    }
    features.push_back(conv2d(net / "score", h, 1));
    return features;
}

}  // namespace vultus::models
