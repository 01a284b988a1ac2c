#include "api/guard.h"

#include <mutex>

namespace vultus::api {
namespace {

struct Log {
    std::mutex mutex;
    vultus_log_callback callback = nullptr;
    void* user = nullptr;
};

/// Never destroyed: threads may still log when the process ends.
Log& the_log() {
    static Log* log = new Log;
    return *log;
}

thread_local std::string last_error;

}  // namespace

void log_line(vultus_log_level level, const std::string& line) {
    Log& log = the_log();
    const std::lock_guard lock(log.mutex);
    if (log.callback) log.callback(log.user, level, line.c_str());
}

vultus_status failed(vultus_status status, const std::string& line) noexcept {
    try {
        last_error = line;
        log_line(VULTUS_LOG_ERROR, line);
    } catch (...) {
        // No memory for the explanation: the status has to do.
    }
    return status;
}

}  // namespace vultus::api

using vultus::api::last_error;
using vultus::api::the_log;

const char* vultus_last_error(void) { return last_error.c_str(); }

void vultus_set_log(vultus_log_callback callback, void* user) {
    auto& log = the_log();
    const std::lock_guard lock(log.mutex);
    log.callback = callback;
    log.user = user;
}

const char* vultus_version(void) { return VULTUS_VERSION; }

const char* vultus_status_name(int32_t status) {
    switch (status) {
        case VULTUS_OK:
            return "ok";
        case VULTUS_NO_FRAME:
            return "no frame";
        case VULTUS_ERROR_INVALID_ARGUMENT:
            return "invalid argument";
        case VULTUS_ERROR_IO:
            return "input/output";
        case VULTUS_ERROR_CORRUPT_DATA:
            return "corrupt data";
        case VULTUS_ERROR_UNSUPPORTED:
            return "unsupported";
        case VULTUS_ERROR_CANCELLED:
            return "cancelled";
        case VULTUS_ERROR_INTERNAL:
            return "internal";
        case VULTUS_ERROR_HANDLE:
            return "handle";
        case VULTUS_ERROR_OUT_OF_MEMORY:
            return "out of memory";
    }
    return "unknown status";
}
