#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "base/output_file.h"
#include "commands.h"
#include "drawing_options.h"
#include "pronunciation/text_file.h"
#include "rendering/say.h"
#include "voices/voice.h"

namespace vultus::cli {
namespace {

/// The text, wherever it comes from.
std::string text_of(const std::string& given, const std::filesystem::path& file) {
    if (!file.empty() && !given.empty())
        fail(ErrorCode::kInvalidArgument, "[say] text: expected one, or --text-file, got both");
    if (file.empty() && given.empty())
        fail(ErrorCode::kInvalidArgument,
             "[say] text: expected one, or --text-file, or - for standard input");
    if (file.empty() && given != "-") return given;
    const std::filesystem::path from = file.empty() ? std::filesystem::path("-") : file;
    return pronunciation::decode_text(read_file(from, voices::kMostTextBytes), from.string());
}

}  // namespace

void add_say_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("say", "Make a person say a text");
    auto options = std::make_shared<rendering::SayOptions>();
    auto text = std::make_shared<std::string>();
    command->add_option("person", options->talk.person, "Person file")->type_name("FILE.vultus")->required();
    command->add_option("text", *text, "What to say; - for standard input. [pause 500] is half a second");
    command->add_option("--text-file", options->text_file, "A file that holds it; - for standard input")
        ->type_name("FILE");
    command->add_option("--voice", options->voice,
                        "One of `vultus voices`, 'cmd:PROGRAM ...' or the URL of a server with OpenAI's "
                        "/v1/audio/speech (default: the first that is installed)");
    command
        ->add_option("--voice-limit", options->voice_options.limit_s,
                     "Seconds that the voice may take for one sentence")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    const auto settle = add_drawing_options(*command, options->talk);
    command->callback([options, text, settle] {
        settle();
        options->text = text_of(*text, options->text_file);
        if (const char* key = std::getenv("VULTUS_VOICE_KEY")) options->voice_options.api_key = key;
        print_report(options->talk, rendering::say(*options));
    });
    command->footer("The environment's VULTUS_VOICE_KEY is sent to a voice's server as bearer token.");
}

void add_voices_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("voices", "The voices that are installed here");
    command->callback([] {
        const auto all = voices::installed_voices();
        for (const voices::VoiceInfo& voice : all) fmt::print("{:16}  {}\n", voice.name, voice.description);
        if (all.empty())
            fmt::print(stderr, "no voice is installed (Debian: apt-get install flite, or espeak-ng)\n");
        fmt::print(stderr,
                   "Others: --voice 'cmd:piper -m en.onnx -f {{out}}' (any program), "
                   "--voice 'http://127.0.0.1:8880/v1?voice=NAME&model=NAME' (a server)\n");
    });
}

}  // namespace vultus::cli
