// What would run a network here, in words.
#pragma once

#include <string>

namespace vultus::infer {

/// "oneDNN 2.6.3, f32 on AVX2": the library that is loaded, what convolutions compute with and the
/// instructions that they use on this processor, ONEDNN_MAX_CPU_ISA considered.
std::string runtime_here();

/// "SSE2", "AVX2" or "AVX-512": what our own kernels are called for here.
std::string kernels_here();

}  // namespace vultus::infer
