// Memory for arrays that vector instructions read.
#pragma once

#include <cstdint>
#include <memory>

namespace vultus::kernels {

/// `count` values, not set, at the start of a cache line, so that vector loads do not straddle them.
std::shared_ptr<float> aligned_floats(std::int64_t count);

}  // namespace vultus::kernels
