#include "speed/bench_report.h"

#include <fmt/format.h>

#include <string>

#include "speed/bench.h"
#include "speed/times.h"

namespace vultus::speed {
namespace {

using Json = nlohmann::json;

constexpr const char* kWhole = "whole, sound file to MP4";
constexpr const char* kPaced = "paced run, sound to picture";

class Goals {
  public:
    void at_least(const std::string& what, double measured, double goal, const char* unit) {
        add(what, measured, goal, unit, true);
    }
    void at_most(const std::string& what, double measured, double goal, const char* unit) {
        add(what, measured, goal, unit, false);
    }
    Json all() const { return all_; }

  private:
    void add(const std::string& what, double measured, double goal, const char* unit, bool at_least) {
        all_.push_back({{"what", what},
                        {"measured", measured},
                        {"goal", goal},
                        {"unit", unit},
                        {"at_least", at_least},
                        {"reached", at_least ? measured >= goal : measured <= goal}});
    }
    Json all_ = Json::array();
};

void add_stage(const Json& row, Goals& goals) {
    const std::string stage = row["stage"];
    const int size_px = row["size_px"], threads = row["threads"];
    const auto where = [&](const std::string& what) {
        return fmt::format("{} px, {} threads: {}", size_px, threads, what);
    };
    if (stage == kWhole && size_px == 256 && threads <= 2)
        goals.at_least(where(stage), row["frames_per_s"], threads == 1 ? 25 : 30, "frames/s");
    if (stage == kWhole && size_px == 128 && threads == 2)
        goals.at_least(where(stage), row["frames_per_s"], 10, "frames/s");
    if (stage != kPaced) return;
    const auto count = row["count"].get<std::size_t>();
    goals.at_most(where("paced run, p99"), row["p99_ms"], 40, "ms");
    goals.at_most(where(fmt::format("paced run, late of {} frames", count)), row["late_frames"], 0, "frames");
    goals.at_most(where(fmt::format("paced run, dropped of {} frames", count)), row["dropped_frames"], 0,
                  "frames");
}

}  // namespace

Json bench_goals(const Json& report) {
    Goals goals;
    for (const Json& row : report["rows"]) add_stage(row, goals);
    const Json& answer = report["first_sound_to_frame"];
    goals.at_most("first sound to frame, pulled when ready, median", answer["when_ready"]["median_ms"], 120,
                  "ms");
    goals.at_most("first sound to frame, at the frame rate, median", answer["on_the_clock"]["median_ms"], 120,
                  "ms");
    if (report.contains("process"))
        for (const Json& process : report["process"]) {
            const int threads = process["threads"];
            goals.at_most(fmt::format("process on {} threads: start to first frame", threads),
                          process["start_to_first_frame_ms"], 1000, "ms");
            goals.at_most(fmt::format("process on {} threads: most memory, sound file to MP4", threads),
                          process["peak_memory_mb"], 250, "MB");
        }
    goals.at_most("memory of one more session", report["memory"]["one_more_session_mb"], 40, "MB");
    return goals.all();
}

namespace {

std::string format_goals(const Json& goals) {
    std::string text = table_head({"what", "measured", "goal", "reached"});
    for (const Json& goal : goals)
        text += table_row(
            {goal["what"].get<std::string>(),
             fmt::format("{:.3g} {}", goal["measured"].get<double>(), goal["unit"].get<std::string>()),
             fmt::format("{} {:g}", goal["at_least"].get<bool>() ? "at least" : "at most",
                         goal["goal"].get<double>()),
             goal["reached"].get<bool>() ? "yes" : "no"});
    return text;
}

}  // namespace

std::string format_bench(const Json& report) {
    std::string text = fmt::format("{} on {}, {}\n", report["person"].get<std::string>(),
                                   report["cpu"].get<std::string>(), report["runtime"].get<std::string>());
    for (const Json& size : report["sizes"])
        text += fmt::format("{} px: {:.2f} GFLOP a step, {}\n", size["size_px"].get<int>(),
                            size["gflop_per_step"].get<double>(),
                            size["random_weights"].get<bool>() ? "preset live with random weights"
                                                               : "the person's own networks");
    text += "\n" + format_goals(report["goals"]) + "\n";
    text += table_head({"px", "threads", "ms per frame", "steps", "mean", "median", "p99", "processor",
                        "frames/s", "GFLOP/s"});
    const auto number = [](const Json& row, const char* key) {
        return row.contains(key) ? fmt::format("{:.3g}", row[key].get<double>()) : std::string();
    };
    std::string notes;
    for (const Json& row : report["rows"]) {
        text += table_row({number(row, "size_px"), number(row, "threads"), row["stage"].get<std::string>(),
                           number(row, "steps"), number(row, "mean_ms"), number(row, "median_ms"),
                           number(row, "p99_ms"), number(row, "cpu_median_ms"), number(row, "frames_per_s"),
                           number(row, "gflop_per_s")});
        if (row.contains("real_time_factor"))
            notes += fmt::format("{} px, {} threads, whole: {:.3f} s per second of speech\n",
                                 row["size_px"].get<int>(), row["threads"].get<int>(),
                                 row["real_time_factor"].get<double>());
    }
    return text + "\n" + notes;
}

}  // namespace vultus::speed
