// Work on all of OpenMP's threads, where it pays.
#pragma once

#include <omp.h>

#include <cstdint>

namespace vultus::kernels {

/// Below this many values of work, waking the other threads costs more than it saves.
constexpr std::int64_t kParallelFrom = 1 << 15;

/// Runs body(begin, end) over parts of 0..count on all threads when that pays.
template <typename F>
void parallel(std::int64_t count, std::int64_t work_each, F body) {
    if (count * work_each < kParallelFrom || omp_get_max_threads() == 1) {
        body(std::int64_t{0}, count);
        return;
    }
#pragma omp parallel
    {
        const std::int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
        body(count * me / threads, count * (me + 1) / threads);
    }
}

}  // namespace vultus::kernels
