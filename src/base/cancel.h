// Cooperative cancellation: Ctrl-C or a caller's own flag.
#pragma once

namespace vultus {

/// Installs handlers for SIGINT and SIGTERM that only raise a flag; a second signal ends the process.
void install_cancel_handler();

/// True once the user asked to stop. Long loops poll it once per unit of work.
bool cancel_requested();

/// Raises (or, for tests, lowers) the flag.
void set_cancel_requested(bool requested);

/// Throws Error(kCancelled) if the user asked to stop.
void throw_if_cancelled();

}  // namespace vultus
