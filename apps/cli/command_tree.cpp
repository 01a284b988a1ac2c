#include "command_tree.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace vultus::cli {
namespace {

/// CLI11's name of the type, followed by what its checks say: "TEXT:{model,still}", "INT:INT in [0 - 51]".
void describe_value(const CLI::Option& option, OptionEntry& entry) {
    const std::string type = option.get_type_name();
    const std::size_t colon = type.find(":{"), range = type.find(" in [");
    entry.value = type.substr(0, type.find(':'));
    if (type.find('|') != std::string::npos) entry.value = type;  // a list of ours, which may hold "cuda:N"
    if (colon != std::string::npos) {
        entry.value = type.substr(colon + 2, type.find('}', colon) - colon - 2);
        std::replace(entry.value.begin(), entry.value.end(), ',', '|');
    }
    if (range != std::string::npos) entry.range = type.substr(range + 5, type.find(']', range) - range - 5);
    if (type.find(":NONNEGATIVE") != std::string::npos) entry.range = "0 or more";
    if (type.find(":POSITIVE") != std::string::npos) entry.range = "more than 0";
}

CommandEntry describe(const CLI::App& app, const std::string& above) {
    CommandEntry entry;
    entry.name = app.get_name();
    entry.path = above.empty() ? entry.name : above + " " + entry.name;
    entry.help = app.get_description();
    entry.footer = app.get_footer();
    entry.hidden = app.get_group().empty();
    for (const CLI::Option* option : app.get_options())
        (option->get_positional() ? entry.arguments : entry.options).push_back(cli::describe(*option));
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        entry.commands.push_back(describe(*command, entry.path));
    return entry;
}

bool is_typed_as_it_is(const std::string& word) {
    return !word.empty() &&
           std::none_of(word.begin(), word.end(), [](unsigned char c) { return std::isupper(c) != 0; });
}

}  // namespace

OptionEntry describe(const CLI::Option& option) {
    OptionEntry entry;
    for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
    if (option.get_positional()) entry.names = {option.get_name(true)};
    entry.help = option.get_description();
    entry.default_value = option.get_default_str();
    entry.required = option.get_required();
    if (option.get_type_size_max() > 0) describe_value(option, entry);
    entry.repeated = option.get_expected_max() > 1 && !entry.value.empty();
    return entry;
}

CommandEntry describe(const CLI::App& app) { return describe(app, ""); }

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
    return parts;
}

std::vector<std::string> suggestions(const std::string& value) {
    std::vector<std::string> result;
    for (const std::string& part : split(value, '|')) {
        if (is_typed_as_it_is(part))
            result.push_back(part);
        else if (part == "FOLDER")
            result.push_back("@folder");
        else if (part == "FILE" || part.rfind("FILE.", 0) == 0)
            result.push_back("@file" + part.substr(4));
    }
    return result;
}

}  // namespace vultus::cli
