#include "training_loop/stage.h"

#include <fmt/format.h>

#include <future>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "training_loop/run_log.h"

namespace vultus::training_loop {
namespace {

struct Position {
    std::int64_t step = 0;
    double elapsed_s = 0;
};

Position resume(Stage& stage, const StageSettings& settings) {
    if (settings.restart || !std::filesystem::exists(settings.checkpoint)) return {};
    const Archive archive = load_archive(settings.checkpoint);
    const auto damaged = [&](const std::exception& error) {
        fail(ErrorCode::kCorruptData, "[train] {}: damaged ({}); use --restart to begin anew",
             settings.checkpoint.string(), error.what());
    };
    try {
        stage.load_state(archive);
        return {std::stoll(archive.metadata.at("step")), std::stod(archive.metadata.at("elapsed_s"))};
    } catch (const std::logic_error& error) {
        damaged(error);
    } catch (const nlohmann::json::exception& error) {
        damaged(error);
    }
    return {};
}

/// Writes checkpoints beside the training.
class Checkpoints {
  public:
    explicit Checkpoints(std::filesystem::path path) : path_(std::move(path)) {}

    void save(Stage& stage, const Position& position) {
        wait();
        auto archive = std::make_shared<Archive>();
        stage.save_state(*archive);
        archive->metadata["step"] = std::to_string(position.step);
        archive->metadata["elapsed_s"] = std::to_string(position.elapsed_s);
        writing_ = std::async(std::launch::async, [archive, path = path_] { save_archive(path, *archive); });
        stage.on_saved(position.step);
    }
    /// Errors: those of the writing.
    void wait() {
        if (writing_.valid()) writing_.get();
    }

  private:
    std::filesystem::path path_;
    std::future<void> writing_;
};

/// Mean of the losses since the last report.
class MeanLoss {
  public:
    void add(double loss) {
        sum_ += loss;
        ++count_;
    }
    double value() const { return sum_ / std::max(1, count_); }
    bool empty() const { return count_ == 0; }
    void clear() { sum_ = count_ = 0; }

  private:
    double sum_ = 0;
    int count_ = 0;
};

}  // namespace

std::int64_t run_stage(Stage& stage, const StageSettings& settings, autograd::ProcessGroup& group) {
    Position at = resume(stage, settings);
    const StageClock clock(settings.budget_s, at.elapsed_s, settings.steps, settings.most_steps);
    Progress progress(settings.name, "steps", 0);
    MeanLoss loss;
    Checkpoints checkpoints(settings.checkpoint);
    double reported_s = at.elapsed_s, saved_s = at.elapsed_s;
    while (!group.any(clock.finished(at.step) || cancel_requested())) {
        loss.add(stage.train_step(at.step, clock.fraction(at.step)));
        ++at.step;
        at.elapsed_s = clock.elapsed_s();
        progress.update(at.step,
                        fmt::format("{:.1f} samples/s  loss {:.4f}  {} left",
                                    static_cast<double>(at.step * settings.samples_per_step) / at.elapsed_s,
                                    loss.value(), format_duration(clock.seconds_left(at.step))));
        if (group.is_first() && at.elapsed_s - reported_s > settings.report_every_s) {
            stage.report(at.step, loss.value(), at.elapsed_s);
            loss.clear();
            reported_s = clock.elapsed_s();
        }
        if (group.is_first() && at.elapsed_s - saved_s > settings.checkpoint_every_s) {
            checkpoints.save(stage, at);
            saved_s = clock.elapsed_s();
        }
    }
    if (group.is_first()) {
        if (!loss.empty()) stage.report(at.step, loss.value(), at.elapsed_s);
        checkpoints.save(stage, at);
        checkpoints.wait();
    }
    if (group.any(cancel_requested())) fail(ErrorCode::kCancelled, "cancelled");
    return at.step;
}

}  // namespace vultus::training_loop
