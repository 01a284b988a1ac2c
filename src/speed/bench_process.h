// The program `vultus talk` measured from outside, as a process of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vultus::speed {

struct ProcessFigures {
    double first_bytes_s = 0;   ///< from the start to `num_bytes` on standard output
    double whole_s = 0;         ///< from the start to the end
    double peak_memory_mb = 0;  ///< the most that was resident, MB (1e6 bytes)
};

/// Runs `program` to its end; its standard output is read and thrown away. The caller's own memory must be
/// smaller than the program's peak: the system counts it until the program is loaded.
/// Errors: kIo when it cannot be run, ends with an error or gives fewer than `num_bytes`.
ProcessFigures measure_process(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::size_t num_bytes);

}  // namespace vultus::speed
