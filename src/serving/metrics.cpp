#include "serving/metrics.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

namespace vultus::serving {

void Histogram::add(double seconds) {
    std::size_t step = 0;
    while (step < kSteps_s.size() && seconds > kSteps_s[step]) ++step;
    const std::lock_guard lock(mutex_);
    ++counts_[step];
    sum_s_ += seconds;
}

std::string Histogram::text(const char* name, const char* help) const {
    const std::lock_guard lock(mutex_);
    std::string lines = fmt::format("# HELP {0} {1}\n# TYPE {0} histogram\n", name, help);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < kSteps_s.size(); ++i) {
        total += counts_[i];
        lines += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, kSteps_s[i], total);
    }
    total += counts_.back();
    return lines +
           fmt::format("{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, total, sum_s_);
}

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t whole = 0, resident = 0;
    file >> whole >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string Metrics::text(int num_connections, int num_jobs) const {
    std::string lines;
    const auto add = [&](const char* name, const char* type, const char* help, auto value) {
        lines += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
    };
    add("vultus_sessions", "gauge", "Live sessions", sessions.load());
    add("vultus_viewers", "gauge", "Connections that see a live session", viewers.load());
    add("vultus_connections", "gauge", "Open connections", num_connections);
    add("vultus_jobs_unfinished", "gauge", "Jobs that wait or run", num_jobs);
    add("vultus_frames_total", "counter", "Live frames shown", frames.load());
    add("vultus_late_frames_total", "counter", "Live frames that came too late to be drawn",
        late_frames.load());
    add("vultus_dropped_fragments_total", "counter", "Fragments that a slow viewer did not get",
        dropped_fragments.load());
    add("vultus_refused_sessions_total", "counter", "Sessions refused for lack of room",
        refused_sessions.load());
    add("vultus_requests_total", "counter", "Requests answered", requests.load());
    add("vultus_talks_total", "counter", "Videos streamed", talks.load());
    add("vultus_resident_bytes", "gauge", "Memory of this process", resident_bytes());
    lines += frame_seconds.text("vultus_frame_seconds", "Time to draw and encode one live frame");
    lines += first_frame_seconds.text("vultus_first_frame_seconds", "From a text to its first talking frame");
    return lines;
}

}  // namespace vultus::serving
