// How much memory this process holds.
#pragma once

#include <unistd.h>

#include <fstream>

namespace vultus::test {

inline double resident_mb() {
    std::ifstream statm("/proc/self/statm");
    double total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace vultus::test
