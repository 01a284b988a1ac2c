// What is wrong with a command line, in one line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace vultus::cli {

/// "unknown command 'tlak'; did you mean 'talk'? (vultus --help lists them)", or empty when the arguments
/// (without the program's name) name a command or none at all.
std::string unknown_command(CLI::App& app, const std::vector<std::string>& arguments);

/// Why these arguments were refused, with the option that an unknown one may stand for.
std::string explain(CLI::App& app, const std::vector<std::string>& arguments, const CLI::ParseError& error);

}  // namespace vultus::cli
