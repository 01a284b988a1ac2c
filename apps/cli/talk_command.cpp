#include "argument_order.h"
#include "commands.h"
#include "drawing_options.h"
#include "rendering/talk.h"
#include "sound_options.h"

namespace vultus::cli {

void add_talk_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("talk", "Make a person say the given speech");
    auto options = std::make_shared<rendering::TalkOptions>();
    command->add_option("person", options->person, "Person file")->type_name("FILE.vultus")->required();
    command
        ->add_option("speech", options->speech,
                     "Speech: any file FFmpeg reads, also through a pipe; - for standard input")
        ->type_name("FILE")
        ->required();
    add_sound_options(*command, options->audio);
    const auto settle = add_drawing_options(*command, *options);
    command->callback([options, settle] {
        settle();
        require_person_first("talk", options->person, options->speech, "speech");
        print_report(*options, rendering::talk(*options));
    });
}

}  // namespace vultus::cli
