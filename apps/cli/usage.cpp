#include "usage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/spelling.h"
#include "command_tree.h"

namespace vultus::cli {
namespace {

std::vector<std::string> names_of_commands(CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

CLI::App* find_command(CLI::App& app, const std::string& name) {
    const auto found = app.get_subcommands([&](CLI::App* command) { return command->get_name() == name; });
    return found.empty() ? nullptr : found[0];
}

/// The command that arguments lead to, and where its own arguments begin.
struct Place {
    CLI::App* command;
    std::size_t next = 0;
};

/// Options between the commands have no values.
Place command_of(CLI::App& app, const std::vector<std::string>& arguments) {
    Place place{&app};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].rfind('-', 0) == 0) continue;
        CLI::App* found = find_command(*place.command, arguments[i]);
        if (found == nullptr) break;
        place = {found, i + 1};
    }
    return place;
}

std::string full_name(const CLI::App* command) {
    const CLI::App* group = command->get_parent();
    return group == nullptr ? command->get_name() : full_name(group) + " " + command->get_name();
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
    const std::string nearest = nearest_word(word, known);
    return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

std::string did_you_mean_one_of(const std::string& word, const std::vector<std::string>& known) {
    const std::string nearest = did_you_mean(word, known);
    return nearest.empty() ? fmt::format(": expected {}", fmt::join(known, ", ")) : nearest;
}

/// Of the command and of those above it, whose options may stand after it.
const CLI::Option* find_option(const CLI::App* command, const std::string& name) {
    for (; command != nullptr; command = command->get_parent())
        if (const CLI::Option* option = command->get_option_no_throw(name)) return option;
    return nullptr;
}

/// CLI11's "Could not convert: --crf = abc", as all others say it; empty for other errors.
std::string explain_value(const CLI::App& command, const CLI::ParseError& error) {
    if (dynamic_cast<const CLI::ConversionError*>(&error) == nullptr) return "";
    const std::string text = error.what();
    const std::size_t colon = text.find(": "), equals = text.find(" = ");
    if (colon == std::string::npos || equals == std::string::npos) return "";
    const std::string name = text.substr(colon + 2, equals - colon - 2), value = text.substr(equals + 3);
    const CLI::Option* option = find_option(&command, name);
    if (option == nullptr) return "";
    const OptionEntry entry = describe(*option);
    return fmt::format("{}: expected {}{}, got '{}'", name, entry.value,
                       entry.range.empty() ? "" : " in " + entry.range, value);
}

std::vector<std::string> long_options(const CLI::App* command) {
    std::vector<std::string> names;
    for (; command != nullptr; command = command->get_parent())
        for (const CLI::Option* option : command->get_options())
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

/// The first word that looks like a long option and is none, unless it is another one's value.
std::string unknown_option(const Place& place, const std::vector<std::string>& arguments) {
    bool is_value = false;
    for (std::size_t i = place.next; i < arguments.size(); ++i) {
        const std::string name = arguments[i].substr(0, arguments[i].find('='));
        if (name == "--") break;
        const CLI::Option* option = name.rfind('-', 0) == 0 ? find_option(place.command, name) : nullptr;
        if (!is_value && option == nullptr && name.rfind("--", 0) == 0) return name;
        is_value = option != nullptr && option->get_items_expected_min() > 0 && name == arguments[i];
    }
    return "";
}

}  // namespace

std::string unknown_command(CLI::App& app, const std::vector<std::string>& arguments) {
    const Place place = command_of(app, arguments);
    if (place.command->get_require_subcommand_min() == 0) return "";
    for (std::size_t i = place.next; i < arguments.size(); ++i) {
        if (arguments[i] == "-h" || arguments[i] == "--help" || arguments[i] == "--version") break;
        if (arguments[i].rfind('-', 0) == 0) continue;
        return fmt::format("unknown command '{}'{} ({} --help lists them)", arguments[i],
                           did_you_mean_one_of(arguments[i], names_of_commands(*place.command)),
                           full_name(place.command));
    }
    return "";
}

std::string explain(CLI::App& app, const std::vector<std::string>& arguments, const CLI::ParseError& error) {
    const Place place = command_of(app, arguments);
    const std::string command = full_name(place.command), option = unknown_option(place, arguments);
    if (!option.empty())
        return fmt::format("unknown option '{}'{} ({} --help lists them)", option,
                           did_you_mean(option, long_options(place.command)), command);
    const std::string value = explain_value(*place.command, error);
    return fmt::format("{} ({} --help says more)", value.empty() ? error.what() : value, command);
}

}  // namespace vultus::cli
