// Work on many things at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vultus {

/// Runs job(worker, index) for every index on `threads` threads; the first error stops the others and is
/// thrown.
inline void for_each_index(int count, int threads, const std::function<void(int, int)>& job) {
    std::atomic<int> next{0};
    std::atomic<bool> failed{false};
    std::exception_ptr error;
    std::mutex mutex;
    const auto work = [&](int worker) {
        try {
            for (int i = next++; i < count && !failed; i = next++) job(worker, i);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(mutex);
            if (!failed.exchange(true)) error = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    for (int worker = 1; worker < std::min(threads, count); ++worker) others.emplace_back(work, worker);
    work(0);
    for (std::thread& thread : others) thread.join();
    if (error) std::rethrow_exception(error);
}

}  // namespace vultus
