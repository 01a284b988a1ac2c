#include "speed/times.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <numeric>

#include "base/cancel.h"

namespace vultus::speed {
namespace {

constexpr std::size_t kFewestRounds = 3;

/// A line `NAME:  123 kB` of /proc/self/status in MB.
double status_mb(const std::string& name) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1)) * 1024e-6;
    return 0;
}

}  // namespace

void Times::measure(const std::function<void()>& work, double units) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    work();
    const std::clock_t cpu_end = std::clock();
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    add(wall.count() / units, 1e3 * static_cast<double>(cpu_end - cpu_start) / CLOCKS_PER_SEC / units);
}

void Times::measure_for(double seconds, const std::function<void()>& work, double units) {
    throw_if_cancelled();
    work();
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    for (std::size_t round = 0; round < kFewestRounds || std::chrono::steady_clock::now() < end; ++round) {
        throw_if_cancelled();
        measure(work, units);
    }
}

void Times::add(double wall_ms, double cpu_ms) {
    wall_ms_.push_back(wall_ms);
    cpu_ms_.push_back(cpu_ms);
}

double Times::mean_ms() const {
    return std::accumulate(wall_ms_.begin(), wall_ms_.end(), 0.0) / static_cast<double>(wall_ms_.size());
}

double Times::quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    return values.at(std::max<std::size_t>(rank, 1) - 1);
}

nlohmann::json Times::to_json() const {
    return {{"mean_ms", mean_ms()},
            {"median_ms", median_ms()},
            {"p99_ms", p99_ms()},
            {"cpu_median_ms", cpu_median_ms()},
            {"count", count()}};
}

std::string cpu_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
    return "unknown";
}

double memory_mb() { return status_mb("VmRSS"); }

void give_back_memory() { malloc_trim(0); }

std::string table_row(const std::vector<std::string>& cells) {
    return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string table_head(const std::vector<std::string>& titles) {
    return table_row(titles) + table_row(std::vector<std::string>(titles.size(), "---"));
}

}  // namespace vultus::speed
