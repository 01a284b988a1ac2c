#include "base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace vultus {
namespace {
bool g_quiet = false;
thread_local const std::function<void(std::int64_t)>* t_show = nullptr;

/// Programs that read the lines want them more often.
double seconds_between_lines() {
    static const double seconds = [] {
        const char* given = std::getenv("VULTUS_PROGRESS_S");
        const double value = given ? std::strtod(given, nullptr) : 0;
        return value > 0 ? value : 30.0;
    }();
    return seconds;
}
}  // namespace

std::string format_duration(double seconds) {
    const auto whole = static_cast<std::int64_t>(seconds + 0.5);
    if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::string label, std::string unit, std::int64_t total)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(::isatty(2) == 1),
      start_(Clock::now()),
      last_draw_(start_) {}

Progress::~Progress() {
    if (drawn_ && terminal_) std::fputc('\n', stderr);
}

void Progress::set_quiet(bool quiet) { g_quiet = quiet; }

bool Progress::quiet() { return g_quiet; }

ProgressScope::ProgressScope(std::function<void(std::int64_t)> show)
    : show_(std::move(show)), outer_(t_show) {
    t_show = &show_;
}

ProgressScope::~ProgressScope() { t_show = outer_; }

void Progress::update(std::int64_t done, const std::string& note) {
    if (t_show) {
        (*t_show)(done);
        return;
    }
    if (first_done_ < 0) first_done_ = done;
    const auto now = Clock::now();
    const double since_draw = std::chrono::duration<double>(now - last_draw_).count();
    if (g_quiet || (since_draw < (terminal_ ? 0.1 : seconds_between_lines()) && done != total_)) return;
    last_draw_ = now;
    drawn_ = true;
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double rate = elapsed > 0 ? static_cast<double>(done - first_done_) / elapsed : 0;
    std::string line = label_;
    if (total_ > 0) line += fmt::format("  {:3} %", 100 * done / total_);
    line += total_ > 0 ? fmt::format("  {}/{} {}", done, total_, unit_) : fmt::format("  {} {}", done, unit_);
    if (rate > 0) line += fmt::format("  {:.1f} {}/s", rate, unit_);
    if (rate > 0 && total_ > done)
        line += fmt::format("  {} left", format_duration(static_cast<double>(total_ - done) / rate));
    if (!note.empty()) line += "  " + note;
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ ? "" : "\n");
    std::fflush(stderr);
}

}  // namespace vultus
