// Recorded frames of the person, moved to where the head and the lips are and laid over what a network drew.
#pragma once

#include <vector>

#include "models/config.h"
#include "models/ops.h"

namespace vultus::models {

/// A drawing, and how each reference frame was moved for it.
struct Drawing {
    Value prediction;                  ///< [B, 3, S, S]
    std::vector<Value> displacements;  ///< [B, 2, h, w] each, as Ops::warp takes them
};

/// Cells a side of a displacement field, at most.
inline constexpr std::int64_t kMostDisplacements = 64;

/// Lays the reference frames over a prediction of v at the highest noise, which is the image but for its
/// sign: z says where the pixels of each frame come from, features how much of it is seen. What was moved
/// keeps the recording's texture, so that it need not be learnt by heart; what no frame shows is the
/// prediction's.
///
/// Source   warping a reference by a dense field with an occlusion mask: Siarohin et al. 2019,
///          arXiv:2003.00196; here for one person, from z alone.
/// Input    features [B, C, G, G] with G = S / patch; z [B, latent]; prediction [B, 3, S, S]
/// Weights  PREFIX.mean and PREFIX.N.image [1, 3, S, S], in units of the prediction, not trained;
///          PREFIX.motion.* PREFIX.N.mask.*
Drawing with_references(const Net& net, const UNetConfig& config, const Value& features, const Value& z,
                        const Value& prediction);

}  // namespace vultus::models
