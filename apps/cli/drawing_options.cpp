#include "drawing_options.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "frame_rate.h"
#include "rendering/backdrop.h"
#include "sound_options.h"

namespace vultus::cli {
namespace {

using speaking::PoseOptions;

constexpr double kLeastForRatioS = 0.5;

/// What the options say, until all are known.
struct Given {
    std::string head = "model";
    bool no_idle = false, no_blinks = false, no_mark = false;
};

}  // namespace

void print_report(const rendering::TalkOptions& options, const rendering::TalkReport& report) {
    print_faults(report.faults);
    if (report.matte_certainty >= 0)
        fmt::print(stderr, "the person's outline is certain along {:.0f} % of it: {}{}\n",
                   100 * report.matte_certainty, rendering::Backdrop::word_for(report.matte_certainty),
                   report.matte_certainty < rendering::Backdrop::kFair
                       ? "; film before a wall of another colour than hair and clothes"
                       : "");
    if (!options.mark) fmt::print(stderr, "the picture carries no mark of origin, as its owner wished\n");
    // Of a few samples, a ratio would tell of the start alone.
    const std::string ratio =
        report.speech_s < kLeastForRatioS
            ? ""
            : fmt::format("{:.2f} s per second of speech; ", report.seconds / report.speech_s);
    fmt::print(stderr, "{} frames for {:.2f} s of speech in {:.1f} s ({}{}; {})\n", report.num_frames,
               report.speech_s, report.seconds, ratio, report.runtime, report.encoder);
    if (options.out != "-" && !options.out.empty()) fmt::print(stderr, "wrote {}\n", options.out.string());
    if (!options.frames.empty()) fmt::print(stderr, "wrote {}\n", options.frames.string());
}

std::function<void()> add_person_options(CLI::App& command, const DrawnPerson& drawn) {
    auto state = std::make_shared<Given>();
    command.add_option("--steps", drawn.talker.steps, "DDIM steps per frame (default: the person's)")
        ->check(CLI::Range(1, 1000));
    command.add_option("--seed", drawn.talker.seed, "Seed of x_T (default: the person's)")
        ->check(CLI::NonNegativeNumber);
    command.add_option("--crf", drawn.crf, "H.264 quality, lower is better")
        ->check(CLI::Range(0, 51))
        ->capture_default_str();
    command.add_option("--head", state->head, "Head motion")
        ->check(CLI::IsMember({"model", "still"}))
        ->capture_default_str();
    command.add_option("--head-scale", drawn.pose.scale, "Multiplies the head motion")
        ->check(CLI::Range(0.0, 3.0))
        ->capture_default_str();
    command.add_flag("--no-idle", state->no_idle, "No idle head motion");
    command.add_flag("--no-blinks", state->no_blinks, "No blinks");
    command.add_flag("--no-mark", state->no_mark,
                     "Without the invisible mark of origin; for the person file's owner only");
    return [drawn, state] {
        drawn.pose.source =
            state->head == "still" ? PoseOptions::Source::kStill : PoseOptions::Source::kModel;
        drawn.pose.idle_motion = !state->no_idle;
        drawn.pose.blinks = !state->no_blinks;
        drawn.mark = !state->no_mark;
    };
}

std::function<void()> add_drawing_options(CLI::App& command, rendering::TalkOptions& options) {
    auto fps = std::make_shared<std::string>();
    command
        .add_option("-o,--out", options.out,
                    "Video (mp4, mov, mkv, webm, webp, ts, gif), or - for raw RGB frames on standard output")
        ->type_name("FILE.mp4");
    command.add_option("--frames", options.frames, "New folder for PNG frames")->type_name("FOLDER");
    command.add_option("--fps", *fps, "Frames per second: 25, 59.94, 30000/1001 (default: the person's)");
    command
        .add_option("--size", options.size_px,
                    "Sides of the picture in px, even (default, and at most: the person's)")
        ->check(CLI::Range(16, 65536));
    command
        .add_option("--into", options.into,
                    "Recording or picture in the framing that was learnt from: the face goes back into it")
        ->type_name("FILE");
    command
        .add_option(
            "--background", options.background,
            "What lies behind the person: a colour (#rrggbb, white), a picture, or transparent (webm, webp, "
            "mov, PNG)")
        ->type_name("WHAT");
    command.add_option("--threads", options.num_threads, "Frames drawn at a time (default: one per core)")
        ->check(CLI::Range(0, 1024));
    command
        .add_option("--pose", options.pose_track,
                    "CSV of yaw,pitch,roll in degrees per frame; overrides --head")
        ->type_name("FILE.csv");
    command
        .add_option("--look-ahead", options.look_ahead_frames,
                    "Frames of sound that may shape a frame before they are heard; -1: all that help")
        ->capture_default_str();
    const auto settle =
        add_person_options(command, {options.talker, options.pose, options.crf, options.mark});
    return [&options, settle, fps, name = command.get_name()] {
        settle();
        if (!fps->empty()) {
            const FrameRate rate = parse_frame_rate(*fps, name.c_str());
            options.fps_num = rate.num;
            options.fps_den = rate.den;
        }
    };
}

}  // namespace vultus::cli
