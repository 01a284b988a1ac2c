#include "sound_options.h"

#include <fmt/format.h>

#include <map>

namespace vultus::cli {

void add_sound_options(CLI::App& command, media::AudioOptions& options) {
    using media::Channel;
    command
        .add_option("--raw", options.raw,
                    "The speech has no header: its format, rate in Hz and channels, as s16le:16000:1")
        ->type_name("FORMAT:HZ:CHANNELS");
    command
        .add_option_function<std::string>(
            "--channel",
            [&options](const std::string& name) {
                options.channel = name == "left"    ? Channel::kLeft
                                  : name == "right" ? Channel::kRight
                                                    : Channel::kMix;
            },
            "Which channel of a stereo sound is heard")
        ->check(CLI::IsMember({"mix", "left", "right"}))
        ->default_str("mix");
    command
        .add_option("--audio-track", options.track,
                    "Which of several sounds in a file is heard, from 1 on (default: the main one)")
        ->check(CLI::Range(1, 1000));
    command.add_flag("--strict", options.strict,
                     "Refuse sound that is cut short, damaged, cancels itself or is far too loud");
}

void print_faults(const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) fmt::print(stderr, "warning: {}\n", fault);
}

}  // namespace vultus::cli
