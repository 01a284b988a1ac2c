// How much memory this process holds, less what it could give back.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace vultus::test {

inline double resident_mb() {
    ::malloc_trim(0);
    std::ifstream statm("/proc/self/statm");
    double total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace vultus::test
