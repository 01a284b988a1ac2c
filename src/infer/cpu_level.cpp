#include "infer/cpu_level.h"

#include <dnnl.hpp>

namespace vultus::infer {
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

}  // namespace

CpuLevel cpu_level() {
    static const CpuLevel level = level_of(dnnl::get_effective_cpu_isa());
    return level;
}

}  // namespace vultus::infer
