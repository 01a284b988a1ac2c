#include "infer/runtime_name.h"

#include <fmt/format.h>

#include <dnnl.hpp>

#include "infer/onednn_ops.h"
#include "kernels/cpu_level.h"

namespace vultus::infer {

std::string runtime_here() {
    const dnnl_version_t* loaded = dnnl_version();
    const Archive nothing;
    const OnednnOps ops(nothing, 1);
    return fmt::format("oneDNN {}.{}.{}, {}", loaded->major, loaded->minor, loaded->patch,
                       ops.runtime_name());
}

std::string kernels_here() {
    switch (kernels::cpu_level()) {
        case kernels::CpuLevel::kAvx512:
            return "AVX-512";
        case kernels::CpuLevel::kAvx2:
            return "AVX2";
        default:
            return "SSE2";
    }
}

}  // namespace vultus::infer
