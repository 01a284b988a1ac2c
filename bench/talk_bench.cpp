// How long a person takes to talk, stage by stage, beside the same network on LibTorch in the same run.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "audio/log_mel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/rng.h"
#include "diffusion/schedule.h"
#include "media/audio_reader.h"
#include "media/video_writer.h"
#include "models/unet.h"
#include "pipeline/talk.h"
#include "pipeline/talker.h"
#include "torch_baseline.h"

namespace vultus::bench {
namespace {

using Json = nlohmann::json;
using models::Value;

struct Options {
    std::filesystem::path person = VULTUS_SOURCE_DIR "/models/grid-s1.vultus";
    std::filesystem::path speech = VULTUS_SOURCE_DIR "/samples/bgwo2n.mkv";
    std::filesystem::path json;
    int rounds = 20;
    std::vector<int> threads;
};

constexpr const char* kUsage =
    "talk_bench [PERSON.vultus] [--speech FILE] [--rounds N] [--threads N]... [--json FILE]\n";

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
        if (word == "--speech")
            options.speech = value;
        else if (word == "--json")
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

Value run_unet(infer::OnednnOps& ops, const person::Person& person, const StepInput& in) {
    const models::UNetConfig& unet = person.model.unet;
    return models::unet({ops, "unet"}, unet, ops.input({1, 3, unet.size_px, unet.size_px}, in.x_t.data()),
                        ops.input({1, unet.base_channels}, in.time.data()),
                        ops.input({1, unet.latent}, in.z.data()));
}

/// Everything measured with one number of threads.
struct Results {
    int threads = 1;
    std::map<std::string, Times> stages;  ///< per frame, except *_step: per step of the U-Net
    double difference = 0;                ///< of the runtime's prediction from LibTorch's, relative RMS
    double s_per_s = 0;                   ///< whole program, seconds per second of speech; 0: not measured
};

double relative_rms(const float* got, const std::vector<float>& want) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
        difference += std::pow(got[i] - want[i], 2);
        size += std::pow(want[i], 2);
    }
    return std::sqrt(difference / size);
}

/// The network alone, in turns with LibTorch, so that both meet the same load of the machine.
void measure_steps(const Options& options, const person::Person& person, TorchBaseline& torch, Results& out) {
    infer::OnednnOps ops(person.weights, out.threads);
    infer::OnednnOps ops_f32(person.weights, out.threads, infer::Precision::kF32);
    TorchBaseline::set_num_threads(out.threads);
    const StepInput in = step_input(person);
    std::vector<float> torch_prediction;
    for (int i = -2; i < options.rounds; ++i) {  // the first two warm up
        Times unused;
        const auto times = [&](const char* name) -> Times& { return i < 0 ? unused : out.stages[name]; };
        times("vultus_step").measure([&] { run_unet(ops, person, in); });
        times("libtorch_step").measure([&] { torch_prediction = torch.unet_step(in.x_t, in.time, in.z); });
        times("libtorch_convolutions_step").measure([&] { torch.convolutions(); });
    }
    out.difference = relative_rms(infer::OnednnOps::data(run_unet(ops_f32, person, in)), torch_prediction);
}

std::vector<float> moving_latent(const std::vector<float>& base, int frame) {
    std::vector<float> z = base;
    const std::vector<float> direction = normals(base.size(), 3);
    for (std::size_t k = 0; k < z.size(); ++k)
        z[k] += 0.3f * direction[k] * static_cast<float>(std::sin(frame / 3.0));
    return z;
}

void measure_decode(const Options& options, const person::Person& person, Results& out,
                    std::vector<std::vector<std::uint8_t>>& frames) {
    for (const int steps : {1, 2, 4}) {
        pipeline::TalkerOptions talker_options;
        talker_options.num_threads = out.threads;
        talker_options.steps = steps;
        pipeline::Talker talker(person, talker_options);
        std::vector<std::uint8_t> rgb(static_cast<std::size_t>(3 * talker.size_px() * talker.size_px()), 128);
        if (!person.stats.mean_picture.empty()) rgb = person.stats.mean_picture;
        const std::vector<float> base = talker.encode(rgb.data());
        const int count = std::max(3, options.rounds / steps);
        for (int i = -1; i < count; ++i) {
            Times unused;
            const std::vector<float> z = moving_latent(base, i);
            (i < 0 ? unused : out.stages[fmt::format("decode_{}", steps)]).measure([&] {
                talker.decode(z.data(), rgb.data());
            });
            if (steps == 1 && i >= 0) frames.push_back(rgb);
        }
    }
}

/// A file in the system's folder for temporary files, deleted at the end.
class ScratchFile {
  public:
    ScratchFile()
        : path_(std::filesystem::temp_directory_path() / fmt::format("vultus-bench-{}.mp4", getpid())) {}
    ~ScratchFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

void measure_encoder(const person::Person& person, const std::vector<std::vector<std::uint8_t>>& frames,
                     Results& out) {
    const ScratchFile file;
    media::VideoWriterOptions options;
    options.width = options.height = person.model.unet.size_px;
    options.fps_num = person.fps_num;
    options.fps_den = person.fps_den;
    media::VideoWriter writer(file.path(), options);
    constexpr std::size_t kFrames = 100;
    // The encoder looks ahead: its time is spread over all frames, the last flush included.
    out.stages["h264"].measure(
        [&] {
            for (std::size_t i = 0; i < kFrames; ++i) writer.write_frame(frames[i % frames.size()].data());
            writer.finish();
        },
        kFrames);
}

std::vector<float> read_speech(const Options& options) {
    media::AudioReader reader(options.speech);
    std::vector<float> speech(16000 * 60);
    speech.resize(reader.read(speech.data(), speech.size()));
    return speech;
}

void measure_speech(const Options& options, const person::Person& person, Results& out) {
    const std::vector<float> speech = read_speech(options);
    const double frames = static_cast<double>(speech.size()) / 16000 * person.fps();
    for (int i = 0; i < options.rounds; ++i)
        out.stages["log_mel"].measure([&] { audio::log_mel(speech.data(), speech.size()); }, frames);
    if (!person.can_speak()) return;
    pipeline::TalkerOptions talker_options;
    talker_options.num_threads = out.threads;
    pipeline::Talker talker(person, talker_options);
    for (int i = 0; i < std::max(3, options.rounds / 4); ++i)
        out.stages["latents"].measure(
            [&] { talker.latents_from_speech(speech, static_cast<std::int64_t>(frames), {}); }, frames);
    const ScratchFile file;
    pipeline::TalkOptions talk;
    talk.person = options.person;
    talk.speech = options.speech;
    talk.out = file.path();
    talk.talker = talker_options;
    Progress::set_quiet(true);
    out.stages["end_to_end"].measure(
        [&] {
            const pipeline::TalkReport report = pipeline::talk(talk);
            out.s_per_s = report.seconds / report.speech_s;
        },
        frames);
}

void print_table(const std::vector<Results>& all) {
    const std::vector<std::pair<const char*, const char*>> rows = {
        {"log_mel", "log-mel"},
        {"latents", "speech to latents, log-mel included"},
        {"decode_1", "decode, 1 step"},
        {"decode_2", "decode, 2 steps"},
        {"decode_4", "decode, 4 steps"},
        {"h264", "RGB to H.264"},
        {"end_to_end", "speech to MP4, default steps"},
        {"vultus_step", "U-Net, one step"},
        {"libtorch_step", "U-Net, one step, LibTorch eager f32"},
        {"libtorch_convolutions_step", "its convolutions alone, LibTorch f32"}};
    fmt::print(
        "| threads | ms per frame | mean | median | p99 | processor |\n| --- | --- | --- | --- | --- | --- "
        "|\n");
    for (const Results& results : all)
        for (const auto& [key, title] : rows) {
            const auto found = results.stages.find(key);
            if (found == results.stages.end()) continue;
            const Times& times = found->second;
            fmt::print("| {} | {} | {:.3g} | {:.3g} | {:.3g} | {:.3g} |\n", results.threads, title,
                       times.mean_ms(), times.median_ms(), times.p99_ms(), times.cpu_median_ms());
        }
}

/// Numbers derived from the times.
Json summary(const Results& results, const person::Person& person, double gflop) {
    const auto median = [&](const char* key) { return results.stages.at(key).median_ms(); };
    const double picture_ms = median("decode_1") + median("h264");
    Json json = {
        {"threads", results.threads},
        {"step_to_libtorch_step", median("vultus_step") / median("libtorch_step")},
        {"step_to_libtorch_convolutions", median("vultus_step") / median("libtorch_convolutions_step")},
        {"gflop_per_s", gflop / median("vultus_step") * 1e3},
        {"libtorch_convolutions_gflop_per_s", gflop / median("libtorch_convolutions_step") * 1e3},
        {"difference_from_libtorch", results.difference},
        {"pictures_s_per_s_of_speech", picture_ms * person.fps() / 1e3}};
    if (results.s_per_s > 0) json["s_per_s_of_speech"] = results.s_per_s;
    for (const auto& [name, times] : results.stages) json["stages"][name] = times.to_json();
    return json;
}

void print_ratios(const Json& run) {
    fmt::print(
        "\n{} thread(s): step / LibTorch step {:.2f}, step / LibTorch convolutions {:.2f}, {:.0f} GFLOP/s "
        "(LibTorch convolutions {:.0f}), difference {:.1e}, pictures {:.2f} s per s of speech",
        run["threads"].get<int>(), run["step_to_libtorch_step"].get<double>(),
        run["step_to_libtorch_convolutions"].get<double>(), run["gflop_per_s"].get<double>(),
        run["libtorch_convolutions_gflop_per_s"].get<double>(), run["difference_from_libtorch"].get<double>(),
        run["pictures_s_per_s_of_speech"].get<double>());
    if (run.contains("s_per_s_of_speech"))
        fmt::print(", all {:.2f} s per s of speech", run["s_per_s_of_speech"].get<double>());
    fmt::print("\n");
}

int run(const Options& options) {
    const person::Person person = person::load_person(options.person);
    CountingOps counting(person.weights, 1);
    run_unet(counting, person, step_input(person));
    fmt::print("{}: {} px, {} convolutions, {:.2f} GFLOP per step ({:.2f} in convolutions)\n",
               options.person.filename().string(), person.model.unet.size_px, counting.convolutions().size(),
               counting.gflop(), counting.convolution_gflop());
    fmt::print("{}; oneDNN {} on {}; LibTorch {} f32\n\n", cpu_name(), counting.precision_name(),
               infer::OnednnOps::isa_name(), TorchBaseline::version());
    Json json = {{"cpu", cpu_name()},
                 {"isa", infer::OnednnOps::isa_name()},
                 {"precision", counting.precision_name()},
                 {"libtorch", TorchBaseline::version()},
                 {"size_px", person.model.unet.size_px},
                 {"gflop_per_step", counting.gflop()},
                 {"convolution_gflop_per_step", counting.convolution_gflop()},
                 {"runs", Json::array()}};
    TorchBaseline torch(person, counting.convolutions());
    std::vector<Results> all;
    for (const int threads : options.threads) {
        Results& results = all.emplace_back();
        results.threads = threads;
        measure_steps(options, person, torch, results);
        std::vector<std::vector<std::uint8_t>> frames;
        measure_decode(options, person, results, frames);
        measure_encoder(person, frames, results);
        measure_speech(options, person, results);
        json["runs"].push_back(summary(results, person, counting.convolution_gflop()));
    }
    print_table(all);
    for (const Json& result : json["runs"]) print_ratios(result);
    if (!person.can_speak())
        fmt::print("{} has only pictures: speech to latents and the whole way were not measured\n",
                   options.person.string());
    if (options.json.empty())
        fmt::print("\n{}\n", json.dump(2));
    else
        write_file(options.json, json.dump(2) + "\n");
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
