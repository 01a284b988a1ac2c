#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/process.h"
#include "commands.h"
#include "duration.h"
#include "evaluation/eval_person.h"
#include "evaluation/lip_calibration.h"
#include "evaluation/verdict.h"
#include "recordings.h"
#include "unpacking/measure_motion.h"
#include "unpacking/unpack_frames.h"

namespace vultus::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::vector<std::string> recordings;
    fs::path out;
    std::string budget = "60min", fps, face, device = "cpu", from;
    std::string name, source, licence, attribution, consent;
    int size_px = 0, threads = 0;
};

/// From footage to a person and a page about it, in four steps, each of which an earlier run may have done.
class Learning {
  public:
    explicit Learning(const Arguments& arguments)
        : arguments_(arguments),
          inputs_(expand(arguments.recordings)),
          budget_s_(train::parse_duration_s(arguments.budget)),
          name_(arguments.name.empty() ? arguments.out.stem().string() : arguments.name) {
        fs::path stem = arguments.out;
        stem.replace_extension();
        corpus_ = stem.string() + ".corpus";
        report_ = stem.string() + ".report";
        done_ = fs::path(arguments.out.string() + ".training") / "learn.json";
    }

    void run() {
        require_not_input(arguments_.out, inputs_);
        prepare();
        say_what_to_expect();
        train();
        calibrate();
        evaluate();
        conclude();
    }

  private:
    static void step(int number, const char* what) { fmt::print(stderr, "\n[{} of 4] {}\n", number, what); }

    void prepare() {
        step(1, "looking at the footage");
        preparation::PrepareOptions options;
        options.inputs = inputs_;
        options.out = corpus_;
        options.size_px = arguments_.size_px;
        options.threads = threads();
        if (!arguments_.fps.empty()) parse_fps(arguments_.fps, options);
        if (!arguments_.face.empty()) parse_face(arguments_.face, options.face);
        prepared_ = preparation::prepare(options);
        for (const std::string& line : prepared_.left_out) fmt::print(stderr, "left out  {}\n", line);
        fmt::print(stderr, "{}\n", preparation::summary_line(prepared_));
    }

    void say_what_to_expect() {
        const corpus::Corpus corpus = corpus::load_corpus(corpus_);
        fmt::print(stderr, "{}\n",
                   evaluation::expectation(seconds_learnt(), corpus.size_px, budget_s_,
                                           arguments_.device.starts_with("cuda")));
    }

    double seconds_learnt() const { return prepared_.seconds_kept - prepared_.seconds_held_out; }

    void train() {
        step(2, "learning the face and how it speaks");
        const corpus::Corpus corpus = corpus::load_corpus(corpus_);
        const std::string key = training_key();
        if (fs::exists(arguments_.out) && recorded("trained") == key) {
            fmt::print(stderr, "{} is learnt already\n", arguments_.out.string());
            return;
        }
        unpacking::unpack_frames(corpus, corpus.size_px);
        unpacking::measure_motion(corpus, corpus.size_px);
        std::vector<std::string> command{trainer_path().string(),
                                         corpus_.string(),
                                         "-o",
                                         arguments_.out.string(),
                                         "--budget",
                                         arguments_.budget,
                                         "--device",
                                         arguments_.device,
                                         "--threads",
                                         std::to_string(arguments_.threads),
                                         "--no-calibration"};
        const auto pass = [&](const char* option, const std::string& value) {
            if (value.empty()) return;
            command.push_back(option);
            command.push_back(value);
        };
        pass("--from", arguments_.from);
        pass("--name", name_);
        pass("--source", arguments_.source);
        pass("--licence", arguments_.licence);
        pass("--attribution", arguments_.attribution);
        pass("--consent", arguments_.consent);
        const int status = run_attached(command);
        throw_if_cancelled();
        if (status == 130) fail(ErrorCode::kCancelled, "cancelled");
        if (status != 0) fail(ErrorCode::kUnsupported, "[learn] the trainer ended with {}", status);
        record({{"trained", key}});
    }

    void calibrate() {
        step(3, "making lips as wide as they are meant");
        if (recorded("calibrated") == training_key()) return;
        evaluation::CalibrationOptions options;
        options.num_threads = arguments_.threads;
        calibrate_after_training(arguments_.out, corpus_, options);
        record({{"trained", training_key()}, {"calibrated", training_key()}});
    }

    void evaluate() {
        step(4, "measuring on what was never learnt");
        evaluation::EvalOptions options;
        options.report = report_;
        speaking::TalkerOptions talker;
        talker.num_threads = arguments_.threads;
        evaluation::evaluate_person(arguments_.out, corpus_, talker, options, -1);
    }

    void conclude() {
        const auto metrics = nlohmann::ordered_json::parse(read_file(report_ / "metrics.json"));
        const auto verdicts = evaluation::judge(metrics, seconds_learnt());
        const fs::path page = report_ / "summary.html";
        write_file(page, evaluation::verdict_page(name_, verdicts,
                                                  "../" + corpus_.filename().string() + "/contact_sheet.png",
                                                  "index.html"));
        fmt::print("\n");
        for (const evaluation::Verdict& verdict : verdicts)
            fmt::print("{:5}  {} ({}){}{}\n", evaluation::word_of(verdict.grade), verdict.what,
                       verdict.measure, verdict.advice.empty() ? "" : ": ", verdict.advice);
        fmt::print("\n{}\nThe page is {}\nNow: vultus talk {} speech.wav -o talk.mp4\n",
                   arguments_.out.string(), page.string(), arguments_.out.string());
    }

    /// Another corpus, time or size is another training.
    std::string training_key() const {
        return fmt::format("{}|{}|{}|{}", std::hash<std::string>{}(read_file(corpus_ / "corpus.json")),
                           arguments_.budget, arguments_.size_px, arguments_.from);
    }
    std::string recorded(const char* what) const {
        if (!fs::exists(done_)) return "";
        const auto json = nlohmann::json::parse(read_file(done_), nullptr, /*allow_exceptions=*/false);
        return json.is_object() ? json.value(what, "") : "";
    }
    void record(const nlohmann::json& what) const { write_file(done_, what.dump()); }

    int threads() const {
        return arguments_.threads > 0 ? arguments_.threads
                                      : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    }

    const Arguments& arguments_;
    std::vector<fs::path> inputs_;
    double budget_s_;
    std::string name_;
    fs::path corpus_, report_, done_;
    preparation::PrepareReport prepared_;
};

}  // namespace

void add_learn_command(CLI::App& app) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("learn", "From footage to a talking person: prepare, train, calibrate and eval");
    command->add_option("recordings", arguments->recordings, "Video files with sound, or folders of them")
        ->type_name("FILE")
        ->required();
    command->add_option("-o,--out", arguments->out, "Person file; its corpus and report lie beside it")
        ->type_name("FILE.vultus")
        ->required();
    command->add_option("--budget", arguments->budget, "Time to learn in, e.g. 60min or 2h")
        ->capture_default_str();
    command->add_option(
        "--size", arguments->size_px,
        "Side of the images, px (default: the largest of 256, 384, 512 that the face supports)");
    command->add_option("--fps", arguments->fps, "Frame rate (default: what most recordings have)");
    command->add_option("--face", arguments->face,
                        "Of several: largest, left, right, or the one at X,Y (px)");
    command->add_option("--device", arguments->device, "What trains: cpu, cuda or cuda:N")
        ->capture_default_str();
    command->add_option("--from", arguments->from, "As of train: a person to start from, or none");
    command->add_option("--threads", arguments->threads, "0: all cores")->check(CLI::NonNegativeNumber);
    command->add_option("--name", arguments->name, "Of the person (default: the file's)");
    command->add_option("--source", arguments->source, "Where the footage is from");
    command->add_option("--licence", arguments->licence, "Of the footage");
    command->add_option("--attribution", arguments->attribution, "That the licence asks for");
    command->add_option("--consent", arguments->consent, "Who consented to what, and when");
    command->callback([arguments] { Learning(*arguments).run(); });
}

}  // namespace vultus::cli
