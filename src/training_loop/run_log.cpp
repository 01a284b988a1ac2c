#include "training_loop/run_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "base/output_file.h"
#include "training_loop/image.h"

namespace vultus::training_loop {

StageClock::StageClock(double budget_s, double elapsed_s, std::int64_t steps, std::int64_t most_steps)
    : budget_s_(budget_s), before_s_(elapsed_s), steps_(steps), most_steps_(steps > 0 ? steps : most_steps) {}

double StageClock::elapsed_s() const {
    return before_s_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

double StageClock::fraction(std::int64_t done) const {
    const double of_steps =
        most_steps_ > 0 ? static_cast<double>(done) / static_cast<double>(most_steps_) : 0;
    const double of_time = steps_ > 0 ? 0 : elapsed_s() / std::max(budget_s_, 1e-3);
    return std::min(std::max(of_steps, of_time), 1.0);
}

double StageClock::seconds_left(std::int64_t done) const {
    const double fraction_done = fraction(done);
    return fraction_done > 0 ? elapsed_s() * (1 - fraction_done) / fraction_done : budget_s_;
}

RunLog::RunLog(std::filesystem::path folder, std::string stage, std::vector<std::string> columns)
    : folder_(std::move(folder)), stage_(std::move(stage)), columns_(std::move(columns)) {
    std::ifstream file(folder_ / (stage_ + "-losses.csv"));
    std::string line;
    std::getline(file, line);  // header
    while (std::getline(file, line)) {
        std::istringstream cells(line);
        std::vector<double> row;
        for (std::string cell; std::getline(cells, cell, ',');)
            row.push_back(std::strtod(cell.c_str(), nullptr));
        if (row.size() == columns_.size() + 1) rows_.push_back(std::move(row));
    }
}

void RunLog::row(std::int64_t step, const std::vector<double>& values) {
    // A resumed run may have gone back to its checkpoint: rows after it are told again.
    while (!rows_.empty() && rows_.back()[0] >= static_cast<double>(step)) rows_.pop_back();
    rows_.push_back({static_cast<double>(step)});
    rows_.back().insert(rows_.back().end(), values.begin(), values.end());
    std::string text = fmt::format("step,{}\n", fmt::join(columns_, ","));
    for (const auto& row : rows_) text += fmt::format("{}\n", fmt::join(row, ","));
    write_file(folder_ / (stage_ + "-losses.csv"), text);

    constexpr std::uint32_t kColours[] = {0x1f77b4, 0xff7f0e, 0x2ca02c};
    std::vector<Curve> curves(std::min<std::size_t>(columns_.size(), 2));
    for (std::size_t c = 0; c < curves.size(); ++c) {
        curves[c].colour = kColours[c];
        for (const auto& row : rows_) {
            curves[c].x.push_back(row[0]);
            curves[c].y.push_back(row[c + 1]);
        }
    }
    write_png(folder_ / (stage_ + "-losses.png"), plot_log(curves));
}

double learning_rate_at(double peak, std::int64_t step, double fraction) {
    constexpr double kWarmUpSteps = 200, kFlatUntil = 0.5, kFloor = 0.02;
    const double warm = std::min(1.0, static_cast<double>(step + 1) / kWarmUpSteps);
    const double decay = std::max(0.0, fraction - kFlatUntil) / (1 - kFlatUntil);
    return peak * warm * (kFloor + (1 - kFloor) * 0.5 * (1 + std::cos(3.14159265358979 * decay)));
}

}  // namespace vultus::training_loop
