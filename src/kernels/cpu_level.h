// Which instructions the runtime may use, and the compilation of one function for several sets of them.
#pragma once

#include <utility>

namespace vultus::kernels {

/// kBase: SSE2 on x86. The levels stand in the order of what they hold.
enum class CpuLevel { kBase, kAvx2, kAvx512 };

/// What the CPU has, capped as oneDNN is: by the environment variable ONEDNN_MAX_CPU_ISA (SSE41, AVX2,
/// AVX512_CORE, ...), which is read once.
CpuLevel cpu_level();

/// For what is compiled several times: it must take on the caller's instruction set.
#define VULTUS_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
template <auto kBody, typename... Args>
__attribute__((target("arch=x86-64-v4"), noinline)) auto on_avx512(Args... args) {
    return kBody(static_cast<Args>(args)...);
}
template <auto kBody, typename... Args>
__attribute__((target("arch=x86-64-v3"), noinline)) auto on_avx2(Args... args) {
    return kBody(static_cast<Args>(args)...);
}
#endif
template <auto kBody, typename... Args>
__attribute__((noinline)) auto on_base(Args... args) {
    return kBody(static_cast<Args>(args)...);
}

/// kBody(args...), compiled for the best instructions that may be used. kBody: a VULTUS_INLINE function.
template <auto kBody, typename... Args>
auto dispatch(Args&&... args) {
#if defined(__x86_64__)
    switch (cpu_level()) {
        case CpuLevel::kAvx512:
            return on_avx512<kBody, Args&&...>(std::forward<Args>(args)...);
        case CpuLevel::kAvx2:
            return on_avx2<kBody, Args&&...>(std::forward<Args>(args)...);
        default:
            break;
    }
#endif
    return on_base<kBody, Args&&...>(std::forward<Args>(args)...);
}

}  // namespace vultus::kernels
