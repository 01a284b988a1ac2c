#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "person/bundled.h"
#include "sound_options.h"
#include "speech_data/speech_feature_file.h"

namespace vultus::cli {

void add_speech_features_command(CLI::App& group) {
    auto options = std::make_shared<speech_data::SpeechFeatureFileOptions>();
    CLI::App* command =
        group.add_subcommand("features", "Write the features of a speech encoder as a NumPy array");
    command->add_option("sound", options->sound, "Any file FFmpeg reads; - for standard input")
        ->type_name("FILE")
        ->required();
    add_sound_options(*command, options->audio);
    command
        ->add_option("-e,--encoder", options->encoder,
                     "wav2vec 2.0 or HuBERT as safetensors, or a file of 'train --stage phones' (default: "
                     "the bundled one)")
        ->type_name("FILE.safetensors");
    CLI::Option* layer = command->add_option("-l,--layer", options->layers.layer,
                                             "Hidden state of wav2vec 2.0 or HuBERT (default: the last)");
    command
        ->add_option("--layer-weights", options->layers.layer_weights,
                     "Weighted sum of all hidden states: one number each, with commas")
        ->delimiter(',')
        ->excludes(layer);
    command->add_flag("--whole", options->whole,
                      "One window even if the sound is longer than 13.5 s (at most 2 min)");
    command->add_option("--threads", options->num_threads, "CPU threads (default: all cores)")
        ->check(CLI::Range(0, 1024));
    command->add_option("-o,--out", options->out, "NumPy file: float32 [rows at 50 Hz, width]")
        ->type_name("FILE.npy")
        ->required();
    command->callback([options] {
        if (options->encoder.empty()) options->encoder = person::find_bundled(person::kSmallSpeechEncoder);
        const speech_data::SpeechFeatureFile file = speech_data::write_speech_features(*options);
        print_faults(file.faults);
        fmt::print("{}: {} rows of {} values; {:.1f} s of sound in {:.2f} s ({:.4f} s per s)\n",
                   options->out.string(), file.num_rows, file.width, file.sound_s, file.compute_s,
                   file.compute_s / file.sound_s);
    });
}

}  // namespace vultus::cli
