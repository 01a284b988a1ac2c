// Networks that only teach: they shape what the others learn and are not part of a person.
#pragma once

#include <vector>

#include "models/ops.h"

namespace vultus::models {

/// z [B, latent] -> [B, num_values], linear: what a latent says about the face's landmarks.
Value landmark_probe(const Net& net, const Value& z, int num_values);

/// Patch critic: tells drawn from recorded pieces of a face.
/// Source   Isola et al. 2017, arXiv:1611.07004, sec. 3.2.2 (judges patches, not the whole image).
/// Differs  patches of 2 x 2 pixels first, average pooling instead of strides, group normalisation.
/// Input    pieces [B, 4, S, S]: RGB in -1..1 and a plane that says which piece of the face it is; S divides
/// by 8 Output   the inner features, fine to coarse, and last the scores [B, 1, S/8, S/8], higher for
/// recordings
std::vector<Value> patch_critic(const Net& net, const Value& pieces);

}  // namespace vultus::models
