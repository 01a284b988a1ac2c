#include <fmt/format.h>

#include <sstream>

#include "argument_order.h"
#include "base/error.h"
#include "base/output_file.h"
#include "commands.h"
#include "drawing_options.h"
#include "publishing/publish.h"
#include "sound_options.h"
#include "verify_command.h"

namespace vultus::cli {
namespace {

using publishing::PublishOptions;

constexpr std::size_t kMostTokenBytes = 65536;
constexpr int kCancelled = 130;  // as of all commands that Ctrl-C ended

/// What the options say, until all are known.
struct Given {
    std::string microphone;
    std::filesystem::path token_file;
    const CLI::Option* microphone_given = nullptr;
};

/// A file's first word.
std::string token_in(const std::filesystem::path& path) {
    std::istringstream text(read_file(path, kMostTokenBytes));
    std::string token;
    text >> token;
    if (token.empty())
        fail(ErrorCode::kInvalidArgument, "[live] {}: expected a token, it is empty", path.string());
    return token;
}

/// Empty: `--microphone` alone.
std::string refuse_no_microphone(std::string& device) {
    if (device.empty() || device == "default" || device.rfind("pulse:", 0) == 0 ||
        device.rfind("alsa:", 0) == 0)
        return "";
    return "expected pulse:NAME, alsa:NAME or nothing, got '" + device + "'";
}

void print_report(const PublishOptions& options, const publishing::PublishReport& report) {
    print_faults(report.faults);
    if (!options.mark) fmt::print(stderr, "the picture carries no mark of origin, as its owner wished\n");
    fmt::print(stderr, "{} frames in {:.1f} s, {:.1f} s of speech ({} late; {}; {})\n", report.num_frames,
               report.seconds, report.speech_s, report.num_late, report.runtime, report.encoder);
    if (report.num_unsent > 0)
        fmt::print(stderr, "{} connections, {} frames not sent\n", report.num_connections, report.num_unsent);
}

std::function<void()> add_options(CLI::App& command, PublishOptions& options, Given& given) {
    command.add_option("person", options.person, "Person file")->type_name("FILE.vultus")->required();
    command
        .add_option(
            "speech", options.speech,
            "Speech: any file FFmpeg reads; - for standard input, as it comes. Without it the face idles")
        ->type_name("FILE");
    given.microphone_given =
        command
            .add_option("--microphone", given.microphone,
                        "Speech from the microphone; --microphone=pulse:NAME or =alsa:NAME: from that one")
            ->type_name("DEVICE")
            ->expected(0, 1)
            ->check(CLI::Validator(&refuse_no_microphone, ""));
    command
        .add_option("--to", options.to,
                    "rtmp://, rtmps://, srt://, udp:// or tcp://HOST:PORT..., whip+https://HOST/..., "
                    "v4l2:/dev/videoN, - or pipe: for "
                    "MPEG-TS on standard output, or a file (mp4, mov, mkv, ts)")
        ->type_name("WHERE")
        ->required();
    command
        .add_option("--token-file", given.token_file,
                    "File with the secret that the server of whip+https:// wants")
        ->type_name("FILE");
    add_sound_options(command, options.audio);
    command.add_flag("--stay", options.stay, "Go on after the speech");
    command
        .add_option("--seconds", options.seconds,
                    "End after that time (default: with the speech; without any, by Ctrl-C)")
        ->check(CLI::PositiveNumber);
    command
        .add_option("--retries", options.retries,
                    "How often in a row a connection is tried again, with growing pauses; -1: for ever")
        ->check(CLI::Range(-1, 1000000))
        ->capture_default_str();
    return add_person_options(command, {options.talker, options.pose, options.crf, options.mark});
}

}  // namespace

void add_live_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("live", "A live face to a streaming server, a video device, a pipe or a file");
    auto options = std::make_shared<PublishOptions>();
    auto given = std::make_shared<Given>();
    const auto settle = add_options(*command, *options, *given);
    command->callback([options, given, settle] {
        settle();
        if (!given->token_file.empty()) options->token = token_in(given->token_file);
        options->audio.microphone = given->microphone_given->count() > 0;
        if (options->audio.microphone && !options->speech.empty())
            fail(ErrorCode::kInvalidArgument, "[live] speech: expected a file or --microphone, got both");
        if (options->audio.microphone)
            options->speech = given->microphone.empty() ? "default" : given->microphone;
        else if (!options->speech.empty())
            require_person_first("live", options->person, options->speech, "speech");
        const publishing::PublishReport report = publishing::publish(*options);
        print_report(*options, report);
        if (report.cancelled) throw ExitStatus{kCancelled};
    });
}

}  // namespace vultus::cli
