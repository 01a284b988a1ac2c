// A GPU that is none, for tests: LibTorch's CUDA device in the processor's memory.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace vultus {

/// Linked into a program, it takes the place of CUDA in a LibTorch that has none: tensors of device cuda:0
/// are made and worked on by the processor's kernels. It complains where a GPU would fail or go wrong:
/// - tensors of both devices in one operation,
/// - work that a GPU records (autograd/recorded_work.h) and that waits for the device, moves data between
///   the devices or makes its shapes from values,
/// - work replayed that reads memory which has been given back since it was recorded.
class PretendGpu {
  public:
    static std::set<std::string> complaints();
    static std::int64_t num_operations();
    /// From so many operations on, memory is refused as CUDA refuses it, so many times.
    static void refuse_memory(std::int64_t from_operation, std::int64_t times);
    /// Forgets complaints and counts, and refuses no memory.
    static void clear();
};

}  // namespace vultus
