#include "base/cancel.h"

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "base/error.h"

namespace vultus {
namespace {

std::atomic<bool> g_cancelled{false};
thread_local const std::function<bool()>* t_ask = nullptr;

extern "C" void on_signal(int signal_number) {
    if (g_cancelled.exchange(true)) std::_Exit(128 + signal_number);
}

}  // namespace

void install_cancel_handler() {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    // Under nohup a hang-up is to be ignored, as before.
    if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

bool cancel_requested() { return g_cancelled.load(std::memory_order_relaxed); }

void set_cancel_requested(bool requested) { g_cancelled = requested; }

CancelScope::CancelScope(std::function<bool()> ask) : ask_(std::move(ask)), outer_(t_ask) { t_ask = &ask_; }

CancelScope::~CancelScope() { t_ask = outer_; }

void throw_if_cancelled() {
    if (cancel_requested() || (t_ask && (*t_ask)())) throw Error(ErrorCode::kCancelled, "cancelled");
}

}  // namespace vultus
