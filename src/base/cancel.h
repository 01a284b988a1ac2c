// Cooperative cancellation: Ctrl-C or a caller's own flag.
#pragma once

#include <functional>

namespace vultus {

/// Installs handlers for SIGINT, SIGTERM and, unless it is ignored, SIGHUP that only raise a flag; a second
/// signal ends the process.
void install_cancel_handler();

/// True once the user asked to stop. Long loops poll it once per unit of work.
bool cancel_requested();

/// Raises (or, for tests, lowers) the flag.
void set_cancel_requested(bool requested);

/// While it lives, throw_if_cancelled() on this thread asks `ask` too; of nested ones the inner.
class CancelScope {
  public:
    explicit CancelScope(std::function<bool()> ask);
    ~CancelScope();
    CancelScope(const CancelScope&) = delete;
    CancelScope& operator=(const CancelScope&) = delete;

  private:
    std::function<bool()> ask_;
    const std::function<bool()>* outer_;
};

/// Throws Error(kCancelled) if the user asked to stop.
void throw_if_cancelled();

}  // namespace vultus
