#include <fmt/format.h>

#include "base/output_file.h"
#include "commands.h"
#include "speed/bench.h"

namespace vultus::cli {

void add_bench_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("bench", "Measure how fast a person talks on this machine");
    auto options = std::make_shared<speed::BenchOptions>();
    auto json = std::make_shared<std::string>();
    command->add_option("person", options->person, "Person file")->type_name("FILE.vultus")->required();
    command->add_option("--json", *json, "Also write the numbers to this file")->type_name("FILE.json");
    command->add_option("--threads", options->threads, "Frames drawn at a time, e.g. 1,2")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--steps", options->steps, "DDIM steps per frame, e.g. 1,2,4")
        ->delimiter(',')
        ->capture_default_str();
    command
        ->add_option("--sizes", options->sizes_px,
                     "Picture sizes in px; others than the person's own have random weights")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--seconds", options->seconds, "Seconds for each measurement")->capture_default_str();
    command->add_option("--soak", options->soak_s, "Also seconds of frames at the person's own rate");
    command->callback([options, json] {
        require_not_input(*json, {options->person});
        std::error_code unknown;
        options->program = std::filesystem::read_symlink("/proc/self/exe", unknown);
        nlohmann::json report = speed::bench(*options);
        report["version"] = VULTUS_VERSION;
        fmt::print("vultus {}: {}", VULTUS_VERSION, speed::format_bench(report));
        if (!json->empty()) write_file(*json, report.dump(1) + "\n");
    });
}

}  // namespace vultus::cli
