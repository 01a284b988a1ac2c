// The visible side of a training run: STAGE-losses.csv and STAGE-losses.png, how far it is, the learning
// rate.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vultus::training_loop {

/// How far a stage is: by time (budget) or by steps.
class StageClock {
  public:
    /// elapsed_s: time that earlier runs of this stage took. steps: 0 when the budget decides; then
    /// most_steps > 0 ends it before its time.
    StageClock(double budget_s, double elapsed_s, std::int64_t steps, std::int64_t most_steps = 0);
    double elapsed_s() const;
    /// 0..1 of the stage after `done` steps.
    double fraction(std::int64_t done) const;
    bool finished(std::int64_t done) const { return fraction(done) >= 1; }
    double seconds_left(std::int64_t done) const;

  private:
    double budget_s_, before_s_;
    std::int64_t steps_, most_steps_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Rows of numbers with fixed columns, kept as a CSV; the first two are drawn as curves. Goes on from the
/// file of an earlier run.
class RunLog {
  public:
    RunLog(std::filesystem::path folder, std::string stage, std::vector<std::string> columns);
    /// values: one per column; x is the step.
    void row(std::int64_t step, const std::vector<double>& values);

  private:
    std::filesystem::path folder_;
    std::string stage_;
    std::vector<std::string> columns_;
    std::vector<std::vector<double>> rows_;
};

/// Warm-up, flat, cosine to 2 % from half way.
double learning_rate_at(double peak, std::int64_t step, double fraction);

}  // namespace vultus::training_loop
