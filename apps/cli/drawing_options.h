// The options of all commands that draw a person to a video.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "rendering/talk.h"

namespace vultus::cli {

/// --out, --frames and how the person is drawn. Call the result before `options` is used: it settles what
/// needs more than one option.
std::function<void()> add_drawing_options(CLI::App& command, rendering::TalkOptions& options);

/// Two lines on standard error: what was made, and where it is.
void print_report(const rendering::TalkOptions& options, const rendering::TalkReport& report);

}  // namespace vultus::cli
