#include "kernels/aligned_floats.h"

#include <algorithm>
#include <new>

namespace vultus::kernels {

std::shared_ptr<float> aligned_floats(std::int64_t count) {
    constexpr std::align_val_t kAlignment{64};
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(count, 1)) * sizeof(float);
    return {static_cast<float*>(::operator new(bytes, kAlignment)),
            [](float* done) { ::operator delete(done, kAlignment); }};
}

}  // namespace vultus::kernels
