// The options of all commands that draw a person to a video.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "rendering/talk.h"

namespace vultus::cli {

/// What both videos and streams are asked for.
struct DrawnPerson {
    speaking::TalkerOptions& talker;
    speaking::PoseOptions& pose;
    int& crf;
    bool& mark;
};

/// --steps, --seed, --crf, --head and so on, up to --no-mark. Call the result as that of
/// add_drawing_options().
std::function<void()> add_person_options(CLI::App& command, const DrawnPerson& drawn);

/// --out, --frames and how the person is drawn. Call the result before `options` is used: it settles what
/// needs more than one option.
std::function<void()> add_drawing_options(CLI::App& command, rendering::TalkOptions& options);

/// Two lines on standard error: what was made, and where it is.
void print_report(const rendering::TalkOptions& options, const rendering::TalkReport& report);

}  // namespace vultus::cli
