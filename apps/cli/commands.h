// One function per subcommand; each adds its options to `app` and runs as CLI11 callback.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace vultus::cli {

void add_prepare_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_calibrate_command(CLI::App& app);
void add_talk_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_info_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_phones_command(CLI::App& app);
void add_speech_command(CLI::App& app);
void add_speech_features_command(CLI::App& group);  ///< of `speech`

/// Unpacks the corpus's frames and becomes the trainer; returns only by exception.
[[noreturn]] void run_train(const std::vector<std::string>& arguments);

}  // namespace vultus::cli
