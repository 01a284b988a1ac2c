// `vultus manual`: the manual page, made of the options themselves.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "command_tree.h"
#include "commands.h"

namespace vultus::cli {
namespace {

constexpr const char* kDescription = R"(.SH DESCRIPTION
Vultus learns one person's talking face from a few minutes of video and renders new video of that person from speech.
Recordings become a corpus
.RB ( prepare ),
a corpus becomes a person file
.RB ( train ),
a person file and speech become a video
.RB ( talk ).
.PP
Make only people speak who agreed to it, and say that the video is synthetic.
)";

constexpr const char* kRest = R"(.SH EXIT STATUS
.TP
.B 0
Everything was done.
.TP
.B 1
It failed; one line on standard error says why, and nothing lies under the names of the outputs.
.TP
.B 2
The command line was wrong.
.TP
.B 130
Cancelled with Ctrl-C.
.SH ENVIRONMENT
.TP
.B VULTUS_MODELS
A folder that is looked into first for the files that come with Vultus.
.TP
.B ONEDNN_MAX_CPU_ISA
SSE41, AVX2, AVX512_CORE and so on: the newest instructions to use.
.SH FILES
.TP
.I PREFIX/share/vultus/grid-s1.vultus
A person to begin with.
.TP
.I PREFIX/share/vultus/speech-small.safetensors
The speech encoder that people listen with.
.SH EXAMPLES
.nf
vultus talk /usr/share/vultus/grid-s1.vultus speech.wav \-o out.mp4
.PP
vultus prepare clips/*.mkv \-o me.corpus
vultus train me.corpus \-o me.vultus \-\-budget 2h
vultus talk me.vultus speech.wav \-o out.mp4
.fi
.SH SEE ALSO
.BR ffmpeg (1)
)";

/// As text of a line of roff that it does not begin.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else if (c == '\'')
            result += "\\(aq";
        else
            result += c;
    }
    return result;
}

std::string sentence(std::string text) {
    text = escaped(text);
    if (!text.empty() && text[0] == '.') text.insert(0, "\\&");
    return text;
}

/// "CORPUS...", "[-o FILE]" and so on, in bold what is to be typed.
std::string synopsis(const CommandEntry& command) {
    std::string text = "\\fB" + escaped(command.path) + "\\fR";
    if (!command.commands.empty()) return text + " \\fICOMMAND\\fR ...";
    for (const OptionEntry& argument : command.arguments) {
        const std::string name =
            "\\fI" + escaped(argument.names[0]) + "\\fR" + (argument.repeated ? "..." : "");
        text += argument.required ? " " + name : " [" + name + "]";
    }
    for (const OptionEntry& option : command.options)
        if (option.required)
            text += fmt::format(" \\fB{}\\fR \\fI{}\\fR", escaped(option.names[0]), escaped(option.value));
    return text + " [\\fIoptions\\fR]";
}

std::string value_of(const OptionEntry& option) {
    std::vector<std::string> words;
    for (const std::string& word : split(option.value, '|')) {
        const bool typed = suggestions(word) == std::vector<std::string>{word};
        words.push_back(fmt::format("\\f{}{}\\fR", typed ? 'B' : 'I', escaped(word)));
    }
    return fmt::format("{}{}", fmt::join(words, "|"), option.repeated ? "..." : "");
}

std::string entry(const OptionEntry& option, bool positional) {
    std::vector<std::string> names;
    for (const std::string& name : option.names)
        names.push_back(fmt::format("\\f{}{}\\fR", positional ? 'I' : 'B', escaped(name)));
    std::string text = fmt::format(".TP\n{}", fmt::join(names, ", "));
    if (!option.value.empty()) text += (positional ? ": " : " ") + value_of(option);
    text += "\n" + sentence(option.help);
    if (!option.range.empty()) text += escaped(" [" + option.range + "]");
    if (!option.default_value.empty()) text += escaped(" (default: " + option.default_value + ")");
    return text + ".\n";
}

/// The command's part; `speech` is followed by the parts of its commands.
std::string section(const CommandEntry& command) {
    std::string text = fmt::format(".SS {}\n{}.\n", escaped(command.path), sentence(command.help));
    text += fmt::format(".PP\n{}\n", synopsis(command));
    for (const OptionEntry& argument : command.arguments) text += entry(argument, true);
    for (const OptionEntry& option : command.options)
        if (option.names[0] != "-h") text += entry(option, false);
    if (!command.footer.empty()) text += ".PP\n" + sentence(command.footer) + "\n";
    for (const CommandEntry& part : command.commands) text += section(part);
    return text;
}

std::string manual(const CommandEntry& program) {
    std::string text = ".\\\" Written by: vultus manual\n";
    text += fmt::format(".TH VULTUS 1 \"\" \"vultus {}\" \"User Commands\"\n", escaped(VULTUS_VERSION));
    text += ".SH NAME\nvultus \\- learn a talking face from video and speak with it\n";
    text += fmt::format(".SH SYNOPSIS\n{}\n{}", synopsis(program), kDescription);
    text +=
        ".SH OPTIONS\nThey may stand before or after a command; each command knows \\fB\\-\\-help\\fR, "
        "too.\n";
    for (const OptionEntry& option : program.options) text += entry(option, false);
    text += ".SH COMMANDS\n";
    for (const CommandEntry& command : program.commands) text += section(command);
    return text + kRest;
}

}  // namespace

void add_manual_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("manual", "The manual page, for man(1)");
    command->group("");  // not in the list of --help: packages install the page
    command->callback([&app] { fmt::print("{}", manual(describe(app))); });
}

}  // namespace vultus::cli
