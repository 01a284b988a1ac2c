// How far the lips of a whole clip do what the recorded ones do.
#pragma once

#include <torch/torch.h>

namespace vultus::speech_training {

/// 1 - 2 <a, b> / (<a, a> + <b, b>) of each track about its mean: Lin's concordance correlation (1989), less
/// what the means say, which the audio does not tell. 0: the same, 1: unrelated, 2: the opposite. A squared
/// difference counts clips in which the lips move far more than quiet ones and prefers lips that move too
/// little; this counts all alike.
/// meant, recorded [B, T, K]: in units in which a track of little more than noise has a sum of squares below
/// 1, such count less; valid [B, T, 1]: 0 where nothing is known. Mean over B and K.
torch::Tensor lip_concordance_loss(const torch::Tensor& meant, const torch::Tensor& recorded,
                                   const torch::Tensor& valid);

}  // namespace vultus::speech_training
