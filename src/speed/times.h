// Times of repeated work, for benchmarks.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vultus::speed {

/// Times of single units of work, in milliseconds.
class Times {
  public:
    /// Runs `work` once and keeps its wall time and the processor time of all threads, both divided by
    /// `units`.
    void measure(const std::function<void()>& work, double units = 1);
    /// The same again and again for about `seconds`, at least three times after one that is not counted.
    /// Errors: kCancelled.
    void measure_for(double seconds, const std::function<void()>& work, double units = 1);
    void add(double wall_ms, double cpu_ms);

    double mean_ms() const;
    double median_ms() const { return quantile(wall_ms_, 0.5); }
    double p99_ms() const { return quantile(wall_ms_, 0.99); }
    double cpu_median_ms() const { return quantile(cpu_ms_, 0.5); }
    double highest_ms() const { return quantile(wall_ms_, 1.0); }
    std::size_t count() const { return wall_ms_.size(); }
    nlohmann::json to_json() const;

  private:
    /// Nearest rank.
    static double quantile(std::vector<double> values, double q);
    std::vector<double> wall_ms_, cpu_ms_;
};

/// The processor's name as the system gives it.
std::string cpu_name();

/// Memory that the process holds now, MB (1e6 bytes); 0 where the system does not tell.
double memory_mb();
/// Gives unused memory back to the system, where it can.
void give_back_memory();

/// `| a | b |`: one line of a table.
std::string table_row(const std::vector<std::string>& cells);
/// The first two lines of a table.
std::string table_head(const std::vector<std::string>& titles);

}  // namespace vultus::speed
