#include "kernels/cpu_level.h"

#include <dnnl.hpp>

namespace vultus::kernels {
namespace {

CpuLevel level_of(dnnl::cpu_isa isa) {
    switch (isa) {
        case dnnl::cpu_isa::sse41:
        case dnnl::cpu_isa::avx:
            return CpuLevel::kBase;
        case dnnl::cpu_isa::avx2:
        case dnnl::cpu_isa::avx2_vnni:
            return CpuLevel::kAvx2;
        default:
            return CpuLevel::kAvx512;
    }
}

/// What comes with AVX2 on every real processor; an emulated one may have a selection.
bool has_companions() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#else
    return false;
#endif
}

}  // namespace

CpuLevel cpu_level() {
    static const CpuLevel level =
        has_companions() ? level_of(dnnl::get_effective_cpu_isa()) : CpuLevel::kBase;
    return level;
}

}  // namespace vultus::kernels
