// The options of all commands that read speech.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "media/audio_reader.h"

namespace vultus::cli {

/// --raw, --channel, --audio-track and --strict.
void add_sound_options(CLI::App& command, media::AudioOptions& options);

/// One line each on standard error.
void print_faults(const std::vector<std::string>& faults);

}  // namespace vultus::cli
