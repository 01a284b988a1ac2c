// One function per subcommand; each adds its options to `app` and runs as CLI11 callback. An option's
// type_name says what it takes, for the manual and the completions, too: FILE, FILE.ext, FOLDER, or
// words|to|type.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace vultus::evaluation {
struct CalibrationOptions;
}

namespace vultus::cli {

void add_learn_command(CLI::App& app);
void add_prepare_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_calibrate_command(CLI::App& app);
void add_talk_command(CLI::App& app);
void add_say_command(CLI::App& app);
void add_voices_command(CLI::App& app);
void add_live_command(CLI::App& app);
void add_serve_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_phones_command(CLI::App& app);
void add_rhubarb_command(CLI::App& app);
void add_speech_command(CLI::App& app);
void add_speech_features_command(CLI::App& group);  ///< of `speech`

void add_manual_command(CLI::App& app);
void add_completion_command(CLI::App& app);

/// The trainer is a program of its own beside this one, since only it links LibTorch.
std::filesystem::path trainer_path();
/// What prevents it is said, and is no failure: the person can speak. Errors: kCancelled.
void calibrate_after_training(const std::filesystem::path& person, const std::filesystem::path& corpus,
                              const evaluation::CalibrationOptions& options);

/// `vultus rhubarb`, or the program under that name: Rhubarb's own command line, which knows none of our
/// options. Returns the exit status, Rhubarb's: 0, or 1 for any error.
int run_rhubarb(const std::vector<std::string>& arguments);

/// Unpacks the corpus's frames and becomes the trainer; returns (the program's exit status) after --help
/// only.
int run_train(const std::vector<std::string>& arguments);

}  // namespace vultus::cli
