#include "speech_training/lip_concordance.h"

namespace vultus::speech_training {

using torch::Tensor;

Tensor lip_concordance_loss(const Tensor& meant, const Tensor& recorded, const Tensor& valid) {
    const Tensor count = valid.sum(1, true).clamp_min(1);
    const auto centred = [&](const Tensor& track) {
        return (track - (track * valid).sum(1, true) / count) * valid;
    };
    const Tensor a = centred(meant), b = centred(recorded);
    const Tensor size = (a.square().sum(1) + b.square().sum(1)).clamp_min(1.0);
    return (1 - 2 * (a * b).sum(1) / size).mean();
}

}  // namespace vultus::speech_training
