#include "speech_training/lip_shape.h"

namespace vultus::speech_training {

using torch::Tensor;

/// Points 60..67 are 12..19 here.
Tensor opening_of(const Tensor& mouth) {
    const Tensor y = mouth.view({-1, 20, 2}).select(2, 1);
    return ((y.select(1, 19) - y.select(1, 13)) + (y.select(1, 18) - y.select(1, 14)) +
            (y.select(1, 17) - y.select(1, 15))) /
           3;
}

/// Points 48 and 54 are 0 and 6 here.
Tensor lips_of(const Tensor& mouth) {
    std::vector<std::int64_t> shape = mouth.sizes().vec();
    shape.back() = 1;
    const Tensor x = mouth.view({-1, 20, 2}).select(2, 0);
    const Tensor width = x.select(1, 6) - x.select(1, 0);
    return torch::cat({opening_of(mouth).view(shape), width.view(shape)}, -1);
}

}  // namespace vultus::speech_training
