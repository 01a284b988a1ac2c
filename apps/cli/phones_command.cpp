#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/output_file.h"
#include "commands.h"
#include "media/audio_reader.h"
#include "person/bundled.h"
#include "pipeline/phone_formats.h"
#include "pipeline/phone_recognizer.h"
#include "pipeline/phone_times.h"
#include "pipeline/word_times.h"

namespace vultus::cli {
namespace {

constexpr std::size_t kMaxSamples = std::size_t{16000} * 3600 * 4;

struct Arguments {
    std::string sound, model, text, text_file, dictionary, language_model, out;
    bool words = false;
    std::string format = "text";
    pipeline::PhoneFormatOptions options;
};

pipeline::PhoneFormat format_named(const std::string& name) {
    for (const auto& [known, format] : pipeline::phone_formats())
        if (known == name) return format;
    fail(ErrorCode::kInvalidArgument, "[phones] format: unknown, got {}", name);
}

pipeline::PhoneTimes times_of(const Arguments& arguments) {
    const std::string text =
        arguments.text_file.empty() ? arguments.text : read_file(arguments.text_file, 64u << 20);
    const bool aligned = !arguments.text_file.empty() || !arguments.text.empty();
    std::vector<pipeline::SpokenWord> words;
    std::optional<pipeline::WordRecognizer> word_recognizer;
    if (arguments.words) word_recognizer.emplace(arguments.dictionary, arguments.language_model);
    if (aligned) {
        pipeline::Pronouncer pronouncer(arguments.dictionary);
        words = pipeline::spoken_words(text, pronouncer);
    }
    const pipeline::PhoneRecognizer recognizer(arguments.model.empty()
                                                   ? person::find_bundled(person::kSmallSpeechEncoder)
                                                   : std::filesystem::path(arguments.model));
    const std::vector<float> audio = media::read_audio(arguments.sound, kMaxSamples);
    const std::vector<float> posteriors = recognizer.log_posteriors(audio);
    const auto num_samples = static_cast<std::int64_t>(audio.size());
    if (aligned) return pipeline::align_phones(posteriors, num_samples, words);
    return word_recognizer ? (*word_recognizer)(posteriors, num_samples, recognizer.phone_share())
                           : pipeline::decode_phones(posteriors, num_samples);
}

void run(Arguments& arguments) {
    arguments.options.sound_file = arguments.sound;
    const pipeline::PhoneTimes times = times_of(arguments);
    const std::string file =
        pipeline::format_phones(times, format_named(arguments.format), arguments.options);
    if (arguments.out.empty() || arguments.out == "-")
        fmt::print("{}", file);
    else
        write_file(arguments.out, file);
}

}  // namespace

void add_phones_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("phones", "Phones, visemes and mouth shapes of speech, with times");
    command->add_option("speech", arguments->sound, "Any file FFmpeg reads")->required();
    command->add_option("-m,--model", arguments->model, "Speech encoder (default: the bundled one)");
    CLI::Option* text = command->add_option("--text", arguments->text, "What is said: finds its words");
    CLI::Option* text_file =
        command->add_option("--text-file", arguments->text_file, "A file that holds it")->excludes(text);
    CLI::Option* words = command
                             ->add_flag("--words", arguments->words,
                                        "Find out which words are said (English): better phones, and words")
                             ->excludes(text)
                             ->excludes(text_file);
    command
        ->add_option("--language-model", arguments->language_model,
                     "Which words follow which, for --words, in CMU Sphinx's binary format (default: that of "
                     "pocketsphinx)")
        ->needs(words);
    command->add_option("--dictionary", arguments->dictionary,
                        "How words are said, of CMUdict's kind (default: that of pocketsphinx)");
    std::vector<std::string> formats;
    for (const auto& [name, unused] : pipeline::phone_formats()) formats.push_back(name);
    command->add_option("-f,--format", arguments->format, "Output format")
        ->check(CLI::IsMember(formats))
        ->capture_default_str();
    command->add_option("-o,--out", arguments->out, "File (default: standard output)");
    command
        ->add_option("--extended-shapes", arguments->options.extended_shapes,
                     "Which of Rhubarb's mouth shapes G, H, X there are")
        ->capture_default_str();
    command->add_option("--dat-frame-rate", arguments->options.dat_frame_rate, "Of the DAT format")
        ->check(CLI::Range(10.0, 100.0))
        ->capture_default_str();
    command->add_flag("--dat-preston-blair", arguments->options.dat_preston_blair,
                      "Moho's names of the shapes in the DAT format");
    command->callback([arguments] { run(*arguments); });
}

}  // namespace vultus::cli
