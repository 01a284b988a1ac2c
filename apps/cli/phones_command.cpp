#include <fmt/format.h>

#include <memory>

#include "base/error.h"
#include "base/output_file.h"
#include "base/standard_stream.h"
#include "commands.h"
#include "person/bundled.h"
#include "pronunciation/ngram_model.h"
#include "pronunciation/pronunciations.h"
#include "pronunciation/text_file.h"
#include "sound_options.h"
#include "text_report.h"
#include "transcription/phone_formats.h"
#include "transcription/speech_listener.h"

namespace vultus::cli {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;

struct Arguments {
    std::string sound, model, text, text_file, given, language, dictionary, language_model, out;
    bool words = false, exact = false;
    std::string format = "text";
    transcription::PhoneFormatOptions options;
    media::AudioOptions audio;
};

std::string text_of(const Arguments& arguments) {
    if (arguments.text_file.empty()) return arguments.text;
    if (arguments.text_file == "-" && arguments.sound == "-")
        fail(ErrorCode::kInvalidArgument,
             "[phones] expected speech or text on standard input, got both: give one of them by its name");
    std::string text = read_file(arguments.text_file, kMaxTextBytes);
    if (text.empty())
        fail(ErrorCode::kInvalidArgument, "[phones] {}: expected a text, got an empty file",
             input_name(arguments.text_file));
    return pronunciation::decode_text(std::move(text), input_name(arguments.text_file));
}

alignment::PhoneTimes given_times_of(const Arguments& arguments) {
    if (arguments.given == "-" && arguments.sound == "-")
        fail(ErrorCode::kInvalidArgument,
             "[phones] expected speech or times on standard input, got both: give one of them by its name");
    const std::string file =
        pronunciation::decode_text(read_file(arguments.given, kMaxTextBytes), input_name(arguments.given));
    const transcription::GivenTimes given =
        transcription::read_given_times(file, input_name(arguments.given));
    if (arguments.sound.empty())
        return transcription::times_of_given(given, arguments.language, arguments.dictionary);
    std::vector<std::string> faults;
    const std::vector<float> sound = media::read_speech(
        arguments.sound, transcription::SpeechListener::kMaxSamples, arguments.audio, faults);
    print_faults(faults);
    return transcription::SpeechListener({.encoder = arguments.model, .dictionary = arguments.dictionary})
        .hear_given(sound, given, arguments.language);
}

alignment::PhoneTimes times_of(const Arguments& arguments) {
    if (!arguments.given.empty()) {
        alignment::PhoneTimes times = given_times_of(arguments);
        if (!times.language.empty()) print_text_report(times, arguments.language.empty());
        return times;
    }
    if (arguments.sound.empty())
        fail(ErrorCode::kInvalidArgument,
             "[phones] expected speech, or --from-words with times; got neither");
    const std::string text = text_of(arguments);
    const transcription::SpeechListener listener({.encoder = arguments.model,
                                                  .words = arguments.words,
                                                  .dictionary = arguments.dictionary,
                                                  .language_model = arguments.language_model});
    std::vector<std::string> faults;
    const std::vector<float> sound = media::read_speech(
        arguments.sound, transcription::SpeechListener::kMaxSamples, arguments.audio, faults);
    print_faults(faults);
    alignment::PhoneTimes times =
        listener.hear(sound, {.text = text, .language = arguments.language, .exact = arguments.exact});
    if (!text.empty()) print_text_report(times, arguments.language.empty());
    return times;
}

void run(Arguments& arguments) {
    using namespace pronunciation;
    const auto given_or = [](const std::string& given, const std::filesystem::path& usual) {
        return given.empty() ? usual : std::filesystem::path(given);
    };
    require_not_input(arguments.out,
                      {arguments.sound, arguments.text_file, arguments.given,
                       arguments.model.empty() ? person::find_bundled(person::kSmallSpeechEncoder)
                                               : std::filesystem::path(arguments.model),
                       given_or(arguments.dictionary, Pronunciations::usual_place()),
                       given_or(arguments.language_model, NgramModel::usual_place())});
    if (arguments.sound != "-") arguments.options.sound_file = arguments.sound;
    const alignment::PhoneTimes times = times_of(arguments);
    const std::string file = transcription::format_phones(
        times, transcription::phone_format_named(arguments.format), arguments.options);
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
    command->add_option("speech", arguments->sound, "Any file FFmpeg reads; - for standard input")
        ->type_name("FILE");
    add_sound_options(*command, arguments->audio);
    command->add_option("-m,--model", arguments->model, "Speech encoder (default: the bundled one)")
        ->type_name("FILE.safetensors");
    CLI::Option* text = command->add_option("--text", arguments->text, "What is said: finds its words");
    CLI::Option* text_file =
        command->add_option("--text-file", arguments->text_file, "A file that holds it; - for standard input")
            ->type_name("FILE")
            ->excludes(text);
    command
        ->add_option(
            "--from-words", arguments->given,
            "Times of words, phones or visemes of another program or a voice: JSON, TextGrid, SRT, VTT or "
            "lines of start, end, label; speech may be left out")
        ->type_name("FILE")
        ->excludes(text)
        ->excludes(text_file);
    add_text_options(*command, arguments->language, arguments->exact);
    CLI::Option* words = command
                             ->add_flag("--words", arguments->words,
                                        "Find out which words are said (English): better phones, and words")
                             ->excludes(text)
                             ->excludes(text_file)
                             ->excludes("--from-words");
    command
        ->add_option("--language-model", arguments->language_model,
                     "Which words follow which, for --words, in CMU Sphinx's binary format (default: that of "
                     "pocketsphinx)")
        ->type_name("FILE")
        ->needs(words);
    command
        ->add_option("--dictionary", arguments->dictionary,
                     "How words are said, of CMUdict's kind (default: that of pocketsphinx)")
        ->type_name("FILE");
    std::vector<std::string> formats;
    for (const auto& [name, unused] : transcription::phone_formats()) formats.push_back(name);
    command->add_option("-f,--format", arguments->format, "Output format")
        ->check(CLI::IsMember(formats))
        ->capture_default_str();
    command->add_option("-o,--out", arguments->out, "File (default: standard output)")->type_name("FILE");
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
