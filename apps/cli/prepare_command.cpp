#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "recordings.h"

namespace vultus::cli {
namespace {

struct Arguments {
    std::vector<std::string> inputs;
    std::string fps, face;
    bool no_resume = false;
    preparation::PrepareOptions options;
};

void run(Arguments& arguments) {
    arguments.options.inputs = expand(arguments.inputs);
    arguments.options.resume = !arguments.no_resume;
    if (!arguments.fps.empty()) parse_fps(arguments.fps, arguments.options);
    if (!arguments.face.empty()) parse_face(arguments.face, arguments.options.face);
    const preparation::PrepareReport report = preparation::prepare(arguments.options);
    if (const auto given = static_cast<int>(arguments.options.inputs.size()); given > report.num_inputs)
        fmt::print("{} files were given more than once\n", given - report.num_inputs);
    for (const std::string& line : report.renamed) fmt::print("renamed   {}\n", line);
    for (const std::string& line : report.left_out) fmt::print("left out  {}\n", line);
    for (const std::string& line : report.moved) fmt::print("moved     {}\n", line);
    for (const std::string& line : report.notes) fmt::print("note      {}\n", line);
    fmt::print("{}\n", preparation::summary_line(report));
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
    command->add_option(
        "--size", arguments->options.size_px,
        "Side of the square crop, px (default: the largest of 256, 384, 512 that the face has the "
        "pixels for)");
    command->add_option("--fps", arguments->fps,
                        "Frame rate: 25, 59.94, 30000/1001 (default: what most recordings have)");
    command->add_option("--face", arguments->face,
                        "Where several faces are seen: largest, left, right, or the one at X,Y (pixels)");
    command
        ->add_option("--hold-out", arguments->options.hold_out,
                     "Share of the time that is not learnt but measured with")
        ->check(CLI::Range(0.0, 0.5))
        ->capture_default_str();
    command->add_option("--crf", arguments->options.crf, "Quality of the stored crops, lower is better")
        ->check(CLI::Range(0, 40))
        ->capture_default_str();
    command
        ->add_option("--min-valid", arguments->options.min_valid,
                     "Least share of frames with one clear face, else that part is left out")
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
