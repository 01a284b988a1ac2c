// The program from outside: its version, what it says to slips of the keyboard, and that manual and
// completions hold every option that --help lists.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>

#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "run_program_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using test::Finished;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::string help_of(const std::string& command) {
    std::vector<std::string> arguments;
    std::istringstream words(command);
    for (std::string word; words >> word;) arguments.push_back(word);
    arguments.push_back("--help");
    return test::run("vultus", arguments).out;
}

/// From "Subcommands:" of the help: "talk", "speech check" and so on.
std::vector<std::string> commands_below(const std::string& command) {
    std::vector<std::string> commands;
    const std::vector<std::string> lines = lines_of(help_of(command));
    auto line = std::find(lines.begin(), lines.end(), "Subcommands:");
    for (; line != lines.end(); ++line) {
        std::smatch name;
        if (!std::regex_search(*line, name, std::regex("^  ([a-z-]+)"))) continue;
        const std::string path = command.empty() ? name[1].str() : command + " " + name[1].str();
        commands.push_back(path);
        for (const std::string& part : commands_below(path)) commands.push_back(part);
    }
    return commands;
}

/// All names of a command's options, as the left column of its help has them.
std::set<std::string> options_of(const std::string& command) {
    std::set<std::string> options;
    for (const std::string& line : lines_of(help_of(command))) {
        std::smatch names;
        if (!std::regex_search(line, names, std::regex("^  (-[^ ]+)"))) continue;
        std::istringstream parts(names[1].str());
        for (std::string name; std::getline(parts, name, ',');) options.insert(name);
    }
    return options;
}

bool installed(const std::string& program) {
    return std::system(("command -v " + program + " > /dev/null").c_str()) == 0;
}

/// What a shell says when it runs `script` in a folder that holds me.vultus, b.mp4 and notes.txt; errors
/// included.
std::string shell(const std::string& name, const std::string& script) {
    const ScratchFolder scratch("shell");
    write_file(scratch / "script", script);
    fs::create_directories(scratch / "here");
    for (const char* file : {"me.vultus", "b.mp4", "notes.txt"}) write_file(scratch / "here" / file, "");
    const std::string command =
        "cd '" + (scratch / "here").string() + "' && " + name + " ../script > ../said 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_file(scratch / "said");
    return read_file(scratch / "said");
}

TEST(CommandLine, Version) {
    const Finished end = test::run("vultus", {"--version"});
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_TRUE(std::regex_search(
        end.out, std::regex(R"(^vultus \d+\.\d+\.\d+ \(([0-9a-f]{12}(-dirty)?|unknown)\)\n)")))
        << end.out;
    for (const char* part : {"built", "FFmpeg", "oneDNN", "trainer", "media"})
        EXPECT_NE(end.out.find(part), std::string::npos) << end.out;
    const test::Program::Options older{.environment = {"ONEDNN_MAX_CPU_ISA=SSE41"}};
    const std::string out = test::Program("vultus", {"--version"}, older).wait().out;
    EXPECT_NE(out.find("f32 on SSE4.1; own kernels for SSE2"), std::string::npos) << out;
}

TEST(CommandLine, AloneItShowsItsHelp) {
    const Finished end = test::run("vultus", {});
    EXPECT_EQ(end.exit_code, 2);
    EXPECT_EQ(end.out, help_of(""));
    EXPECT_EQ(end.err, "");
}

TEST(CommandLine, SlipsOfTheKeyboard) {
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"tlak"}, "vultus: unknown command 'tlak'; did you mean 'talk'? (vultus --help lists them)\n"},
        {{"-q", "prepaer", "a.mkv"},
         "vultus: unknown command 'prepaer'; did you mean 'prepare'? (vultus --help lists them)\n"},
        {{"sing", "--help"},
         "vultus: unknown command 'sing': expected learn, prepare, train, calibrate, talk, say, voices, "
         "live, serve, "
         "eval, info, verify, bench, phones, rhubarb, speech, completion, manual (vultus --help lists "
         "them)\n"},
        {{"talk", "a", "b", "--look-ahead", "far"},
         "vultus: --look-ahead: expected INT, got 'far' (vultus talk --help says more)\n"},
        {{"speech", "chekc"},
         "vultus: unknown command 'chekc'; did you mean 'check'? (vultus speech --help lists them)\n"},
        {{"talk", "a", "b", "--lok-ahead", "3"},
         "vultus: unknown option '--lok-ahead'; did you mean '--look-ahead'? (vultus talk --help lists "
         "them)\n"},
        {{"talk", "--haed=still"},
         "vultus: unknown option '--haed'; did you mean '--head'? (vultus talk --help lists them)\n"},
        {{"talk", "a", "b", "--quite"},
         "vultus: unknown option '--quite'; did you mean '--quiet'? (vultus talk --help lists them)\n"},
        {{"phones", "a.wav", "--text", "--fromat", "--utterly-new"},
         "vultus: unknown option '--utterly-new' (vultus phones --help lists them)\n"},
        {{"talk"}, "vultus: person is required (vultus talk --help says more)\n"},
    };
    for (const auto& [arguments, says] : cases) {
        const Finished end = test::run("vultus", arguments);
        EXPECT_EQ(end.exit_code, 2) << says;
        EXPECT_EQ(end.err, says);
        EXPECT_EQ(end.out, "");
    }
}

TEST(CommandLine, TheTrainersHelpNeedsNoTrainer) {
    EXPECT_NE(help_of("train").find("--budget TIME"), std::string::npos);
    EXPECT_NE(test::run("vultus", {"-q", "train", "--help"}).out.find("--budget TIME"), std::string::npos);
}

/// What follows `begin` in `text` up to `end`; empty if that is not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const std::size_t found = text.find(begin);
    if (found == std::string::npos) return "";
    const std::size_t from = found + begin.size();
    return text.substr(from, text.find(end, from) - from);
}

/// Manual and completion scripts, and a command's part of each.
struct Documents {
    std::string manual = test::run("vultus", {"manual"}).out;
    std::string bash = test::run("vultus", {"completion", "bash"}).out;
    std::string zsh = test::run("vultus", {"completion", "zsh"}).out;

    std::string page_of(const std::string& command) const {
        return std::regex_replace(
            between(manual, "\n.SS vultus " + std::regex_replace(command, std::regex("-"), "\\-") + "\n",
                    "\n.S"),
            std::regex(R"(\\-)"), "-");
    }
    std::set<std::string> bash_words_of(const std::string& command) const {
        std::istringstream words(
            between(between(bash, "_vultus_options=(", "\n)"), "[\"vultus " + command + "\"]=\"", "\""));
        return {std::istream_iterator<std::string>(words), {}};
    }
    std::string zsh_function_of(const std::string& command) const {
        return between(zsh, "\n_vultus_" + std::regex_replace(command, std::regex("[ -]"), "_") + "() {",
                       "\n}");
    }
};

TEST(CommandLine, EveryOptionIsInManualAndCompletions) {
    const Documents documents;
    const std::vector<std::string> commands = commands_below("");
    EXPECT_GE(commands.size(), 15u);
    std::size_t num_options = 0;
    for (const std::string& command : commands) {
        const std::string page = documents.page_of(command), zsh = documents.zsh_function_of(command);
        const std::set<std::string> bash = documents.bash_words_of(command);
        for (const std::string& option : options_of(command)) {
            ++num_options;
            EXPECT_TRUE(bash.contains(option)) << command << " " << option;
            EXPECT_TRUE(std::regex_search(zsh, std::regex("[)*']" + option + "[=+]?\\[")))
                << command << " " << option;
            if (option == "-h" || option == "--help") continue;  // said once for all
            EXPECT_NE(page.find("fB" + option + "\\fR"), std::string::npos) << command << " " << option;
        }
    }
    EXPECT_GT(num_options, 120u);
}

TEST(CommandLine, TheManualIsGoodRoff) {
    const ScratchFolder scratch("manual");
    const std::string page = (scratch.path() / "vultus.1").string();
    write_file(page, test::run("vultus", {"manual"}).out);
    if (!installed("man") || !installed("groff")) GTEST_SKIP() << "no man or groff";
    const std::string said =
        shell("sh", "LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l '" + page + "' > text\n");
    EXPECT_EQ(said, "") << "warnings of groff";
    EXPECT_NE(
        shell("sh", "LC_ALL=C.UTF-8 MANWIDTH=100 man -P cat -l '" + page + "'\n").find("--look-ahead INT"),
        std::string::npos);
}

TEST(CommandLine, BashCompletes) {
    if (!installed("bash")) GTEST_SKIP() << "no bash";
    // The words up to the cursor, the last one unfinished, and what Tab offers, in order.
    const std::pair<std::string, std::string> cases[] = {
        {"vultus ta", "talk"},
        {"vultus -q ta", "talk"},
        {"vultus speech ch", "check"},
        {"vultus talk me", "me.vultus"},
        {"vultus talk me.vultus ''", "b.mp4 me.vultus notes.txt"},
        {"vultus talk me.vultus a.wav ''", ""},
        {"vultus talk me.vultus a.wav --out ''", "b.mp4"},
        {"vultus talk --out x.mp4 me", "me.vultus"},
        {"vultus talk --no-idle me", "me.vultus"},
        {"vultus talk --seed -3 me", "me.vultus"},
        {"vultus talk --head ''", "model still"},
        {"vultus talk --head = st", "still"},
        {"vultus talk --head =", "model still"},
        {"vultus talk --head still --look", "--look-ahead"},
        {"vultus talk --qu", "--quiet"},
        {"vultus talk --steps ''", ""},
        {"vultus prepare a.mkv b.mkv no", "notes.txt"},
        {"vultus train --stage ph", "phones"},
        {"vultus train --speech ''", "b.mp4 log_mel me.vultus notes.txt small"},
        {"vultus-train --preset ''", "live paper"},
        {"vultus completion ''", "bash zsh"},
        {"vultus man", ""},
    };
    std::string script = "source <('" + test::program_path("vultus").string() +
                         "' completion bash) || exit 1\nset -u\n"
                         "offer() { COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); _vultus; echo \"$*: \"$("
                         "printf '%s\\n' \"${COMPREPLY[@]-}\" | LC_ALL=C sort); }\n";
    std::string expected;
    for (const auto& [words, offers] : cases) {
        script += "offer " + words + "\n";
        expected += std::regex_replace(words, std::regex("''"), "") + ": " + offers + "\n";
    }
    EXPECT_EQ(shell("bash", script), expected);
}

TEST(CommandLine, ZshReadsItsScript) {
    if (!installed("zsh")) GTEST_SKIP() << "no zsh";
    const std::string said =
        shell("zsh -f",
              "compdef() { print compdef \"$@\" }\n_arguments() { print -rl -- \"$@\" }\n"
              "source <('" +
                  test::program_path("vultus").string() + "' completion zsh)\n_vultus_talk\n_vultus_train\n");
    for (const char* line :
         {"compdef _vultus vultus vultus-train",
          "(-o --out)--out=[Video (mp4, mov, mkv, webm, webp, ts, gif), or - for raw RGB frames on standard "
          "output]:FILE.mp4: _vultus_take "
          "@file.mp4",
          "1:FILE.vultus: _vultus_take @file.vultus", ":model|still: _vultus_take model still",
          ":cpu|cuda|cuda\\:N: _vultus_take cpu cuda", "(--no-blinks)--no-blinks[No blinks]"})
        EXPECT_NE(said.find(line), std::string::npos) << line << " in:\n" << said;
}

}  // namespace
}  // namespace vultus
