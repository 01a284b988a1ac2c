// Handles that survive any mistake: numbers in a table, never used twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace vultus::api {

inline std::uintptr_t next_handle() {
    static std::atomic<std::uintptr_t> last{0};
    return ++last;
}

/// Handle is the opaque struct of the C API; a handle is a number, not an address. Whoever works with a T
/// holds a shared_ptr, so that taking it out of the table frees it only after the last call has left.
template <typename Handle, typename T>
class Handles {
  public:
    /// Never destroyed: threads may still be inside when the process ends.
    static Handles& all() {
        static Handles* handles = new Handles;
        return *handles;
    }
    Handle* add(std::shared_ptr<T> object) {
        const std::lock_guard lock(mutex_);
        const std::uintptr_t number = next_handle();
        objects_[number] = std::move(object);
        return reinterpret_cast<Handle*>(number);
    }
    /// Null when there is none.
    std::shared_ptr<T> find(const Handle* handle) {
        const std::lock_guard lock(mutex_);
        const auto found = objects_.find(reinterpret_cast<std::uintptr_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }
    std::shared_ptr<T> remove(const Handle* handle) {
        const std::lock_guard lock(mutex_);
        const auto node = objects_.extract(reinterpret_cast<std::uintptr_t>(handle));
        return node ? node.mapped() : nullptr;
    }

  private:
    std::mutex mutex_;
    std::map<std::uintptr_t, std::shared_ptr<T>> objects_;
};

}  // namespace vultus::api
