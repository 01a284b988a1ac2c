// The trainer: links LibTorch and no media library.
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <string_view>

#include "arguments.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/process.h"
#include "train/train.h"

namespace {

namespace fs = std::filesystem;

/// The lips are calibrated by the program beside this one, which can track a face. Only one process of a
/// group does it.
void calibrate(const vultus::training_loop::TrainOptions& options) {
    if (!options.calibrate || (options.stage != "all" && options.stage != "speech")) return;
    if (const char* rank = std::getenv("RANK"); rank && std::string_view(rank) != "0") return;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path() / "vultus";
    vultus::become_program({program.string(), "calibrate", options.out.string(), options.corpus.string(),
                            "--threads", std::to_string(options.num_threads), "--after-training"});
    fmt::print(stderr, "next, where vultus is built with media: vultus calibrate {} {}\n",
               options.out.string(), options.corpus.string());
}

}  // namespace

int main(int argc, char** argv) {
    using namespace vultus;
    install_cancel_handler();
    try {
        if (const auto options = train::parse_arguments(argc, argv)) {
            train::train_person(*options);
            calibrate(*options);
        }
        return 0;
    } catch (const Error& error) {
        const bool cancelled = error.code() == ErrorCode::kCancelled;
        fmt::print(stderr, "\nvultus: {}\n",
                   cancelled ? "cancelled; the same command goes on from the checkpoint" : error.what());
        return cancelled ? 130 : 1;
    } catch (const std::exception& error) {
        const std::string_view what = error.what();  // LibTorch appends a back trace
        fmt::print(stderr, "\nvultus: {}\n", what.substr(0, what.find('\n')));
        return 1;
    }
}
