// One step of a person's U-Net on the runtime and on LibTorch, in turns in the same run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/output_file.h"
#include "base/rng.h"
#include "infer/program.h"
#include "infer/weights.h"
#include "models/unet.h"
#include "speed/times.h"
#include "torch_baseline.h"

namespace vultus::bench {
namespace {

using Json = nlohmann::json;
using models::Value;
using speed::Times;

struct Options {
    std::filesystem::path person = VULTUS_SOURCE_DIR "/models/grid-s1.vultus";
    std::filesystem::path json;
    int rounds = 20;
    std::vector<int> threads;
};

constexpr const char* kUsage = "talk_bench [PERSON.vultus] [--rounds N] [--threads N]... [--json FILE]\n";

Options read_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word.rfind("--", 0) != 0) {
            options.person = word;
            continue;
        }
        if (i + 1 == argc) fail(ErrorCode::kInvalidArgument, "[bench] usage: {}", kUsage);
        const std::string value = argv[++i];
        if (word == "--json")
            options.json = value;
        else if (word == "--rounds")
            options.rounds = std::max(1, std::atoi(value.c_str()));
        else if (word == "--threads")
            options.threads.push_back(std::max(1, std::atoi(value.c_str())));
        else
            fail(ErrorCode::kInvalidArgument, "[bench] {}: unknown option; usage: {}", word, kUsage);
    }
    if (options.threads.empty()) {
        options.threads = {1};
        if (std::thread::hardware_concurrency() > 1) options.threads.push_back(2);
    }
    return options;
}

/// What one run of the U-Net takes in.
struct StepInput {
    std::vector<float> x_t, time, z;
};

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(rng.normal());
    return values;
}

StepInput step_input(const person::Person& person) {
    const auto side = static_cast<std::size_t>(person.model.unet.size_px);
    return {normals(3 * side * side, 1), models::time_embedding(999, person.model.unet.base_channels),
            normals(static_cast<std::size_t>(person.model.unet.latent), 2)};
}

/// The U-Net with every input read at every run, so that nothing is worked out in advance.
infer::Program record_unet(const person::Person& person, const StepInput& in, int threads,
                           infer::Precision precision) {
    const models::UNetConfig& unet = person.model.unet;
    const auto network = [&](infer::Recorder& recorder) {
        return std::vector<Value>{models::unet(
            {recorder, "unet"}, unet, recorder.bound({1, 3, unet.size_px, unet.size_px}, in.x_t.data()),
            recorder.bound({1, unet.base_channels}, in.time.data()),
            recorder.bound({1, unet.latent}, in.z.data()))};
    };
    const auto weights = std::make_shared<infer::Weights>(person.weights);
    return infer::record(weights, threads, {network}, precision).front();
}

double relative_rms(std::span<const float> got, const std::vector<float>& want) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        difference += std::pow(got[i] - want[i], 2);
        size += std::pow(want[i], 2);
    }
    return std::sqrt(difference / size);
}

/// Both meet the same load of the machine.
Json measure(const Options& options, const person::Person& person, TorchBaseline& torch, int threads) {
    TorchBaseline::set_num_threads(threads);
    const StepInput in = step_input(person);
    const infer::Program program = record_unet(person, in, threads, infer::Precision::kAuto);
    const infer::Program f32 = record_unet(person, in, threads, infer::Precision::kF32);
    std::vector<float> torch_prediction;
    std::map<std::string, Times> stages;
    for (int i = -2; i < options.rounds; ++i) {  // the first two warm up
        Times unused;
        const auto times = [&](const char* name) -> Times& { return i < 0 ? unused : stages[name]; };
        times("vultus_step").measure([&] { program.run(); });
        times("libtorch_step").measure([&] { torch_prediction = torch.unet_step(in.x_t, in.time, in.z); });
        times("libtorch_convolutions").measure([&] { torch.convolutions(); });
    }
    f32.run();
    const auto median = [&](const char* key) { return stages.at(key).median_ms(); };
    Json run = {{"threads", threads},
                {"step_to_libtorch_step", median("vultus_step") / median("libtorch_step")},
                {"step_to_libtorch_convolutions", median("vultus_step") / median("libtorch_convolutions")},
                {"difference_from_libtorch", relative_rms(f32.output(0), torch_prediction)}};
    for (const auto& [name, times] : stages) run["stages"][name] = times.to_json();
    return run;
}

void print(const Json& report) {
    fmt::print("{}", speed::table_head({"threads", "ms per step", "mean", "median", "p99", "processor"}));
    for (const Json& run : report["runs"])
        for (const auto& [name, stage] : run["stages"].items()) {
            std::vector<std::string> cells{fmt::format("{}", run["threads"].get<int>()), name};
            for (const char* key : {"mean_ms", "median_ms", "p99_ms", "cpu_median_ms"})
                cells.push_back(fmt::format("{:.3g}", stage[key].get<double>()));
            fmt::print("{}", speed::table_row(cells));
        }
    for (const Json& run : report["runs"])
        fmt::print(
            "\n{} thread(s): step / LibTorch step {:.2f}, step / LibTorch convolutions {:.2f}, "
            "difference {:.1e}\n",
            run["threads"].get<int>(), run["step_to_libtorch_step"].get<double>(),
            run["step_to_libtorch_convolutions"].get<double>(),
            run["difference_from_libtorch"].get<double>());
}

int run(const Options& options) {
    const person::Person person = person::load_person(options.person);
    const models::UNetConfig& unet = person.model.unet;
    ConvolutionList list;
    models::unet({list, "unet"}, unet, models::CostOps::shaped({1, 3, unet.size_px, unet.size_px}),
                 models::CostOps::shaped({1, unet.base_channels}), models::CostOps::shaped({1, unet.latent}));
    Json report = {{"cpu", speed::cpu_name()},
                   {"isa", infer::OnednnOps::isa_name()},
                   {"libtorch", TorchBaseline::version()},
                   {"size_px", unet.size_px},
                   {"gflop_per_step", 2e-9 * static_cast<double>(list.num_macs())},
                   {"runs", Json::array()}};
    fmt::print("{}: {} px, {} convolutions, {:.2f} GFLOP per step\n{}; oneDNN on {}; LibTorch {} f32\n\n",
               options.person.filename().string(), unet.size_px, list.shapes.size(),
               report["gflop_per_step"].get<double>(), speed::cpu_name(), infer::OnednnOps::isa_name(),
               TorchBaseline::version());
    TorchBaseline torch(person, list.shapes);
    for (const int threads : options.threads)
        report["runs"].push_back(measure(options, person, torch, threads));
    print(report);
    if (!options.json.empty()) write_file(options.json, report.dump(2) + "\n");
    return 0;
}

}  // namespace
}  // namespace vultus::bench

int main(int argc, char** argv) {
    try {
        return vultus::bench::run(vultus::bench::read_options(argc, argv));
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
}
