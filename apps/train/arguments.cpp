#include "arguments.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <vector>

#include "base/error.h"
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

struct Option {
    const char* name;
    const char* value;  ///< nullptr: a flag
    const char* help;
    std::function<void(const std::string&)> set;
};

std::vector<Option> options_of(training_loop::TrainOptions& o) {
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
        {"-o", "FILE", "person file to write (.vultus); the run's state lies in FILE.training/",
         [&o](const std::string& value) { o.out = value; }},
        {"--preset", "NAME", "live (video rate on two CPU cores) or paper (DiffAE-256, for a large GPU)",
         text(o.preset)},
        {"--size", "PX", "image size, a multiple of 64 (default: the corpus's)",
         integer("--size", o.size_px, 64, 512)},
        {"--budget", "TIME", "training time, e.g. 60min or 2h: the schedule ends on time",
         [&o](const std::string& value) { o.budget_s = parse_duration_s(value); }},
        {"--steps", "N", "exactly N steps a stage instead of a budget", integer("--steps", o.steps, 1, 1e9)},
        {"--stage", "NAME", "dae (images), speech, or all; phones: the speech encoder, from a speech corpus",
         text(o.stage)},
        {"--from", "FILE", "warm start from another person's file; phones: from another encoder's",
         [&o](const std::string& value) { o.from = value; }},
        {"--teacher", "FILE", "distil this person's images into one step (dae stage, its encoder stays)",
         [&o](const std::string& value) { o.teacher = value; }},
        {"--distill", "METHOD", "regression, progressive or consistency (with --teacher)", text(o.distill)},
        {"--teacher-steps", "N", "DDIM steps of the teacher: 2, 4, 8 .. 64",
         integer("--teacher-steps", o.teacher_steps, 2, 64)},
        {"--speech", "FILE",
         "encoder that the person listens with: small (the bundled one, default), a file of "
         "--stage phones, safetensors of wav2vec 2.0 or HuBERT, or log_mel: learn one with the rest",
         [&o](const std::string& value) { o.speech = value; }},
        {"--speech-layer", "N", "hidden state of wav2vec 2.0 or HuBERT to listen to (default: the last)",
         integer("--speech-layer", o.speech_layers.layer, -1, 128)},
        {"--new-speech", nullptr,
         "speech, with --from: it starts anew, for the lips that calibration saw drawn from the same latents",
         [&o](const std::string&) { o.new_speech = true; }},
        {"--non-causal-only", nullptr,
         "phones, with --from: only what files need learns; people who listen through the encoder hear the "
         "same",
         [&o](const std::string&) { o.non_causal_only = true; }},
        {"--phones-alone", nullptr, "listen to the small encoder's phones, not to its embedding (to compare)",
         [&o](const std::string&) { o.phones_alone = true; }},
        {"--device", "NAME", "cpu, cuda or cuda:N", text(o.device)},
        {"--threads", "N", "CPU threads (default: all cores; 1 beside other work)",
         integer("--threads", o.num_threads, 0, 1024)},
        {"--batch", "N", "images a step and process", integer("--batch", o.batch, 1, 4096)},
        {"--learning-rate", "X", "peak, of the dae stage", real("--learning-rate", o.learning_rate, 1e-7, 1)},
        {"--freeze-encoder-at", "X", "part of the dae stage after which latents stay as they are",
         real("--freeze-encoder-at", o.freeze_encoder_at, 0, 1)},
        {"--full-noise", "X", "part of the samples at the highest noise",
         real("--full-noise", o.full_noise, 0, 1)},
        {"--mouth-weight", "X", "of the loss around the mouth",
         real("--mouth-weight", o.mouth_weight, 1, 100)},
        {"--eye-weight", "X", "of the loss around the eyes", real("--eye-weight", o.eye_weight, 1, 100)},
        {"--landmark-weight", "X", "of reading lips and lids out of the latents",
         real("--landmark-weight", o.landmark_weight, 0, 100)},
        {"--critic-weight", "X", "of the adversarial term on mouth and eyes, once latents stay as they are",
         real("--critic-weight", o.critic_weight, 0, 10)},
        {"--temporal-weight", "X", "of drawn against recorded motion, once latents stay as they are",
         real("--temporal-weight", o.temporal_weight, 0, 100)},
        {"--edge-weight", "X", "of the loss on edges at high noise",
         real("--edge-weight", o.edge_weight, 0, 100)},
        {"--checkpoint-every", "TIME", "between checkpoints",
         [&o](const std::string& value) { o.checkpoint_every_s = parse_duration_s(value); }},
        {"--seed", "N", "of weights, batches, noise and the person's x_T",
         integer("--seed", o.seed, 0, 9e15)},
        {"--no-calibration", nullptr, "leave out what follows speech training: vultus calibrate",
         [&o](const std::string&) { o.calibrate = false; }},
        {"--restart", nullptr, "forget an earlier run's state instead of resuming it",
         [&o](const std::string&) { o.restart = true; }},
        {"--name", "TEXT", "card: who this is", text(o.card.name)},
        {"--source", "TEXT", "card: where the recordings come from", text(o.card.source)},
        {"--licence", "TEXT", "card: licence of the recordings", text(o.card.licence)},
        {"--attribution", "TEXT", "card: whom to name", text(o.card.attribution)},
        {"--consent", "TEXT", "card: how the person consented", text(o.card.consent)},
    };
}

/// Names of before, which still work.
std::string current_name(const std::string& option) {
    if (option == "--out") return "-o";
    if (option == "--hindsight-alone") return "--non-causal-only";
    if (option == "--steady-weight") return "--temporal-weight";
    return option;
}

void print_help(const std::vector<Option>& options) {
    fmt::print(
        "Learns a person from a prepared corpus.\nUsage: vultus train CORPUS -o PERSON.vultus [options]\n\n");
    for (const Option& option : options)
        fmt::print("  {:32} {}\n",
                   option.value ? fmt::format("{} {}", option.name, option.value) : option.name, option.help);
    fmt::print(
        "\nThe same command resumes an interrupted run. Several processes train together when MASTER_ADDR,\n"
        "MASTER_PORT, WORLD_SIZE and RANK are set (torchrun, Slurm, Kubernetes).\n");
}

}  // namespace

double parse_duration_s(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    const std::string unit = end;
    const double factor = unit == "h"                    ? 3600
                          : unit == "min" || unit == "m" ? 60
                          : unit == "s" || unit.empty()  ? 1
                                                         : 0;
    if (end == text.c_str() || factor == 0 || !(value > 0) || !std::isfinite(value))
        fail(ErrorCode::kInvalidArgument, "[train] expected a duration such as 90s, 60min or 2h, got '{}'",
             text);
    return value * factor;
}

std::optional<training_loop::TrainOptions> parse_arguments(int argc, char** argv) {
    training_loop::TrainOptions result;
    result.size_px = 0;
    result.speech = "small";
    const std::vector<Option> options = options_of(result);
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "-h" || argument == "--help") {
            print_help(options);
            return std::nullopt;
        }
        if (argument.rfind('-', 0) != 0) {
            if (!result.corpus.empty())
                fail(ErrorCode::kInvalidArgument, "[train] expected one corpus, got {} and {}",
                     result.corpus.string(), argument);
            result.corpus = argument;
            continue;
        }
        const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
            return current_name(argument) == option.name;
        });
        if (found == options.end())
            fail(ErrorCode::kInvalidArgument, "[train] unknown option {}; see --help", argument);
        if (found->value && i + 1 >= argc)
            fail(ErrorCode::kInvalidArgument, "[train] {}: expected {}", argument, found->value);
        found->set(found->value ? argv[++i] : "");
    }
    if (result.corpus.empty() || result.out.empty())
        fail(ErrorCode::kInvalidArgument, "[train] expected a corpus and -o PERSON.vultus; see --help");
    if (result.speech == "log_mel" || result.stage == "phones" || result.stage == "dae")
        result.speech.clear();
    else if (result.speech == "small")
        result.speech = person::find_bundled(person::kSmallSpeechEncoder);
    if (result.stage != "all" && result.stage != "dae" && result.stage != "speech" &&
        result.stage != "phones")
        fail(ErrorCode::kInvalidArgument, "[train] --stage: expected dae, speech, all or phones, got {}",
             result.stage);
    return result;
}

}  // namespace vultus::train
