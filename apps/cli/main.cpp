// The program `vultus`.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/standard_stream.h"
#include "commands.h"
#include "usage.h"
#include "verify_command.h"
#include "version.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kCancelled = 130;  // what a shell reports for a program that Ctrl-C ended

int say(const std::string& message, int exit_code) {
    fmt::print(stderr, "vultus: {}\n", message);
    return exit_code;
}

/// What follows `command`, if that is the one.
std::optional<std::vector<std::string>> after(const std::string& command,
                                              const std::vector<std::string>& arguments) {
    auto word = arguments.begin();
    while (word != arguments.end() && (*word == "-q" || *word == "--quiet")) ++word;
    if (word == arguments.end() || *word != command) return std::nullopt;
    if (word != arguments.begin()) vultus::Progress::set_quiet(true);
    return std::vector<std::string>(word + 1, arguments.end());
}

/// As a file or link called rhubarb, the program is that.
bool is_called_rhubarb(const char* name) {
    return std::filesystem::path(name).filename().string().starts_with("rhubarb");
}

int run(int argc, char** argv) {
    if (argc > 0 && is_called_rhubarb(argv[0])) return vultus::cli::run_rhubarb({argv + 1, argv + argc});
    CLI::App app(
        "Learns one person's talking face from video and renders new video of that person from speech.",
        "vultus");
    app.set_version_flag("--version", vultus::cli::version_text, "Version, build and runtime");
    app.require_subcommand(1);
    app.fallthrough();
    app.add_flag_callback(
        "-q,--quiet", [] { vultus::Progress::set_quiet(true); }, "Show no progress");
    vultus::cli::add_learn_command(app);
    vultus::cli::add_prepare_command(app);
    vultus::cli::add_train_command(app);
    vultus::cli::add_calibrate_command(app);
    vultus::cli::add_talk_command(app);
    vultus::cli::add_say_command(app);
    vultus::cli::add_voices_command(app);
    vultus::cli::add_live_command(app);
    vultus::cli::add_serve_command(app);
    vultus::cli::add_eval_command(app);
    vultus::cli::add_info_command(app);
    vultus::cli::add_verify_command(app);
    vultus::cli::add_bench_command(app);
    vultus::cli::add_phones_command(app);
    vultus::cli::add_rhubarb_command(app);
    vultus::cli::add_speech_command(app);
    vultus::cli::add_completion_command(app);
    vultus::cli::add_manual_command(app);
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.empty()) {
        fmt::print("{}", app.help());
        return kWrongUsage;
    }
    if (const auto rest = after("rhubarb", arguments)) return vultus::cli::run_rhubarb(*rest);
    const std::string unknown = vultus::cli::unknown_command(app, arguments);
    if (!unknown.empty()) return say(unknown, kWrongUsage);
    try {
        // The trainer, a program of its own, reads its options itself.
        if (const auto rest = after("train", arguments)) return vultus::cli::run_train(*rest);
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {  // help or version
            std::ostringstream text;
            app.exit(error, text, text);
            fmt::print("{}", text.str());  // which says what is wrong with standard output
            return 0;
        }
        return say(vultus::cli::explain(app, arguments, error), kWrongUsage);
    } catch (const vultus::cli::ExitStatus& done) {
        return done.status;
    }
    return 0;
}

/// run(), and what it printed reaches whoever reads it.
int run_and_flush(int argc, char** argv) {
    try {
        const int exit_code = run(argc, argv);
        vultus::flush_standard_output();
        return exit_code;
    } catch (const std::system_error& error) {  // fmt's, when standard output takes no more
        if (std::ferror(stdout)) vultus::flush_standard_output(error.code().value());
        throw;
    }
}

/// As a program ends that knows nothing of closed pipes: shells expect that status.
int end_quietly() {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
    return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
    vultus::install_cancel_handler();
    vultus::survive_closed_pipes();
    try {
        return run_and_flush(argc, argv);
    } catch (const vultus::ReaderGone&) {
        return end_quietly();
    } catch (const vultus::Error& error) {
        return say(error.what(), error.code() == vultus::ErrorCode::kCancelled ? kCancelled : kFailed);
    } catch (const std::bad_alloc&) {
        return say("out of memory", kFailed);
    } catch (const std::exception& error) {
        return say(error.what(), kFailed);
    }
}
