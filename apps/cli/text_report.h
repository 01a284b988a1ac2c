// What a command takes of a text beside the text, and what it says of how it fits.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "alignment/phone_times.h"

namespace vultus::cli {

/// --language and --exact.
void add_text_options(CLI::App& command, std::string& language, bool& exact);

/// On standard error: the language where it was guessed, and where text and sound part.
void print_text_report(const alignment::PhoneTimes& times, bool guessed);

}  // namespace vultus::cli
