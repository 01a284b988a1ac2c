#include <fmt/format.h>

#include <memory>
#include <optional>

#include "commands.h"
#include "speech_data/make_speech_corpus.h"
#include "speech_data/speech_check.h"
#include "speech_data/viseme_score.h"

namespace vultus::cli {
namespace {

void add_make_corpus(CLI::App& group) {
    struct Arguments {
        std::string out;
        speech_data::SpeechCorpusOptions options;
    };
    auto arguments = std::make_shared<Arguments>();
    auto& options = arguments->options;
    CLI::App* command = group.add_subcommand(
        "make-corpus", "Make speech whose phones are known: synthetic voices and aligned recordings");
    command->add_option("out", arguments->out, "New folder")->type_name("FOLDER")->required();
    command->add_option("--hours", options.hours, "Of synthetic speech")
        ->check(CLI::Range(0.0, 1000.0))
        ->capture_default_str();
    command->add_option("--seed", options.seed, "Seed of the sentences and voices")->capture_default_str();
    command->add_option("--grid", options.grid, "A GRID speaker: prepared corpus or folder of recordings")
        ->type_name("FOLDER");
    command
        ->add_option("--transcribed", options.transcribed,
                     "Folders like LJSpeech's (metadata.csv, wavs/), for validation")
        ->type_name("FOLDER");
    command
        ->add_option("--labelled", options.labelled,
                     "JSON files of hand-labelled phones as SpeechBrain has them, for validation")
        ->type_name("FILE.json");
    command
        ->add_option("--spoken", options.spoken,
                     "Tables of recordings: file, voice, language, text with tabs between (docs/phones.md)")
        ->type_name("FILE");
    command
        ->add_option("--aligner", options.aligner,
                     "Speech encoder that aligns languages other than English; the one that comes with "
                     "Vultus if not given")
        ->type_name("FILE.safetensors");
    command->callback([arguments] {
        speech_data::make_speech_corpus(arguments->out, arguments->options);
        const auto corpus = corpus::SpeechCorpus::open(arguments->out);
        fmt::print("{}", speech_data::format_voices(speech_data::check_voices(corpus)));
    });
}

void add_check(CLI::App& group) {
    auto folder = std::make_shared<std::string>();
    CLI::App* command = group.add_subcommand("check", "Show a speech corpus's voices and how its labels fit");
    command->add_option("corpus", *folder, "Folder made by make-corpus")->type_name("FOLDER")->required();
    command->callback([folder] {
        const auto corpus = corpus::SpeechCorpus::open(*folder);
        fmt::print("{}", speech_data::format_voices(speech_data::check_voices(corpus)));
    });
}

void add_score(CLI::App& group) {
    struct Arguments {
        std::string corpus, phones, encoder, condition = "clean";
        bool words = false;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        group.add_subcommand("score", "Compare phone times with the labels of a corpus's validation clips");
    command->add_option("corpus", arguments->corpus, "Folder made by make-corpus")
        ->type_name("FOLDER")
        ->required();
    CLI::Option* phones =
        command
            ->add_option(
                "--phones", arguments->phones,
                "Folder with CLIP.tsv as 'vultus phones' writes it; else the speech encoder listens now")
            ->type_name("FOLDER");
    command
        ->add_option("--encoder", arguments->encoder,
                     "Speech encoder; the one that comes with Vultus if not given")
        ->type_name("FILE.safetensors")
        ->excludes(phones);
    command->add_option("--under", arguments->condition, "What happens to the clips before they are heard")
        ->check(CLI::IsMember(speech_data::listening_conditions()))
        ->excludes(phones)
        ->capture_default_str();
    command->add_flag("--words", arguments->words, "As 'vultus phones --words': by words (English)")
        ->excludes(phones);
    command->callback([arguments] {
        const auto corpus = corpus::SpeechCorpus::open(arguments->corpus);
        std::optional<alignment::WordRecognizer> words;
        if (arguments->words) words.emplace();
        const auto scores = arguments->phones.empty()
                                ? speech_data::score_encoder(corpus, arguments->encoder, arguments->condition,
                                                             words ? &*words : nullptr)
                                : speech_data::score_folder(corpus, arguments->phones);
        fmt::print("{}", speech_data::format_scores(scores));
    });
}

void add_spoil(CLI::App& group) {
    struct Arguments {
        std::string corpus, out, condition;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = group.add_subcommand(
        "spoil", "Write a corpus's validation clips as 'score --under' hears them, to score other programs");
    command->add_option("corpus", arguments->corpus, "Folder made by make-corpus")
        ->type_name("FOLDER")
        ->required();
    command->add_option("out", arguments->out, "New folder")->type_name("FOLDER")->required();
    command->add_option("--under", arguments->condition, "What happens to the clips")
        ->check(CLI::IsMember(speech_data::listening_conditions()))
        ->required();
    command->callback([arguments] {
        speech_data::spoil_corpus(corpus::SpeechCorpus::open(arguments->corpus), arguments->condition,
                                  arguments->out);
    });
}

}  // namespace

void add_speech_command(CLI::App& app) {
    CLI::App* group =
        app.add_subcommand("speech", "Labelled speech for the speech encoder, and its features");
    group->require_subcommand(1);
    add_make_corpus(*group);
    add_check(*group);
    add_score(*group);
    add_spoil(*group);
    add_speech_features_command(*group);
}

}  // namespace vultus::cli
