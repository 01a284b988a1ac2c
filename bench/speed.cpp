#include "speed.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <numeric>

namespace vultus::bench {

using models::Value;

void Times::measure(const std::function<void()>& work, double units) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    work();
    const std::clock_t cpu_end = std::clock();
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    add(wall.count() / units, 1e3 * static_cast<double>(cpu_end - cpu_start) / CLOCKS_PER_SEC / units);
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
            {"count", wall_ms_.size()}};
}

Value CountingOps::conv2d(const Value& x, const Value& weight, const Value& bias, int stride) {
    convolutions_.push_back({x.shape(), weight.shape(), stride});
    Value out = OnednnOps::conv2d(x, weight, bias, stride);
    convolution_flop_ +=
        2.0 * static_cast<double>(num_elements(out.shape()) * num_elements(weight.shape()) / weight.dim(0));
    return out;
}

Value CountingOps::linear(const Value& x, const Value& weight, const Value& bias) {
    other_flop_ += 2.0 * static_cast<double>(num_elements(x.shape()) * weight.dim(0));
    return OnednnOps::linear(x, weight, bias);
}

Value CountingOps::attention(const Value& q, const Value& k, const Value& v, int heads, models::Window window,
                             const Value& bias) {
    const std::int64_t seen =
        window.left < 0 ? q.dim(1) : std::min<std::int64_t>(q.dim(1), window.left + window.right + 1);
    other_flop_ += 4.0 * static_cast<double>(num_elements(q.shape()) * seen);
    return OnednnOps::attention(q, k, v, heads, window, bias);
}

std::string cpu_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
    return "unknown";
}

}  // namespace vultus::bench
