#include "arguments.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/spelling.h"
#include "option_table.h"
#include "person/bundled.h"

namespace vultus::train {
namespace {

double number(const std::string& option, const std::string& text, double low, double high) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end || !(value >= low && value <= high))
        fail(ErrorCode::kInvalidArgument, "[train] {}: expected {} to {}, got '{}'", option, low, high, text);
    return value;
}

using Setters = std::map<std::string, std::function<void(const std::string&)>>;

/// By the first name of each option of option_table().
Setters setters_of(training_loop::TrainOptions& o) {
    const auto real = [](const char* name, double& target, double low, double high) {
        return [=, &target](const std::string& text) { target = number(name, text, low, high); };
    };
    const auto integer = [](const char* name, auto& target, double low, double high) {
        return [=, &target](const std::string& text) {
            const double value = number(name, text, low, high);
            if (value != std::floor(value))
                fail(ErrorCode::kInvalidArgument, "[train] {}: expected a whole number, got '{}'", name,
                     text);
            target = static_cast<std::decay_t<decltype(target)>>(value);
        };
    };
    const auto text = [](std::string& target) {
        return [&target](const std::string& value) { target = value; };
    };
    return {
        {"-o", [&o](const std::string& value) { o.out = value; }},
        {"--preset", text(o.preset)},
        {"--size", integer("--size", o.size_px, 64, 512)},
        {"--budget", [&o](const std::string& value) { o.budget_s = parse_duration_s(value); }},
        {"--steps", integer("--steps", o.steps, 1, 1e9)},
        {"--stage", text(o.stage)},
        {"--from", [&o](const std::string& value) { o.from = value; }},
        {"--teacher", [&o](const std::string& value) { o.teacher = value; }},
        {"--distill", text(o.distill)},
        {"--teacher-steps", integer("--teacher-steps", o.teacher_steps, 2, 64)},
        {"--speech", [&o](const std::string& value) { o.speech = value; }},
        {"--speech-layer", integer("--speech-layer", o.speech_layers.layer, -1, 128)},
        {"--new-speech", [&o](const std::string&) { o.new_speech = true; }},
        {"--non-causal-only", [&o](const std::string&) { o.non_causal_only = true; }},
        {"--phones-alone", [&o](const std::string&) { o.phones_alone = true; }},
        {"--device", text(o.device)},
        {"--precision", text(o.precision)},
        {"--threads", integer("--threads", o.num_threads, 0, 1024)},
        {"--batch", integer("--batch", o.batch, 1, 4096)},
        {"--learning-rate", real("--learning-rate", o.learning_rate, 1e-7, 1)},
        {"--freeze-encoder-at", real("--freeze-encoder-at", o.freeze_encoder_at, 0, 1)},
        {"--full-noise", real("--full-noise", o.full_noise, 0, 1)},
        {"--mouth-weight", real("--mouth-weight", o.mouth_weight, 1, 100)},
        {"--eye-weight", real("--eye-weight", o.eye_weight, 1, 100)},
        {"--landmark-weight", real("--landmark-weight", o.landmark_weight, 0, 100)},
        {"--critic-weight", real("--critic-weight", o.critic_weight, 0, 10)},
        {"--warp-share", real("--warp-share", o.warp_share, 0, 1)},
        {"--temporal-weight", real("--temporal-weight", o.temporal_weight, 0, 100)},
        {"--edge-weight", real("--edge-weight", o.edge_weight, 0, 100)},
        {"--checkpoint-every",
         [&o](const std::string& value) { o.checkpoint_every_s = parse_duration_s(value); }},
        {"--seed", integer("--seed", o.seed, 0, 9e15)},
        {"--no-calibration", [&o](const std::string&) { o.calibrate = false; }},
        {"--restart", [&o](const std::string&) { o.restart = true; }},
        {"--name", text(o.card.name)},
        {"--source", text(o.card.source)},
        {"--licence", text(o.card.licence)},
        {"--attribution", text(o.card.attribution)},
        {"--consent", text(o.card.consent)},
    };
}

std::vector<std::string> names_of(const OptionText& option) {
    const std::string names = option.names;
    const std::size_t comma = names.find(',');
    if (comma == std::string::npos) return {names};
    return {names.substr(0, comma), names.substr(comma + 1)};
}

/// Names of before, which still work.
std::string current_name(const std::string& option) {
    if (option == "--hindsight-alone") return "--non-causal-only";
    if (option == "--steady-weight") return "--temporal-weight";
    return option;
}

const OptionText& find_option(const std::string& argument) {
    std::vector<std::string> known;
    for (const OptionText& option : option_table())
        for (const std::string& name : names_of(option)) {
            if (name == current_name(argument)) return option;
            known.push_back(name);
        }
    const std::string nearest = nearest_word(argument, known);
    fail(ErrorCode::kInvalidArgument, "[train] unknown option {}; {}see --help", argument,
         nearest.empty() ? "" : fmt::format("did you mean {}? ", nearest));
}

}  // namespace

std::optional<training_loop::TrainOptions> parse_arguments(int argc, char** argv) {
    training_loop::TrainOptions result;
    result.size_px = 0;
    result.batch = 0;
    result.learning_rate = 0;
    result.speech = "small";
    const Setters setters = setters_of(result);
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "-h" || argument == "--help") {
            fmt::print("{}", help_text());
            return std::nullopt;
        }
        if (argument.rfind('-', 0) != 0) {
            if (!result.corpus.empty())
                fail(ErrorCode::kInvalidArgument, "[train] expected one corpus, got {} and {}",
                     result.corpus.string(), argument);
            result.corpus = argument;
            continue;
        }
        const OptionText& option = find_option(argument);
        if (option.value && i + 1 >= argc)
            fail(ErrorCode::kInvalidArgument, "[train] {}: expected {}", argument, option.value);
        setters.at(names_of(option)[0])(option.value ? argv[++i] : "");
    }
    if (result.corpus.empty() || (result.out.empty() && result.stage != "speed"))
        fail(ErrorCode::kInvalidArgument, "[train] expected a corpus and -o PERSON.vultus; see --help");
    if (result.speech == "log_mel" || result.stage == "phones" || result.stage == "dae" ||
        result.stage == "speed")
        result.speech.clear();
    else if (result.speech == "small")
        result.speech = person::find_bundled(person::kSmallSpeechEncoder);
    if (result.stage != "all" && result.stage != "dae" && result.stage != "speech" &&
        result.stage != "phones" && result.stage != "speed")
        fail(ErrorCode::kInvalidArgument,
             "[train] --stage: expected dae, speech, all, phones or speed, got {}", result.stage);
    return result;
}

}  // namespace vultus::train
