#include "evaluation/eval.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "evaluation/eval_report.h"
#include "evaluation/eval_rest.h"
#include "evaluation/eval_scores.h"
#include "evaluation/lip_ridge.h"
#include "evaluation/rest_sounds.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/video_reader.h"
#include "metrics/speech_level.h"

namespace vultus::evaluation {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr int kSampleRateHz = corpus::kSampleRateHz;

// The report is built beside its final place and takes it only when it is complete.
fs::path checked_report_path(fs::path path) {
    path = path.lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    if (path.empty()) fail(ErrorCode::kInvalidArgument, "[eval] expected a folder for the report");
    if (fs::exists(path) &&
        !(fs::is_directory(path) && (fs::is_empty(path) || fs::exists(path / "metrics.json"))))
        fail(ErrorCode::kInvalidArgument,
             "[eval] {}: expected a new folder or an earlier report, found something else", path.string());
    return path;
}

class Evaluation {
  public:
    Evaluation(EvalSubject& subject, const LandmarkFactory& landmarks, const corpus::Corpus& corpus,
               const EvalOptions& options, fs::path folder)
        : subject_(subject),
          landmarks_(landmarks),
          corpus_(corpus),
          options_(options),
          folder_(std::move(folder)) {
        choose_clips();
        fs::create_directories(folder_ / "openings");
        fs::create_directories(folder_ / "strips");
    }

    std::string run() {
        measure_recordings();
        if (!options_.labels.empty()) closures_ = closures_of(options_.labels, recordings_);
        generate_clips();
        measure_baseline();
        generate_voices();
        generate_rests();
        return write_results();
    }

  private:
    // Adds the time that `work` takes to the time spent on talking.
    template <typename Work>
    auto timed(Work work) {
        const auto start = Clock::now();
        auto result = work();
        work_seconds_ += std::chrono::duration<double>(Clock::now() - start).count();
        return result;
    }

    void choose_clips() {
        const auto validation = corpus_.kept(corpus::Split::kValidation);
        if (validation.empty())
            fail(ErrorCode::kInvalidArgument, "[eval] {}: expected validation clips, the corpus has none",
                 corpus_.folder.string());
        const std::size_t count = options_.max_clips > 0
                                      ? std::min<std::size_t>(options_.max_clips, validation.size())
                                      : validation.size();
        std::vector<bool> taken(validation.size(), false);
        for (std::size_t i = 0; i < count; ++i) {
            taken[i * validation.size() / count] = true;
            pool_.push_back(validation[i * validation.size() / count]);
        }
        num_evaluated_ = count;
        // Others only stand as wrong answers to "which sentence is it?".
        for (std::size_t i = 0; i < validation.size(); ++i)
            if (!taken[i] && pool_.size() < static_cast<std::size_t>(options_.candidates))
                pool_.push_back(validation[i]);
    }

    MeasuredFrame frame_of(const corpus::Clip& clip) const {
        return measured_frame(corpus_, corpus_.session_of(clip), subject_.size_px());
    }

    media::VideoReader open(const corpus::Clip& clip) const {
        media::VideoReaderOptions options;
        options.fps_num = corpus_.fps_num;
        options.fps_den = corpus_.fps_den;
        return media::VideoReader(corpus_.video_path(clip), options);
    }

    void read_frame(media::VideoReader& reader, const corpus::Clip& clip, media::Image& image) const {
        throw_if_cancelled();
        if (!reader.read(image))
            fail(ErrorCode::kCorruptData, "[eval] {}: expected {} frames, it ends earlier",
                 corpus_.video_path(clip).string(), clip.num_frames);
    }

    void measure_recordings() {
        std::int64_t total = 0, done = 0;
        for (const corpus::Clip* clip : pool_) total += clip->num_frames;
        Progress progress("recordings", "frames", total);
        for (const corpus::Clip* clip : pool_) {
            VideoMeter meter(landmarks_(), frame_of(*clip));
            auto reader = open(*clip);
            media::Image image, scaled;
            for (int i = 0; i < clip->num_frames; ++i) {
                read_frame(reader, *clip, image);
                const media::Image& picture = at_size(image, subject_.size_px(), scaled);
                meter.add(picture, metrics::luma(picture), image);
                progress.update(++done);
            }
            const auto audio = corpus::load_tracks(corpus_, *clip).sound();
            recordings_.push_back({clip->name, meter.finish(),
                                   metrics::speech_level_db(audio, corpus_.fps(), clip->num_frames),
                                   metrics::silent_frames(audio, corpus_.fps(), clip->num_frames)});
        }
    }

    void generate_clips() {
        std::int64_t total = 0;
        for (std::size_t i = 0; i < num_evaluated_; ++i) total += pool_[i]->num_frames;
        Progress progress("generating", "frames", total);
        std::unique_ptr<SideBySide> video;
        if (options_.video)
            video =
                std::make_unique<SideBySide>(folder_ / "side_by_side.mp4", subject_.size_px(),
                                             subject_.can_speak() ? 3 : 2, corpus_.fps_num, corpus_.fps_den);
        for (std::size_t i = 0; i < num_evaluated_; ++i) {
            generate_clip(i, i < static_cast<std::size_t>(options_.video_clips) ? video.get() : nullptr,
                          progress);
        }
        if (video) {
            video->finish();
            videos_.push_back("side_by_side.mp4");
        }
    }

    // The two videos made of one clip, frame by frame.
    struct Making {
        Making(const LandmarkFactory& landmarks, const MeasuredFrame& frame, int size_px, int num_kinds,
               int num_frames)
            : meters{{landmarks(), frame}, {landmarks(), frame}},
              errors{ErrorMeter(frame), ErrorMeter(frame)},
              images{{size_px, size_px}, {size_px, size_px}},
              strip(1 + num_kinds, num_frames) {}
        VideoMeter meters[2];  ///< reconstruction, speech-driven
        ErrorMeter errors[2];
        media::Image images[2];
        FrameStrip strip;
    };

    void generate_clip(std::size_t index, SideBySide* video, Progress& progress) {
        const corpus::Clip& clip = *pool_[index];
        const corpus::ClipTracks tracks = corpus::load_tracks(corpus_, clip);
        const auto audio = tracks.sound();
        const int kinds = subject_.can_speak() ? 2 : 1;
        std::vector<float> latents;
        if (kinds > 1) {
            const std::vector<float> pose = options_.recorded_pose ? tracks.pose_deg : std::vector<float>{};
            latents = timed([&] { return subject_.latents_from_speech(audio, clip.num_frames, pose); });
        }
        Making making(landmarks_, frame_of(clip), subject_.size_px(), kinds, clip.num_frames);
        auto reader = open(clip);
        media::Image image, scaled;
        for (int i = 0; i < clip.num_frames; ++i) {
            read_frame(reader, clip, image);
            const media::Image& recorded = at_size(image, subject_.size_px(), scaled);
            draw(making, 0, subject_.encode(recorded.rgb.data()));
            if (kinds > 1) timed([&] { return draw(making, 1, latent_of(latents, i)); });
            compare_frame(making, kinds, i, recorded, tracks.valid[i] != 0);
            if (video) video->add(columns(making, kinds, recorded), frame_audio(audio, i, corpus_.fps()));
            progress.update(++frames_done_);
        }
        reconstructed_.push_back({index, making.meters[0].finish(), making.errors[0].finish()});
        if (kinds > 1) {
            spoken_seconds_ += clip.num_frames / corpus_.fps();
            driven_.push_back({index, making.meters[1].finish(), making.errors[1].finish()});
        }
        write_clip_pictures(index, making.strip);
    }

    /// Lips by a straight line from what the subject hears, learnt from the training clips.
    void measure_baseline() {
        if (!subject_.can_speak()) return;
        const auto training = corpus_.kept(corpus::Split::kTrain);
        std::optional<LipRidge> ridge;
        Progress progress("baseline", "clips", static_cast<std::int64_t>(training.size()));
        for (std::size_t i = 0; i < training.size(); ++i) {
            throw_if_cancelled();
            const corpus::ClipTracks tracks = corpus::load_tracks(corpus_, *training[i]);
            const std::vector<float> features =
                subject_.speech_features(tracks.sound(), training[i]->num_frames);
            if (features.empty()) return;
            if (!ridge) ridge.emplace(static_cast<int>(features.size()) / training[i]->num_frames);
            ridge->add(features, metrics::lip_motion(tracks.landmarks_px), tracks.valid);
            progress.update(static_cast<std::int64_t>(i) + 1);
        }
        if (!ridge || !ridge->fit()) return;
        for (std::size_t i = 0; i < num_evaluated_; ++i) {
            const corpus::ClipTracks tracks = corpus::load_tracks(corpus_, *pool_[i]);
            baseline_.push_back(
                ridge->predict(subject_.speech_features(tracks.sound(), pool_[i]->num_frames)));
        }
    }

    static std::vector<const media::Image*> columns(const Making& making, int kinds,
                                                    const media::Image& recorded) {
        std::vector<const media::Image*> result{&recorded};
        for (int kind = 0; kind < kinds; ++kind) result.push_back(&making.images[kind]);
        return result;
    }

    static void compare_frame(Making& making, int kinds, int frame, const media::Image& recorded,
                              bool valid) {
        const std::vector<float> recorded_luma = metrics::luma(recorded);
        making.strip.offer(0, frame, recorded);
        for (int kind = 0; kind < kinds; ++kind) {
            const media::Image& image = making.images[kind];
            const std::vector<float> image_luma = metrics::luma(image);
            making.meters[kind].add(image, image_luma, image);
            if (valid) making.errors[kind].add(image, image_luma, recorded, recorded_luma);
            making.strip.offer(1 + kind, frame, image);
        }
    }

    std::vector<float> latent_of(const std::vector<float>& latents, std::int64_t frame) const {
        const auto at = latents.begin() + frame * subject_.latent_dim();
        return {at, at + subject_.latent_dim()};
    }

    int draw(Making& making, int kind, const std::vector<float>& latent) {
        subject_.decode(latent.data(), making.images[kind].rgb.data());
        return 0;
    }

    void write_clip_pictures(std::size_t index, const FrameStrip& strip) {
        const std::string& name = pool_[index]->name;
        std::vector<PlotLine> lines{
            {"recording", recordings_[index].video.lips.opening, 40, 40, 40},
            {"reconstruction", reconstructed_.back().video.lips.opening, 30, 130, 220}};
        if (!driven_.empty())
            lines.push_back({"speech-driven", driven_.back().video.lips.opening, 225, 90, 20});
        media::write_png(
            folder_ / "openings" / (name + ".png"),
            plot_series(name + ": inner-lip opening (inter-ocular distances)", lines, corpus_.fps()));
        media::write_png(folder_ / "strips" / (name + ".png"), strip.image());
    }

    void generate_voices() {
        if (options_.voices.empty() || !subject_.can_speak()) return;
        std::vector<std::vector<float>> sounds;
        std::int64_t total = 0, done = 0;
        const auto longest = static_cast<std::size_t>(options_.max_voice_s * kSampleRateHz);
        for (const fs::path& path : options_.voices) {
            media::AudioReader reader(path, kSampleRateHz);
            std::vector<float> sound(longest);
            sound.resize(reader.read(sound.data(), longest));
            if (sound.empty())
                fail(ErrorCode::kCorruptData, "[eval] {}: expected sound, got none", path.string());
            total += num_frames(sound);
            sounds.push_back(std::move(sound));
        }
        Progress progress("other voices", "frames", total);
        for (std::size_t i = 0; i < sounds.size(); ++i) generate_voice(i, sounds[i], progress, done);
    }

    std::int64_t num_frames(const std::vector<float>& sound) const {
        return static_cast<std::int64_t>(
            std::ceil(static_cast<double>(sound.size()) / kSampleRateHz * corpus_.fps()));
    }

    void generate_voice(std::size_t index, const std::vector<float>& sound, Progress& progress,
                        std::int64_t& done) {
        const std::string name = options_.voices[index].stem().string();
        VideoMeasure video =
            generate_sound(sound, fmt::format("voice-{}-{}.mp4", index + 1, name), progress, done);
        const std::int64_t frames = num_frames(sound);
        voices_.push_back({name, std::move(video), metrics::speech_level_db(sound, corpus_.fps(), frames),
                           metrics::silent_frames(sound, corpus_.fps(), frames)});
    }

    void generate_rests() {
        if (options_.rest_s <= 0 || !subject_.can_speak()) return;
        const std::vector<RestSound> sounds = rest_sounds(options_.rest_s);
        std::int64_t total = 0, done = 0;
        for (const RestSound& sound : sounds) total += num_frames(sound.audio);
        Progress progress("rest", "frames", total);
        for (const RestSound& sound : sounds) {
            std::string file = "rest-" + sound.name + ".mp4";
            std::replace(file.begin(), file.end(), ' ', '-');
            rests_.push_back({sound.name, generate_sound(sound.audio, file, progress, done).lips.opening});
        }
    }

    VideoMeasure generate_sound(const std::vector<float>& sound, const std::string& file, Progress& progress,
                                std::int64_t& done) {
        const int size = subject_.size_px();
        const std::int64_t frames = num_frames(sound);
        VideoMeter meter(landmarks_(), frame_of(*pool_[0]));
        std::unique_ptr<SideBySide> video;
        if (options_.video)
            video = std::make_unique<SideBySide>(folder_ / file, size, 1, corpus_.fps_num, corpus_.fps_den);
        const auto latents = timed([&] { return subject_.latents_from_speech(sound, frames, {}); });
        media::Image image(size, size);
        for (std::int64_t i = 0; i < frames; ++i) {
            throw_if_cancelled();
            timed([&] {
                subject_.decode(latent_of(latents, i).data(), image.rgb.data());
                return 0;
            });
            meter.add(image, metrics::luma(image), image);
            if (video) video->add({&image}, frame_audio(sound, i, corpus_.fps()));
            progress.update(++done);
        }
        spoken_seconds_ += static_cast<double>(frames) / corpus_.fps();
        if (video) {
            video->finish();
            videos_.push_back(file);
        }
        return meter.finish();
    }

    std::string write_results() {
        const auto candidates = static_cast<std::size_t>(options_.candidates);
        Json metrics{{"title", options_.title},
                     {"corpus", corpus_.folder.string()},
                     {"size_px", subject_.size_px()},
                     {"fps", corpus_.fps()},
                     {"num_clips", num_evaluated_},
                     {"num_frames", frames_done_},
                     {"recorded_pose", options_.recorded_pose}};
        metrics["reconstruction"] = summarise(reconstructed_, recordings_, candidates, corpus_.fps());
        if (!driven_.empty())
            metrics["speech_driven"] = summarise(driven_, recordings_, candidates, corpus_.fps());
        if (!driven_.empty()) metrics["off_manifold_share"] = off_manifold_share(driven_, recordings_);
        if (!baseline_.empty()) metrics["baseline"] = summarise_baseline(baseline_, recordings_);
        if (!voices_.empty()) metrics["voices"] = summarise_voices(voices_, recordings_);
        if (!rests_.empty()) metrics["rest"] = summarise_rests(rests_, lip_bounds(recordings_));
        if (!closures_.empty() && !driven_.empty())
            metrics["bilabials"] = summarise_closures(driven_, recordings_, closures_, corpus_.fps());
        if (spoken_seconds_ > 0) metrics["seconds_per_second_of_speech"] = work_seconds_ / spoken_seconds_;
        const std::string table = format_table(metrics);
        std::vector<std::string> names;
        for (std::size_t i = 0; i < num_evaluated_; ++i) names.push_back(pool_[i]->name);
        write_file(folder_ / "metrics.json", metrics.dump(1) + "\n");
        write_file(folder_ / "index.html", report_page(options_.title, metrics, table, names, videos_));
        return table;
    }

    EvalSubject& subject_;
    const LandmarkFactory& landmarks_;
    const corpus::Corpus& corpus_;
    const EvalOptions& options_;
    fs::path folder_;
    std::vector<const corpus::Clip*> pool_;  ///< the evaluated clips first
    std::size_t num_evaluated_ = 0;
    std::vector<RecordedClip> recordings_;  ///< of pool_
    std::vector<GeneratedClip> reconstructed_, driven_;
    std::vector<metrics::LipMotion> baseline_;  ///< of the evaluated clips
    std::vector<VoiceClip> voices_;
    std::vector<RestClip> rests_;
    std::map<std::string, Closures> closures_;
    std::vector<std::string> videos_;
    std::int64_t frames_done_ = 0;
    double work_seconds_ = 0, spoken_seconds_ = 0;
};

}  // namespace

std::string evaluate(EvalSubject& subject, const LandmarkFactory& landmarks, const corpus::Corpus& corpus,
                     const EvalOptions& options) {
    if (options.max_clips < 0 || options.candidates < 2 || options.max_voice_s <= 0)
        fail(ErrorCode::kInvalidArgument,
             "[eval] expected clips >= 0, candidates >= 2 and a voice length > 0, got {}, {}, {}",
             options.max_clips, options.candidates, options.max_voice_s);
    const fs::path report = checked_report_path(options.report);
    OutputFile out(report, OutputFile::Kind::kFolder);
    const std::string table = Evaluation(subject, landmarks, corpus, options, out.temporary()).run();
    fs::remove_all(report);
    out.commit();
    return table;
}

}  // namespace vultus::evaluation
