// What the server counts, as Prometheus reads it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace vultus::serving {

/// Counts in fixed steps of seconds. Threads  any.
class Histogram {
  public:
    static constexpr std::array<double, 10> kSteps_s = {0.005, 0.01, 0.02, 0.03, 0.04,
                                                        0.08,  0.16, 0.32, 0.64, 1.28};
    void add(double seconds);
    /// Prometheus's lines.
    std::string text(const char* name, const char* help) const;

  private:
    mutable std::mutex mutex_;
    std::array<std::uint64_t, kSteps_s.size() + 1> counts_{};
    double sum_s_ = 0;
};

struct Metrics {
    std::atomic<std::int64_t> sessions{0}, viewers{0};
    std::atomic<std::uint64_t> frames{0}, late_frames{0}, dropped_fragments{0}, refused_sessions{0},
        requests{0}, talks{0};
    Histogram frame_seconds;        ///< drawing and encoding one
    Histogram first_frame_seconds;  ///< from a text to its first talking frame
    std::string text(int num_connections, int num_jobs) const;
};

/// Of this process, resident.
std::uint64_t resident_bytes();

}  // namespace vultus::serving
