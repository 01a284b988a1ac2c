#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/output_file.h"
#include "base/process.h"
#include "commands.h"
#include "option_table.h"
#include "person/person.h"
#include "unpacking/measure_motion.h"
#include "unpacking/unpack_frames.h"

namespace vultus::cli {
namespace {

namespace fs = std::filesystem;

std::string value_of(const std::vector<std::string>& arguments, const std::string& option) {
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i)
        if (arguments[i] == option) return arguments[i + 1];
    return "";
}

/// The trainer needs no FFmpeg: the frames are unpacked for it here. What it would refuse at once is left to
/// it to say, before minutes of work.
void unpack_for(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0].rfind("-", 0) == 0) return;
    const std::string from = value_of(arguments, "--from"), size = value_of(arguments, "--size");
    const fs::path out = value_of(arguments, "-o") + value_of(arguments, "--out");
    if (out.empty() || (out.has_parent_path() && !fs::is_directory(out.parent_path()))) return;
    require_not_input(out, {from, value_of(arguments, "--teacher"), value_of(arguments, "--speech")});
    const corpus::Corpus corpus = corpus::load_corpus(arguments[0]);
    int size_px = corpus.size_px;
    if (!size.empty())
        size_px = std::atoi(size.c_str());
    else if (!from.empty() && from != "none")
        size_px = person::load_person(from).model.unet.size_px;
    if (size_px < 64 || size_px > 512 || size_px % 64 != 0) return;
    unpacking::unpack_frames(corpus, size_px);
    unpacking::measure_motion(corpus, size_px);
}

[[noreturn]] void become_trainer(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{trainer_path().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const int error = become_program(command);
    fail(ErrorCode::kUnsupported,
         "[train] {}: cannot start the trainer: {}; install the package vultus-train, or build with "
         "-DVULTUS_WITH_TORCH=ON",
         command[0], std::strerror(error));
}

}  // namespace

fs::path trainer_path() {
    std::error_code error;
    const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
    return here / "vultus-train";
}

void add_train_command(CLI::App& app) {
    // For the manual, the completions and the list of commands only: main() hands `train` to run_train()
    // before anything is parsed.
    CLI::App* command = app.add_subcommand("train", "Learn a person from a prepared corpus");
    const auto ignore = [](const std::string&) {};
    command->add_option_function<std::string>("corpus", ignore, "Corpus folder")
        ->type_name("FOLDER")
        ->required();
    for (const train::OptionText& option : train::option_table()) {
        if (option.value)
            command->add_option_function<std::string>(option.names, ignore, option.help)
                ->type_name(option.value);
        else
            command->add_flag_callback(
                option.names, [] {}, option.help);
    }
    command->footer(train::kTrainingNotes);
}

int run_train(const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments)
        if (argument == "-h" || argument == "--help") {  // which needs no trainer
            fmt::print("{}", train::help_text());
            return 0;
        }
    unpack_for(arguments);
    become_trainer(arguments);
}

}  // namespace vultus::cli
