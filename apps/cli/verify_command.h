// `vultus verify`, the one command whose exit status is an answer.
#pragma once

#include <CLI/CLI.hpp>

namespace vultus::cli {

void add_verify_command(CLI::App& app);

/// Thrown by a command that is done and has an exit status to give.
struct ExitStatus {
    int status;
};

}  // namespace vultus::cli
