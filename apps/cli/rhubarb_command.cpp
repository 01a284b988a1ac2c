#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <optional>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "commands.h"
#include "media/audio_reader.h"
#include "person/bundled.h"
#include "pronunciation/ngram_model.h"
#include "pronunciation/pronunciations.h"
#include "pronunciation/text_file.h"
#include "rhubarb_log.h"
#include "transcription/phone_formats.h"
#include "transcription/speech_listener.h"

namespace vultus::cli {
namespace {

using Level = RhubarbLog::Level;

constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
/// Of the work, reading the sound; the rest is hearing it.
constexpr double kShareOfReading = 0.05;

struct Arguments {
    std::string sound, out, format = "tsv", dialog, recognizer = "pocketSphinx", log_file;
    std::string log_level = "debug", console_level = "error";
    transcription::PhoneFormatOptions options;
    bool machine_readable = false, quiet = false;
    int threads = 1;
};

/// As Rhubarb Lip Sync 1.14 names and describes them.
void add_options(CLI::App& app, Arguments& arguments) {
    const std::vector<std::string> levels = {"trace", "debug", "info", "warning", "error", "fatal"};
    app.add_option("inputFile", arguments.sound, "Any sound FFmpeg reads")->type_name("FILE")->required();
    app.add_option("-o,--output", arguments.out, "File (default: standard output)")->type_name("FILE");
    app.add_option("-f,--exportFormat", arguments.format, "Output format")
        ->check(CLI::IsMember({"dat", "tsv", "xml", "json"}, CLI::ignore_case))
        ->capture_default_str();
    app.add_option("-d,--dialogFile", arguments.dialog, "What is said, as far as known, in any language")
        ->type_name("FILE");
    app.add_option("-r,--recognizer", arguments.recognizer,
                   "pocketSphinx: English words; phonetic: sounds alone")
        ->check(CLI::IsMember({"pocketSphinx", "phonetic"}, CLI::ignore_case))
        ->capture_default_str();
    app.add_option("--extendedShapes", arguments.options.extended_shapes,
                   "Which of the mouth shapes G, H, X there are")
        ->capture_default_str();
    app.add_flag("-q,--quiet", arguments.quiet, "Nothing on standard error but warnings and errors");
    app.set_version_flag("--version", "\nRhubarb Lip Sync version 1.14.0\n");
    app.add_flag("--machineReadable", arguments.machine_readable, "All messages in JSON");
    app.add_option("--threads", arguments.threads, "Taken, but of no effect: one is used");
    app.add_option("--consoleLevel", arguments.console_level, "Least weight of messages on standard error")
        ->check(CLI::IsMember(levels, CLI::ignore_case))
        ->capture_default_str();
    app.add_option("--logFile", arguments.log_file, "Messages go there, too")->type_name("FILE");
    app.add_option("--logLevel", arguments.log_level, "Least weight of messages in that file")
        ->check(CLI::IsMember(levels, CLI::ignore_case))
        ->capture_default_str();
    app.add_option("--datFrameRate", arguments.options.dat_frame_rate, "Of the DAT format")
        ->capture_default_str();
    app.add_flag("--datUsePrestonBlair", arguments.options.dat_preston_blair,
                 "Moho's names in the DAT format");
}

/// The text where it is said, else what is heard without it: Rhubarb takes dialog as a hint, too.
alignment::PhoneTimes hear(const Arguments& arguments, const std::vector<float>& sound, RhubarbLog& log) {
    const auto on_part = [&](double share) { log.progress(kShareOfReading + (1 - kShareOfReading) * share); };
    const bool phonetic = CLI::detail::to_lower(arguments.recognizer) == "phonetic";
    if (!arguments.dialog.empty()) {
        const std::string text =
            pronunciation::decode_text(read_file(arguments.dialog, kMaxTextBytes), arguments.dialog);
        try {
            return transcription::SpeechListener({}).hear(sound, {.text = text}, on_part);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kInvalidArgument && error.code() != ErrorCode::kUnsupported) throw;
            log.message(Level::kWarning, fmt::format("The dialog is not used: {}", error.what()));
        }
    }
    const bool words = !phonetic && !pronunciation::NgramModel::usual_place().empty();
    return transcription::SpeechListener({.words = words}).hear(sound, {}, on_part);
}

void write_cues(const Arguments& arguments, RhubarbLog& log) {
    require_not_input(
        arguments.out,
        {arguments.sound, arguments.dialog, person::find_bundled(person::kSmallSpeechEncoder),
         pronunciation::Pronunciations::usual_place(), pronunciation::NgramModel::usual_place()});
    log.message(Level::kInfo, "Starting animation.");
    log.progress(0);
    std::vector<std::string> faults;
    const std::vector<float> sound =
        media::read_speech(arguments.sound, transcription::SpeechListener::kMaxSamples, {}, faults);
    for (const std::string& fault : faults) log.message(Level::kWarning, fault);
    log.progress(kShareOfReading);
    const alignment::PhoneTimes times = hear(arguments, sound, log);
    log.progress(1);
    log.message(Level::kInfo, "Done animating.");
    log.message(Level::kInfo, "Starting export.");
    const std::string format = CLI::detail::to_lower(arguments.format);
    transcription::PhoneFormatOptions options = arguments.options;
    options.sound_file = arguments.sound;
    const std::string file = transcription::format_phones(
        times, transcription::phone_format_named(format == "dat" ? format : "rhubarb-" + format), options);
    if (arguments.out.empty())
        fmt::print("{}", file);
    else
        write_file(arguments.out, file);
    log.message(Level::kInfo, "Done exporting.");
}

RhubarbLog log_of(const Arguments& arguments) {
    using Console = RhubarbLog::Console;
    RhubarbLog log(arguments.quiet              ? Console::kQuiet
                   : arguments.machine_readable ? Console::kMachineReadable
                                                : Console::kNice,
                   RhubarbLog::level_named(arguments.console_level));
    if (!arguments.log_file.empty()) {
        require_not_input(arguments.log_file, {arguments.sound, arguments.dialog});
        log.open_file(arguments.log_file, RhubarbLog::level_named(arguments.log_level));
    }
    return log;
}

int animate(const Arguments& arguments, const std::vector<std::string>& command_line) {
    RhubarbLog log = log_of(arguments);
    try {
        if (arguments.threads < 1) fail(ErrorCode::kInvalidArgument, "Thread count must be 1 or higher.");
        log.start(arguments.sound);
        log.message(Level::kDebug, fmt::format("Command line: \"{}\"", fmt::join(command_line, "\" \"")));
        write_cues(arguments, log);
        log.success();
        return 0;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::kCancelled) throw;
        log.failure(arguments.threads < 1
                        ? std::string(error.what())
                        : fmt::format("Error processing file {}.\n{}", arguments.sound, error.what()));
        return 1;
    }
}

}  // namespace

void add_rhubarb_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    // For the help, the manual and the completions: run_rhubarb parses for itself.
    add_options(*app.add_subcommand("rhubarb", "Mouth shapes by the command line of Rhubarb Lip Sync 1.14"),
                *arguments);
}

int run_rhubarb(const std::vector<std::string>& given) {
    Arguments arguments;
    CLI::App app("Mouth shapes by the command line of Rhubarb Lip Sync 1.14", "rhubarb");
    add_options(app, arguments);
    try {
        std::vector<std::string> backwards(given.rbegin(), given.rend());
        app.parse(backwards);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            std::ostringstream text;
            app.exit(error, text, text);
            fmt::print("{}", text.str());
            return 0;
        }
        const bool machine_readable =
            std::find(given.begin(), given.end(), "--machineReadable") != given.end();
        fmt::print(
            stderr,
            "Invalid command-line arguments. {}\n\nFor complete usage and help, type `rhubarb --help`\n\n",
            error.what());
        RhubarbLog(machine_readable ? RhubarbLog::Console::kMachineReadable : RhubarbLog::Console::kNice,
                   Level::kError)
            .failure("Invalid command line.");
        return 1;
    }
    return animate(arguments, given);
}

}  // namespace vultus::cli
