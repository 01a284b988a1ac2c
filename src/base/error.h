// The one error type of the project.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace vultus {

enum class ErrorCode {
    kInvalidArgument,  ///< the caller asked for something that makes no sense
    kIo,               ///< a file could not be read or written
    kCorruptData,      ///< a file is damaged or hostile
    kUnsupported,      ///< a valid request that this build or version cannot serve
    kCancelled,        ///< the user stopped the work
    kInternal,         ///< a defect of the program
};

/// Thrown by every module; the command line prints `what()` as one line and exits non-zero.
/// Messages read `[module] what: expected X, got Y`.
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    ErrorCode code() const { return code_; }

  private:
    ErrorCode code_;
};

/// `fail(ErrorCode::kIo, "[media] {}: cannot open", path)`
template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// Checks an inner contract: throws kInternal when `ok` is false.
template <typename... Args>
void require(bool ok, fmt::format_string<Args...> format, Args&&... args) {
    if (!ok) throw Error(ErrorCode::kInternal, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace vultus
