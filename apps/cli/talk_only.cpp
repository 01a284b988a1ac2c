// The commands that a program which only talks (VULTUS_TALK_ONLY) lacks: whoever calls one learns how to get
// it.
#include "base/error.h"
#include "commands.h"

namespace vultus::cli {
namespace {

[[noreturn]] void refuse(const std::string& name) {
    fail(ErrorCode::kUnsupported,
         "[cli] {}: this program was built to talk only; ./dev build builds the rest", name);
}

void add_absent(CLI::App& app, const std::string& name) {
    CLI::App* command = app.add_subcommand(name, "Not in this build: ./dev build")->allow_extras();
    command->callback([name] { refuse(name); });
}

}  // namespace

void add_learn_command(CLI::App& app) { add_absent(app, "learn"); }
void add_prepare_command(CLI::App& app) { add_absent(app, "prepare"); }
void add_train_command(CLI::App& app) { add_absent(app, "train"); }
void add_calibrate_command(CLI::App& app) { add_absent(app, "calibrate"); }
void add_say_command(CLI::App& app) { add_absent(app, "say"); }
void add_voices_command(CLI::App& app) { add_absent(app, "voices"); }
void add_live_command(CLI::App& app) { add_absent(app, "live"); }
void add_serve_command(CLI::App& app) { add_absent(app, "serve"); }
void add_eval_command(CLI::App& app) { add_absent(app, "eval"); }
void add_bench_command(CLI::App& app) { add_absent(app, "bench"); }
void add_phones_command(CLI::App& app) { add_absent(app, "phones"); }
void add_rhubarb_command(CLI::App& app) { add_absent(app, "rhubarb"); }
void add_speech_command(CLI::App& app) { add_absent(app, "speech"); }

int run_train(const std::vector<std::string>&) { refuse("train"); }
int run_rhubarb(const std::vector<std::string>&) { refuse("rhubarb"); }

}  // namespace vultus::cli
