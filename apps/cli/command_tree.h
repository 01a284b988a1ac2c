// The commands and their options as data, read off CLI11's objects, so that manual and completions show
// exactly what the program takes.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace vultus::cli {

struct OptionEntry {
    std::vector<std::string> names;  ///< "-o" and "--out", or the one name of a positional argument
    std::string value;               ///< "FILE.mp4", "model|still", "INT"; empty: a flag
    std::string help;
    std::string range;          ///< "0 - 51"; may be empty
    std::string default_value;  ///< may be empty
    bool required = false;
    bool repeated = false;  ///< takes any number of values
};

struct CommandEntry {
    std::string name;  ///< "talk"
    std::string path;  ///< "vultus speech check"
    std::string help;
    std::string footer;
    bool hidden = false;  ///< not in the list of commands
    std::vector<OptionEntry> arguments, options;
    std::vector<CommandEntry> commands;
};

CommandEntry describe(const CLI::App& app);
OptionEntry describe(const CLI::Option& option);

/// Parts of `text` between the `separator`s.
std::vector<std::string> split(const std::string& text, char separator);

/// Of an OptionEntry's value, what can be suggested: words as they are to be typed, "@file" (any),
/// "@file.mp4" (such ones), "@folder".
std::vector<std::string> suggestions(const std::string& value);

}  // namespace vultus::cli
