// The program `vultus`.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "commands.h"

namespace {

constexpr int kFailed = 1;
constexpr int kCancelled = 130;  // what a shell reports for a program that Ctrl-C ended

int say(const std::string& message, int exit_code) {
    fmt::print(stderr, "vultus: {}\n", message);
    return exit_code;
}

int run(int argc, char** argv) {
    CLI::App app(
        "Learns one person's talking face from video and renders new video of that person from speech.",
        "vultus");
    app.set_version_flag("--version", "vultus " VULTUS_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    app.add_flag_callback(
        "-q,--quiet", [] { vultus::Progress::set_quiet(true); }, "Show no progress");
    vultus::cli::add_prepare_command(app);
    vultus::cli::add_train_command(app);
    vultus::cli::add_calibrate_command(app);
    vultus::cli::add_talk_command(app);
    vultus::cli::add_eval_command(app);
    vultus::cli::add_info_command(app);
    vultus::cli::add_bench_command(app);
    vultus::cli::add_phones_command(app);
    vultus::cli::add_speech_command(app);
    try {
        // The trainer, a program of its own, reads its options itself.
        if (argc > 1 && std::string_view(argv[1]) == "train") vultus::cli::run_train({argv + 2, argv + argc});
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    vultus::install_cancel_handler();
    try {
        return run(argc, argv);
    } catch (const vultus::Error& error) {
        return say(error.what(), error.code() == vultus::ErrorCode::kCancelled ? kCancelled : kFailed);
    } catch (const std::bad_alloc&) {
        return say("out of memory", kFailed);
    } catch (const std::exception& error) {
        return say(error.what(), kFailed);
    }
}
