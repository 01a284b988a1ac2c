#include "speed/bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/scratch_folder.h"
#include "hearing/speech_features.h"
#include "infer/weights.h"
#include "media/video_writer.h"
#include "person/random_person.h"
#include "rendering/talk.h"
#include "speaking/decode_workers.h"
#include "speaking/latent_stream.h"
#include "speed/bench_live.h"
#include "speed/bench_process.h"
#include "speed/bench_report.h"
#include "speed/times.h"

namespace vultus::speed {
namespace {

using Json = nlohmann::json;

constexpr int kSampleRateHz = 16000;
constexpr int kStarts = 3;                   ///< of a process; the median counts
constexpr std::int64_t kSpeechFrames = 100;  ///< in one measurement of the speech network

void write_wav(const std::filesystem::path& path, const std::vector<float>& sound) {
    const auto put = [](std::string& to, std::uint32_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) to.push_back(static_cast<char>(value >> (8 * i)));
    };
    std::string data;
    for (const float value : sound)
        put(data, static_cast<std::uint32_t>(std::lrintf(std::clamp(value, -1.0f, 1.0f) * 32767)), 2);
    const auto size = static_cast<std::uint32_t>(data.size());
    std::string head = "RIFF";
    put(head, 36 + size, 4);
    head += "WAVEfmt ";
    for (const auto& [value, bytes] : {std::pair<std::uint32_t, int>{16, 4},
                                       {1, 2},
                                       {1, 2},
                                       {kSampleRateHz, 4},
                                       {2 * kSampleRateHz, 4},
                                       {2, 2},
                                       {16, 2}})
        put(head, value, bytes);
    head += "data";
    put(head, size, 4);
    write_file(path, head + data);
}

/// One person on one number of threads.
class Bench {
  public:
    Bench(const BenchOptions& options, const person::Person& person, int threads, Progress& progress)
        : options_(options), person_(person), threads_(threads), progress_(progress) {}

    void features() {
        const std::vector<float> sound = speech_like(1);
        hearing::SpeechFeatureStream stream(person_, std::make_shared<infer::Weights>(person_.weights), 1,
                                            kSpeechFrames);
        std::vector<float> rows;
        add("sound features", 0, person_.fps(), 0, [&] {
            rows.clear();
            stream.push(sound.data(), static_cast<std::int64_t>(sound.size()), rows);
        });
    }

    void latents() {
        speaking::Talker talker(person_, {});
        const std::vector<float> sound = speech_like(static_cast<double>(kSpeechFrames) / person_.fps());
        const double macs = static_cast<double>(person::speech_macs(person_.model, kSpeechFrames));
        add("latents, features included", 0, kSpeechFrames, macs,
            [&] { talker.latents_from_speech(sound, kSpeechFrames, {}); });
    }

    void decode(int steps) {
        speaking::TalkerOptions talker_options;
        talker_options.steps = steps;
        speaking::DecodeWorkers workers(person_, talker_options, threads_);
        std::vector<float> latents = moving_latents(threads_);
        const auto keep = [&](const std::vector<std::uint8_t>& rgb) {
            if (frames_.size() < 25) frames_.push_back(rgb);
        };
        const double macs = static_cast<double>(person::unet_macs(person_.model)) * steps * threads_;
        add("decode", steps, threads_, macs, [&] {
            latents[0] = -latents[0];
            workers.decode(latents, keep);
        });
    }

    void video(const ScratchFolder& scratch) {
        media::VideoWriterOptions video;
        video.width = video.height = person_.model.unet.size_px;
        media::VideoWriter writer(scratch / "frames.mp4", video);
        Times colour, encoding;
        const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(options_.seconds);
        double colour_s = 0;
        for (std::size_t i = 0; i < 50 || std::chrono::steady_clock::now() < end; ++i) {
            throw_if_cancelled();
            Times whole;
            whole.measure([&] { writer.write_frame(frames_[i % frames_.size()].data()); });
            const double colour_ms = 1e3 * (writer.colour_conversion_s() - colour_s);
            colour_s = writer.colour_conversion_s();
            colour.add(colour_ms, colour_ms);
            encoding.add(whole.mean_ms() - colour_ms, whole.cpu_median_ms() - colour_ms);
        }
        writer.finish();
        record("colour conversion", 0, 1, 0, colour);
        record(fmt::format("H.264 ({})", writer.encoder_name()), 0, 1, 0, encoding);
    }

    void whole(const std::filesystem::path& person, const ScratchFolder& scratch) {
        rendering::TalkOptions talk_options;
        talk_options.person = person;
        talk_options.speech = scratch / "speech.wav";
        talk_options.out = scratch / "talk.mp4";
        talk_options.num_threads = threads_;
        const double seconds = 5 * options_.seconds;
        write_wav(talk_options.speech, speech_like(seconds));
        const bool was_quiet = Progress::quiet();
        Progress::set_quiet(true);
        try {
            add("whole, sound file to MP4", talker_steps(), seconds * person_.fps(), 0,
                [&] { rendering::talk(talk_options); });
        } catch (...) {
            Progress::set_quiet(was_quiet);
            throw;
        }
        Progress::set_quiet(was_quiet);
        rows_.back()["real_time_factor"] = rows_.back()["median_ms"].get<double>() * person_.fps() / 1e3;
    }

    /// Live sound, one frame at a time, in the steady state.
    void live_latents() {
        speaking::Talker talker(person_, {});
        speaking::LatentStream stream(talker, {}, 0);
        const std::vector<float> sound = speech_like(1);
        const auto part = static_cast<std::int64_t>(kSampleRateHz / person_.fps());
        std::vector<float> latents;
        const auto second = [&] {
            for (std::int64_t at = 0; at + part <= static_cast<std::int64_t>(sound.size()); at += part) {
                latents.clear();
                stream.push(&sound[static_cast<std::size_t>(at)], part, latents);
            }
        };
        for (int i = 0; i < 3; ++i) second();
        const double macs =
            static_cast<double>(person::speech_macs(person_.model, kSpeechFrames)) / kSpeechFrames;
        add("latents, live", 0, person_.fps(), macs * person_.fps(), second);
    }

    /// Frames at the person's own rate, each drawn when its time has come.
    void soak() {
        Json row = paced_run(person_, threads_, options_.soak_s, progress_, progress_done_);
        row["stage"] = "paced run, sound to picture";
        row["size_px"] = person_.model.unet.size_px;
        row["threads"] = threads_;
        row["frames_per_s"] = 1e3 / row["median_ms"].get<double>();
        rows_.push_back(row);
    }

    Json rows() const { return rows_; }
    int talker_steps() const { return person_.model.diffusion.default_steps; }
    void set_progress(std::int64_t done) { progress_done_ = done; }

  private:
    std::vector<float> moving_latents(int count) const {
        Rng rng(2);
        std::vector<float> latents(static_cast<std::size_t>(count * person_.model.unet.latent));
        for (float& value : latents) value = static_cast<float>(rng.normal());
        return latents;
    }

    void add(const std::string& stage, int steps, double frames, double macs,
             const std::function<void()>& work) {
        progress_.update(progress_done_,
                         fmt::format("{} px, {} threads: {}", person_.model.unet.size_px, threads_, stage));
        Times times;
        times.measure_for(options_.seconds, work, frames);
        record(stage, steps, frames, macs, times);
    }

    /// macs: of all `frames` together.
    void record(const std::string& stage, int steps, double frames, double macs, const Times& times) {
        Json row = times.to_json();
        row["stage"] = stage;
        row["size_px"] = person_.model.unet.size_px;
        row["threads"] = threads_;
        if (steps > 0) row["steps"] = steps;
        row["frames_per_s"] = 1e3 / times.median_ms();
        if (macs > 0) row["gflop_per_s"] = 2e-6 * macs / frames / times.median_ms();
        rows_.push_back(row);
    }

    const BenchOptions& options_;
    const person::Person& person_;
    int threads_;
    Progress& progress_;
    std::int64_t progress_done_ = 0;
    std::vector<std::vector<std::uint8_t>> frames_;
    Json rows_ = Json::array();
};

void check(const BenchOptions& options) {
    const auto check_all = [](const char* what, const std::vector<int>& values, int highest) {
        for (const int value : values)
            if (value < 1 || value > highest)
                fail(ErrorCode::kInvalidArgument, "[bench] {}: expected 1 to {}, got {}", what, highest,
                     value);
    };
    check_all("threads", options.threads, 64);
    check_all("steps", options.steps, 1000);
    if (!(options.seconds > 0 && options.seconds <= 3600) ||
        !(options.soak_s >= 0 && options.soak_s <= 86400))
        fail(ErrorCode::kInvalidArgument, "[bench] seconds: expected more than 0 and at most 3600, got {}",
             options.seconds);
}

/// Processes of the program: from the start to the first frame of a raw stream, and the memory that a video
/// takes on each number of threads.
Json process_figures(const BenchOptions& options, const person::Person& person,
                     const ScratchFolder& scratch) {
    const std::filesystem::path speech = scratch / "process.wav";
    write_wav(speech, speech_like(5 * options.seconds));
    const auto talk_to = [&](const std::string& out, int threads, std::size_t num_bytes) {
        throw_if_cancelled();
        return measure_process(options.program,
                               {"talk", options.person.string(), speech.string(), "-o", out, "--threads",
                                fmt::format("{}", threads), "--quiet"},
                               num_bytes);
    };
    const auto size = static_cast<std::size_t>(person.model.unet.size_px);
    Json figures;
    for (const int threads : options.threads) {
        Times start;
        for (int round = 0; round < kStarts; ++round) {
            const double ms = 1e3 * talk_to("-", threads, 3 * size * size).first_bytes_s;
            start.add(ms, ms);
        }
        const ProcessFigures video = talk_to((scratch / "process.mp4").string(), threads, 0);
        figures.push_back({{"threads", threads},
                           {"start_to_first_frame_ms", start.median_ms()},
                           {"peak_memory_mb", video.peak_memory_mb}});
    }
    return figures;
}

/// Memory of one talking process, and what one more session of the same person adds.
Json memory_of_sessions(const person::Person& person) {
    const std::vector<float> z(static_cast<std::size_t>(person.model.unet.latent), 0.1f);
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(3) * person.model.unet.size_px *
                                  person.model.unet.size_px);
    std::vector<std::unique_ptr<speaking::Talker>> sessions;
    const auto with_sessions = [&](std::size_t count) {
        while (sessions.size() < count)
            sessions.push_back(
                sessions.empty()
                    ? std::make_unique<speaking::Talker>(person, speaking::TalkerOptions{})
                    : std::make_unique<speaking::Talker>(*sessions.front(), speaking::TalkerOptions{}));
        speaking::Talker& talker = *sessions.back();
        talker.decode(z.data(), rgb.data());
        if (person.can_speak()) talker.latents_from_speech(speech_like(4), kSpeechFrames, {});
        give_back_memory();
        return memory_mb();
    };
    const double one = with_sessions(1), two = with_sessions(2);
    return {{"process_mb", one}, {"one_more_session_mb", two - one}};
}

}  // namespace

Json bench(const BenchOptions& options) {
    check(options);
    const person::Person own = person::load_person(options.person);
    if (!own.can_speak())
        fail(ErrorCode::kUnsupported, "[bench] {}: this person has learnt pictures but no speech yet",
             options.person.string());
    const ScratchFolder scratch("bench");
    Json report = {
        {"cpu", cpu_name()}, {"person", options.person.filename().string()}, {"rows", Json::array()}};
    // First, while this process is small itself.
    if (!options.program.empty()) report["process"] = process_figures(options, own, scratch);
    report["runtime"] = speaking::Talker(own, {}).runtime_name();
    report["memory"] = memory_of_sessions(own);
    report["first_sound_to_frame"] =
        first_sound_to_frame(own, 1, std::clamp(static_cast<int>(5 * options.seconds), 2, 10));
    const auto total = static_cast<std::int64_t>(options.sizes_px.size() * options.threads.size());
    Progress progress("bench", "settings", total);
    std::int64_t done = 0;
    for (const int size_px : options.sizes_px) {
        const bool is_own = size_px == own.model.unet.size_px;
        const person::Person person = is_own ? own : person::random_person("live", size_px);
        const std::filesystem::path file =
            is_own ? options.person : scratch / fmt::format("{}.vultus", size_px);
        if (!is_own) person::save_person(file, person);
        report["sizes"].push_back(
            {{"size_px", size_px},
             {"random_weights", !is_own},
             {"gflop_per_step", 2e-9 * static_cast<double>(person::unet_macs(person.model))}});
        for (const int threads : options.threads) {
            Bench one(options, person, threads, progress);
            one.set_progress(done++);
            one.features();
            one.latents();
            one.live_latents();
            for (const int steps : options.steps) one.decode(steps);
            one.video(scratch);
            one.whole(file, scratch);
            if (options.soak_s > 0 && is_own && threads == options.threads.front()) one.soak();
            for (Json& row : one.rows()) report["rows"].push_back(row);
        }
    }
    progress.update(total);
    report["goals"] = bench_goals(report);
    return report;
}

}  // namespace vultus::speed
