// The trainer's options as text. The trainer parses by this table, and `vultus`, which must not link
// LibTorch, shows it in its manual and completions.
#pragma once

#include <span>
#include <string>

namespace vultus::train {

struct OptionText {
    const char* names;  ///< "--size", or "-o,--out"
    /// What follows it; nullptr: a flag. With | between them: words in small letters are to be typed as they
    /// are, FILE.ext is a file, FOLDER a folder, the rest free.
    const char* value;
    const char* help;
};

std::span<const OptionText> option_table();

inline constexpr const char* kTrainingNotes =
    "The same command resumes an interrupted run. Several processes train together when MASTER_ADDR,\n"
    "MASTER_PORT, WORLD_SIZE and RANK are set (torchrun, Slurm, Kubernetes).";

/// For --help.
std::string help_text();

}  // namespace vultus::train
