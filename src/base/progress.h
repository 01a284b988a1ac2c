// One-line progress with time left on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace vultus {

/// Shows `label  42 %  420/1000 frames  31.2 frames/s  0:18 left`; on a terminal it redraws one line,
/// elsewhere it prints a line every 30 s. Destruction ends the line.
class Progress {
  public:
    /// total: units of work in all; 0 if unknown.
    Progress(std::string label, std::string unit, std::int64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// done: units finished so far; note: a short text shown at the end.
    void update(std::int64_t done, const std::string& note = "");

    /// Silences every Progress of the process (`--quiet`).
    static void set_quiet(bool quiet);
    static bool quiet();

  private:
    using Clock = std::chrono::steady_clock;
    std::string label_, unit_;
    std::int64_t total_, first_done_ = -1;
    bool terminal_, drawn_ = false;
    Clock::time_point start_, last_draw_;
};

/// While it lives, every Progress of this thread tells `show` the units done instead of standard error; of
/// nested ones the inner.
class ProgressScope {
  public:
    explicit ProgressScope(std::function<void(std::int64_t done)> show);
    ~ProgressScope();
    ProgressScope(const ProgressScope&) = delete;
    ProgressScope& operator=(const ProgressScope&) = delete;

  private:
    std::function<void(std::int64_t)> show_;
    const std::function<void(std::int64_t)>* outer_;
};

/// "1:02:03", "4:05" or "0:07".
std::string format_duration(double seconds);

}  // namespace vultus
