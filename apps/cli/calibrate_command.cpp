#include <fmt/format.h>

#include <memory>

#include "argument_order.h"
#include "base/error.h"
#include "commands.h"
#include "evaluation/lip_calibration.h"

namespace vultus::cli {
namespace {

struct Arguments {
    std::string person, corpus;
    evaluation::CalibrationOptions options;
    bool after_training = false;
};

void calibrate(const std::filesystem::path& person, const std::filesystem::path& corpus,
               const evaluation::CalibrationOptions& options) {
    fmt::print(stderr, "\n{}\n", evaluation::calibrate_person(person, corpus, options));
}

void run(const Arguments& arguments) {
    require_person_first("calibrate", arguments.person, arguments.corpus, "a corpus folder");
    const auto how = arguments.after_training ? calibrate_after_training : calibrate;
    how(arguments.person, arguments.corpus, arguments.options);
}

}  // namespace

void calibrate_after_training(const std::filesystem::path& person, const std::filesystem::path& corpus,
                              const evaluation::CalibrationOptions& options) {
    try {
        calibrate(person, corpus, options);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kCancelled) throw;
        fmt::print(stderr, "\nlips left as they are: {}\n", error.what());
    }
}

void add_calibrate_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand(
        "calibrate", "Have lips drawn as wide as the speech network means them (train does it in the end)");
    command->add_option("person", arguments->person, "Person file, replaced")
        ->type_name("FILE.vultus")
        ->required();
    command->add_option("corpus", arguments->corpus, "Corpus folder that it was trained on")
        ->type_name("FOLDER")
        ->required();
    command->add_option("--frames", arguments->options.frames_per_round, "Drawn in each of two rounds")
        ->check(CLI::Range(500, 1000000))
        ->capture_default_str();
    command->add_option("--threads", arguments->options.num_threads, "0: all cores")
        ->check(CLI::NonNegativeNumber);
    command->add_flag("--after-training", arguments->after_training,
                      "What prevents it is said, and is no failure: the person can speak");
    command->callback([arguments] { run(*arguments); });
}

}  // namespace vultus::cli
