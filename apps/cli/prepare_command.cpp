#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands.h"
#include "frame_rate.h"
#include "preparation/prepare.h"

namespace vultus::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::vector<std::string> inputs;
    std::string fps;
    bool no_resume = false;
    preparation::PrepareOptions options;
};

/// Notes that lie beside recordings.
bool is_note(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".md" || extension == ".txt" || extension == ".json" ||
           path.filename().string()[0] == '.';
}

/// A folder stands for the files in it.
std::vector<fs::path> expand(const std::vector<std::string>& inputs) {
    std::vector<fs::path> files;
    for (const fs::path input : inputs) {
        if (!fs::is_directory(input)) {
            files.push_back(input);
            continue;
        }
        for (const auto& entry : fs::directory_iterator(input)) {
            if (entry.is_regular_file() && !is_note(entry.path())) files.push_back(entry.path());
        }
    }
    return files;
}

void run(Arguments& arguments) {
    arguments.options.inputs = expand(arguments.inputs);
    arguments.options.resume = !arguments.no_resume;
    if (!arguments.fps.empty()) {
        const FrameRate rate = parse_frame_rate(arguments.fps, "prepare");
        arguments.options.fps_num = rate.num;
        arguments.options.fps_den = rate.den;
    }
    const preparation::PrepareReport report = preparation::prepare(arguments.options);
    if (const auto given = static_cast<int>(arguments.options.inputs.size()); given > report.num_inputs)
        fmt::print("{} files were given more than once\n", given - report.num_inputs);
    for (const std::string& line : report.renamed) fmt::print("renamed   {}\n", line);
    for (const std::string& line : report.left_out) fmt::print("left out  {}\n", line);
    for (const std::string& line : report.moved) fmt::print("moved     {}\n", line);
    fmt::print("{} of {} recordings kept, {} frames ({} of them without one clear face)\n", report.num_kept,
               report.num_inputs, report.num_frames, report.num_invalid_frames);
    fmt::print("{0}: look at {0}/contact_sheet.png\n", report.corpus.string());
}

}  // namespace

void add_prepare_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("prepare", "Turn recordings of one person into a corpus");
    command->add_option("recordings", arguments->inputs, "Video files with sound, or folders of them")
        ->type_name("FILE")
        ->required();
    command->add_option("-o,--out", arguments->options.out, "Corpus folder")->type_name("FOLDER")->required();
    command->add_option("--size", arguments->options.size_px, "Side of the square crop, px")
        ->capture_default_str();
    command->add_option("--fps", arguments->fps,
                        "Frame rate: 25, 59.94, 30000/1001 (default: what most recordings have)");
    command->add_option("--crf", arguments->options.crf, "Quality of the stored crops, lower is better")
        ->check(CLI::Range(0, 40))
        ->capture_default_str();
    command
        ->add_option("--min-valid", arguments->options.min_valid,
                     "Least share of frames with one clear face, else the recording is left out")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command->add_option("--threads", arguments->options.threads, "Recordings worked on at once")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command->add_flag("--keep-sound", arguments->options.keep_audio_offset,
                      "Leave the sound where it is, even where the lips say that it is early or late");
    command->add_flag("--no-resume", arguments->no_resume, "Measure and encode everything again");
    command->callback([arguments] { run(*arguments); });
}

}  // namespace vultus::cli
