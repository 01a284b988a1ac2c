// `vultus completion`: what the Tab key needs to know, made of the options themselves.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "command_tree.h"
#include "commands.h"
#include "completion_scripts.h"

namespace vultus::cli {
namespace {

/// Goes between double quotes of bash: names and suggestions hold no character that these do not protect.
using Table = std::map<std::string, std::string>;

std::string words_for(const OptionEntry& option) {
    std::vector<std::string> words = suggestions(option.value);
    // Words in any number make sense for paths only; numbers are written with commas.
    if (option.repeated && !words.empty()) words.push_back("@more");
    return fmt::format("{}", fmt::join(words, " "));
}

void fill(const CommandEntry& command, Table& commands, Table& options, Table& values) {
    std::vector<std::string> names;
    for (const CommandEntry& part : command.commands) {
        if (!part.hidden) names.push_back(part.name);
        fill(part, commands, options, values);
    }
    if (!names.empty()) commands[command.path] = fmt::format("{}", fmt::join(names, " "));
    names.clear();
    for (const OptionEntry& option : command.options)
        for (const std::string& name : option.names) {
            names.push_back(name);
            if (!option.value.empty()) values[command.path + " " + name] = words_for(option);
        }
    options[command.path] = fmt::format("{}", fmt::join(names, " "));
    for (std::size_t i = 0; i < command.arguments.size(); ++i)
        values[fmt::format("{} {}", command.path, i)] = words_for(command.arguments[i]);
}

std::string bash_table(const char* name, const Table& table) {
    std::string text = fmt::format("declare -gA {}=(\n", name);
    for (const auto& [key, words] : table) text += fmt::format("  [\"{}\"]=\"{}\"\n", key, words);
    return text + ")\n";
}

std::string bash_completion(const CommandEntry& program) {
    Table commands, options, values;
    fill(program, commands, options, values);
    return kBashHead + bash_table("_vultus_commands", commands) + bash_table("_vultus_options", options) +
           bash_table("_vultus_values", values) + kBashFunctions;
}

/// Inside single quotes, where `special` characters want a backslash.
std::string quoted(const std::string& text, const char* special) {
    std::string result;
    for (const char c : text) {
        if (c == '\'')
            result += "'\\'";
        else if (std::string_view(special).find(c) != std::string_view::npos)
            result += '\\';
        result += c;
    }
    return result;
}

/// A help text between the brackets of an option in the language of _arguments.
std::string in_brackets(std::string text) {
    std::replace(text.begin(), text.end(), '[', '(');
    std::replace(text.begin(), text.end(), ']', ')');
    return quoted(text, "\\");
}

std::string zsh_function(const std::string& path) {
    if (path.find(' ') == std::string::npos) return "_vultus_commands";
    std::string name = "_" + path;
    for (char& c : name)
        if (c == ' ' || c == '-') c = '_';
    return name;
}

/// ":FILE.mp4: _vultus_take @file.mp4", the end of an option or argument in the language of _arguments.
std::string zsh_action(const OptionEntry& option) {
    if (option.value.empty()) return "";
    const std::vector<std::string> words = suggestions(option.value);
    return fmt::format(":{}:{}", quoted(option.value, ":"),
                       words.empty() ? " " : fmt::format(" _vultus_take {}", fmt::join(words, " ")));
}

std::string zsh_arguments(const CommandEntry& command) {
    std::string text;
    for (const OptionEntry& option : command.options)
        for (const std::string& name : option.names) {
            const bool is_long = name.rfind("--", 0) == 0;
            text +=
                fmt::format(" \\\n    '{}{}{}[{}]{}'",
                            option.repeated ? "*" : fmt::format("({})", fmt::join(option.names, " ")), name,
                            option.value.empty() ? ""
                            : is_long            ? "="
                                                 : "+",
                            in_brackets(option.help), zsh_action(option));
        }
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const OptionEntry& argument = command.arguments[i];
        text += fmt::format(" \\\n    '{}{}'", argument.repeated ? "*" : std::to_string(i + 1),
                            zsh_action(argument));
    }
    return text;
}

std::string zsh_group(const CommandEntry& command) {
    std::string list, cases;
    for (const CommandEntry& part : command.commands) {
        if (!part.hidden) list += fmt::format("    '{}:{}'\n", part.name, quoted(part.help, ":\\"));
        cases += fmt::format("        {}) {} ;;\n", part.name, zsh_function(part.path));
    }
    return fmt::format(kZshGroup, fmt::arg("function", zsh_function(command.path)),
                       fmt::arg("arguments", zsh_arguments(command)), fmt::arg("list", list),
                       fmt::arg("cases", cases));
}

std::string zsh_functions(const CommandEntry& command) {
    std::string text;
    for (const CommandEntry& part : command.commands) text += zsh_functions(part);
    if (!command.commands.empty()) return text + zsh_group(command);
    return text + fmt::format("{}() {{\n  _arguments -S{}\n}}\n\n", zsh_function(command.path),
                              zsh_arguments(command));
}

std::string zsh_completion(const CommandEntry& program) {
    return kZshHead + zsh_functions(program) + kZshEnd;
}

}  // namespace

void add_completion_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "completion", "What a shell's Tab key needs to know: source <(vultus completion bash)");
    auto shell = std::make_shared<std::string>();
    command->add_option("shell", *shell, "Which shell")->required()->check(CLI::IsMember({"bash", "zsh"}));
    command->callback([&app, shell] {
        const CommandEntry program = describe(app);
        fmt::print("{}", *shell == "bash" ? bash_completion(program) : zsh_completion(program));
    });
}

}  // namespace vultus::cli
