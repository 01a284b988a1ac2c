// Other programs, called without a shell.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vultus {

/// Where PATH has an executable of this name.
std::optional<std::filesystem::path> find_program(const std::string& name);

struct ProgramResult {
    int exit_code = 0;   ///< 128 + signal for a program that a signal ended
    std::string output;  ///< its standard output, or standard error where that was asked for
};

/// Which of a program's outputs is kept; the other goes to /dev/null.
enum class Keep { kOutput, kErrors };

/// Runs arguments[0] (looked up on PATH) to its end, with nothing on standard input. Cancellation ends it.
/// Errors: kUnsupported when there is no such program, kIo when it cannot start, kCancelled.
ProgramResult run_program(const std::vector<std::string>& arguments, Keep keep = Keep::kOutput);

struct FilterLimits {
    double seconds = 60;                    ///< then it is killed
    std::size_t output_bytes = 256u << 20;  ///< more of standard output than this ends it, too
};
struct FilterResult {
    int exit_code = 0;           ///< 128 + signal for a program that a signal ended
    std::string output, errors;  ///< standard output; the end of standard error
};

/// Runs arguments[0] (looked up on PATH) with `input` as its standard input, and keeps both outputs. It and
/// all that it starts are ended by cancellation and at the limits. Errors: kUnsupported when there is no such
/// program; kIo when it cannot start or goes beyond a limit, with its last words; kCancelled.
FilterResult run_filter(const std::vector<std::string>& arguments, std::string_view input,
                        const FilterLimits& limits = {});

/// Runs arguments[0] (a path) with this program's input and outputs. Cancellation interrupts it, as Ctrl-C
/// does, and waits for its end. Returns its exit code. Errors: kUnsupported when there is no such program,
/// kIo when it cannot start.
int run_attached(const std::vector<std::string>& arguments);

/// Becomes the program arguments[0] (a path). Returns, with the errno, only where it cannot be started. A
/// wish to stop that came before throws kCancelled; one that comes while it starts ends the process, so that
/// none is lost between the two programs.
int become_program(const std::vector<std::string>& arguments);

}  // namespace vultus
