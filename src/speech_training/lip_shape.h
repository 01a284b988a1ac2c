// Opening and width of the lips, as linear functions of the mouth's landmarks.
#pragma once

#include <torch/torch.h>

namespace vultus::speech_training {

/// Of mouth landmarks [..., 40] (48..67), linear: opening of the inner lips [N], and that beside the distance
/// between the corners [..., 2].
torch::Tensor opening_of(const torch::Tensor& mouth);
torch::Tensor lips_of(const torch::Tensor& mouth);

}  // namespace vultus::speech_training
