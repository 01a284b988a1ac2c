#include <fmt/format.h>

#include <memory>

#include "argument_order.h"
#include "commands.h"
#include "evaluation/eval_person.h"

namespace vultus::cli {
namespace {

struct Arguments {
    std::string person, corpus;
    speaking::TalkerOptions talker;
    evaluation::EvalOptions options;
    int look_ahead_frames = -1;
    bool no_video = false;
};

void run(Arguments& arguments) {
    require_person_first("eval", arguments.person, arguments.corpus, "a corpus folder");
    arguments.options.video = !arguments.no_video;
    const std::string table = evaluation::evaluate_person(
        arguments.person, arguments.corpus, arguments.talker, arguments.options, arguments.look_ahead_frames);
    fmt::print("{}\nThe page is {}\n", table, (arguments.options.report / "index.html").string());
}

}  // namespace

void add_eval_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    auto& options = arguments->options;
    CLI::App* command = app.add_subcommand("eval", "Measure a person on clips that were never trained on");
    command->add_option("person", arguments->person, "Person file")->type_name("FILE.vultus")->required();
    command->add_option("corpus", arguments->corpus, "Corpus folder")->type_name("FOLDER")->required();
    command->add_option("-o,--out", options.report, "Report folder")->type_name("FOLDER")->required();
    command->add_option("--speech", options.voices, "Speech of other voices to drive the person with")
        ->type_name("FILE");
    command->add_option("--speech-seconds", options.max_voice_s, "Of each of these, at most")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command
        ->add_option(
            "--rest-seconds", options.rest_s,
            "Show how the mouth rests in this much silence, noise, music, breath and clicks; 0: do not")
        ->check(CLI::NonNegativeNumber);
    command
        ->add_option("--labels", options.labels,
                     "Speech corpus with the clips' phones: counts the lips that close at p, b and m")
        ->type_name("FOLDER");
    command->add_option("--max-clips", options.max_clips, "Validation clips to generate; 0: all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command
        ->add_option("--steps", arguments->talker.steps, "Diffusion steps a frame; 0: the person's default")
        ->check(CLI::NonNegativeNumber);
    command->add_option("--seed", arguments->talker.seed, "Seed of the noise image; -1: the person's own");
    command->add_option("--threads", arguments->talker.num_threads, "0: all cores")
        ->check(CLI::NonNegativeNumber);
    command->add_option("--look-ahead", arguments->look_ahead_frames, "As of talk; 0: as live speech")
        ->capture_default_str();
    command->add_flag("--recorded-pose", options.recorded_pose,
                      "Give the speech-driven clips the recording's head pose: measures the lips alone");
    command->add_option("--video-clips", options.video_clips, "Clips in side_by_side.mp4")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    command->add_flag("--no-video", arguments->no_video, "Write no videos");
    command->callback([arguments] { run(*arguments); });
}

}  // namespace vultus::cli
