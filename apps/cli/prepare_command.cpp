#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "commands.h"
#include "preparation/prepare.h"

namespace vultus::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::vector<std::string> inputs;
    std::string fps, face;
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

/// "25", "30000/1001" or "59.94", which stands for 60000/1001.
void parse_fps(const std::string& text, preparation::PrepareOptions& options) {
    int num = 0, den = 1;
    char rest = 0;
    double value = 0;
    if (std::sscanf(text.c_str(), "%d/%d%c", &num, &den, &rest) == 2 && num > 0 && den > 0) {
        options.fps_num = num;
        options.fps_den = den;
    } else if (std::sscanf(text.c_str(), "%lf%c", &value, &rest) == 1 && value >= 1 && value <= 240) {
        const double nearest = std::round(value);
        const bool ntsc =
            std::abs(value - nearest * 1000 / 1001) < 0.005 && std::abs(value - nearest) > 0.005;
        options.fps_num =
            ntsc ? static_cast<int>(nearest) * 1000 : static_cast<int>(std::lround(value * 1000));
        options.fps_den = ntsc ? 1001 : 1000;
        if (!ntsc && options.fps_num % 1000 == 0) {
            options.fps_num /= 1000;
            options.fps_den = 1;
        }
    } else {
        fail(ErrorCode::kInvalidArgument,
             "[prepare] --fps: expected a rate like 25, 59.94 or 30000/1001, got '{}'", text);
    }
}

/// "largest", "left", "right" or "X,Y".
void parse_face(const std::string& text, face::FaceWanted& wanted) {
    using Rule = face::FaceWanted::Rule;
    char rest = 0;
    if (text == "largest") {
        wanted.rule = Rule::kLargest;
    } else if (text == "left") {
        wanted.rule = Rule::kLeft;
    } else if (text == "right") {
        wanted.rule = Rule::kRight;
    } else if (std::sscanf(text.c_str(), "%lf,%lf%c", &wanted.x_px, &wanted.y_px, &rest) == 2) {
        wanted.rule = Rule::kAt;
    } else {
        fail(ErrorCode::kInvalidArgument,
             "[prepare] --face: expected largest, left, right or a place X,Y in pixels, got '{}'", text);
    }
}

void run(Arguments& arguments) {
    arguments.options.inputs = expand(arguments.inputs);
    arguments.options.resume = !arguments.no_resume;
    if (!arguments.fps.empty()) parse_fps(arguments.fps, arguments.options);
    if (!arguments.face.empty()) parse_face(arguments.face, arguments.options.face);
    const preparation::PrepareReport report = preparation::prepare(arguments.options);
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
