// The loop that every stage of training runs in: progress, reports, checkpoints, Ctrl-C, exact resume.
#pragma once

#include <filesystem>
#include <string>

#include "autograd/process_group.h"
#include "tensor/archive.h"

namespace vultus::training_loop {

struct StageSettings {
    std::string name;                  ///< of the stage, for the user
    std::filesystem::path checkpoint;  ///< where its state lies
    double budget_s = 0;               ///< the stage ends after so much time over all its runs
    std::int64_t steps = 0;            ///< > 0: after exactly so many steps instead
    double report_every_s = 60, checkpoint_every_s = 120;
    std::int64_t samples_per_step = 1;  ///< over all processes
    bool restart = false;               ///< forget an earlier state
    std::int64_t most_steps = 0;        ///< > 0: after so many steps where the budget is not spent by then
};

class Stage {
  public:
    virtual ~Stage() = default;

    /// fraction: 0..1 of the stage. Returns the loss, the mean over all processes.
    virtual double train_step(std::int64_t step, double fraction) = 0;
    /// Tells how well it goes; only in the first process.
    virtual void report(std::int64_t step, double mean_loss, double seconds) = 0;
    virtual void save_state(Archive& archive) const = 0;
    /// Throws std::logic_error or a JSON exception on entries that are missing or no numbers.
    virtual void load_state(const Archive& archive) = 0;
    /// After a checkpoint of `step` steps was written.
    virtual void on_saved(std::int64_t) {}
};

/// Trains until the end of the stage. Returns the number of steps done in all its runs.
/// Errors: kCancelled after writing a checkpoint; kCorruptData when an earlier checkpoint is damaged.
std::int64_t run_stage(Stage& stage, const StageSettings& settings, autograd::ProcessGroup& group);

}  // namespace vultus::training_loop
