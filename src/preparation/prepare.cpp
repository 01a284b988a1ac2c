#include "preparation/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "hearing/phone_recognizer.h"
#include "media/png.h"
#include "media/video_reader.h"
#include "person/bundled.h"
#include "preparation/av_offset.h"
#include "preparation/clip_choice.h"
#include "preparation/clip_measurement.h"
#include "preparation/clip_names.h"
#include "preparation/contact_sheet.h"
#include "preparation/crop_choice.h"
#include "preparation/encode_clip.h"

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;

/// Runs job(worker, index) for every index on `threads` threads; the first error stops the others and is
/// thrown.
void for_each_index(int count, int threads, const std::function<void(int, int)>& job) {
    std::atomic<int> next{0};
    std::atomic<bool> failed{false};
    std::exception_ptr error;
    std::mutex mutex;
    const auto work = [&](int worker) {
        try {
            for (int i = next++; i < count && !failed; i = next++) job(worker, i);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(mutex);
            if (!failed.exchange(true)) error = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    for (int worker = 1; worker < std::min(threads, count); ++worker) others.emplace_back(work, worker);
    work(0);
    for (std::thread& thread : others) thread.join();
    if (error) std::rethrow_exception(error);
}

/// A progress line that several threads advance.
class SharedProgress {
  public:
    SharedProgress(std::string label, std::int64_t total) : progress_(std::move(label), "frames", total) {}
    void add(std::int64_t frames) {
        const std::lock_guard<std::mutex> lock(mutex_);
        progress_.update(done_ += frames);
    }

  private:
    std::mutex mutex_;
    Progress progress_;
    std::int64_t done_ = 0;
};

/// The sound that fits lips which are `delay` frames ahead of it; silence where there is none.
std::vector<std::int16_t> moved_audio(const std::vector<std::int16_t>& sound, int delay_frames, int fps_num,
                                      int fps_den) {
    const std::int64_t samples = std::int64_t{delay_frames} * corpus::kSampleRateHz * fps_den / fps_num;
    const auto size = static_cast<std::int64_t>(sound.size());
    std::vector<std::int16_t> moved(sound.size(), 0);
    for (std::int64_t at = 0; at < size; ++at)
        if (at + samples >= 0 && at + samples < size) moved[at] = sound[at + samples];
    return moved;
}

class PrepareRun {
  public:
    explicit PrepareRun(const PrepareOptions& options) : options_(options) {
        check_options();
        // Before hours of measuring: it may not be there.
        if (!options_.keep_audio_offset)
            recognizer_.emplace(person::find_bundled(person::kSmallSpeechEncoder));
        inputs_ = name_clips(options_.inputs);
        require_not_overwritten();
        std::error_code error;
        for (const fs::path& folder : {options_.out, options_.out / "work", options_.out / "clips"}) {
            if (fs::create_directories(folder, error)) made_.push_back(folder);
            if (error) break;
        }
        if (error)
            fail(ErrorCode::kIo, "[prepare] {}: cannot make the folder ({})", options_.out.string(),
                 error.message());
        lock_ = std::make_unique<WriteLock>(options_.out / ".lock");
        for (const fs::path& folder : {options_.out, options_.out / "work", options_.out / "clips"})
            remove_abandoned_outputs(folder);
    }

    PrepareReport run() {
        look_at_inputs();
        measure();
        choice_ = choose_clips(clips_, options_.min_valid);
        if (choice_.sessions.empty()) give_up();
        delays_frames_.assign(clips_.size(), 0);
        if (recognizer_) listen();
        make_corpus();
        encode();
        corpus::save_corpus(corpus_);
        return write_reports();
    }

  private:
    void check_options() const {
        if (options_.inputs.empty())
            fail(ErrorCode::kInvalidArgument, "[prepare] expected recordings, got none");
        if (options_.out.empty())
            fail(ErrorCode::kInvalidArgument, "[prepare] expected a corpus folder, got none");
        if (options_.size_px < 32 || options_.size_px > 1024 || options_.size_px % 2) {
            fail(ErrorCode::kInvalidArgument, "[prepare] size: expected an even 32..1024 px, got {}",
                 options_.size_px);
        }
        if (options_.fps_num < 0 || options_.fps_den < 1) {
            fail(ErrorCode::kInvalidArgument, "[prepare] frame rate: expected a positive one, got {}/{}",
                 options_.fps_num, options_.fps_den);
        }
    }

    /// Recordings that lie where the corpus keeps its clips, under names that it writes.
    void require_not_overwritten() const {
        std::error_code ignored;
        for (const fs::path& folder : {options_.out / "work", options_.out / "clips"}) {
            const fs::path place = fs::weakly_canonical(folder, ignored);
            for (const NamedInput& input : inputs_) {
                const fs::path file = fs::weakly_canonical(input.file, ignored);
                const std::string extension = file.extension().string();
                if (file.parent_path() == place && (extension == ".mp4" || extension == ".safetensors"))
                    require_not_input(folder / file.filename(), {input.file});
            }
        }
    }

    /// Opens every file once: which rate most have, and how much work there is.
    void look_at_inputs() {
        std::map<std::pair<int, int>, int> rates;
        clips_.resize(inputs_.size());
        for (std::size_t i = 0; i < clips_.size(); ++i) {
            throw_if_cancelled();
            try {
                const media::VideoReader reader(inputs_[i].file);
                ++rates[{reader.fps_num(), reader.fps_den()}];
                seconds_ += reader.claimed_seconds();
            } catch (const Error& error) {
                if (error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kInternal) throw;
            }
        }
        fps_num_ = options_.fps_num;
        fps_den_ = options_.fps_den;
        if (fps_num_ > 0 || rates.empty()) return;
        const auto most = std::max_element(rates.begin(), rates.end(),
                                           [](const auto& a, const auto& b) { return a.second < b.second; });
        std::tie(fps_num_, fps_den_) = most->first;
    }

    fs::path work_path(std::size_t i, const char* extension) const {
        return options_.out / "work" / (inputs_[i].name + extension);
    }

    void measure() {
        if (fps_num_ == 0) fps_num_ = 25;  // no file can be read: the measuring below says why
        const int threads = std::max(1, options_.threads);
        std::vector<std::unique_ptr<face::FaceTracker>> trackers(threads);
        SharedProgress progress("measuring", std::llround(seconds_ * fps_num_ / fps_den_));
        for_each_index(static_cast<int>(clips_.size()), threads, [&](int worker, int i) {
            const fs::path& source = inputs_[i].file;
            const std::string key = measurement_key(source, fps_num_, fps_den_);
            ClipMeasurement& clip = clips_[i];
            clip.name = inputs_[i].name;
            clip.source = source;
            clip.fps_num = fps_num_;
            clip.fps_den = fps_den_;
            throw_if_cancelled();
            if (options_.resume && load_measurement(work_path(i, ".safetensors"), key, clip)) {
                progress.add(clip.num_frames());
            } else {
                if (!trackers[worker]) trackers[worker] = std::make_unique<face::FaceTracker>();
                clip = measure_clip(source, fps_num_, fps_den_, *trackers[worker], [&] { progress.add(1); });
                clip.name = inputs_[i].name;
                save_measurement(work_path(i, ".safetensors"), key, clip);
            }
            clip.audio = {};  // read again when it is needed: hours of sound would fill the memory
        });
    }

    /// Where the sound does not fit the lips.
    void listen() {
        std::vector<int> kept;
        std::int64_t frames = 0;
        for (std::size_t i = 0; i < clips_.size(); ++i)
            if (choice_.clips[i].session >= 0) {
                kept.push_back(static_cast<int>(i));
                frames += clips_[i].num_frames();
            }
        const double fps = static_cast<double>(fps_num_) / fps_den_;
        std::vector<SeenAndHeard> recordings(kept.size());
        SharedProgress progress("listening", frames);
        for_each_index(static_cast<int>(kept.size()), std::max(1, options_.threads), [&](int, int k) {
            throw_if_cancelled();
            ClipMeasurement clip = measured(kept[k]);
            corpus::ClipTracks heard;
            heard.audio = std::move(clip.audio);
            recordings[k] = {
                corpus::lip_opening(clip.landmarks_px),
                visemes_per_frame(recognizer_->log_posteriors(heard.sound()), clip.num_frames(), fps)};
            progress.add(clip.num_frames());
        });
        const std::vector<int> delays = audio_delays_frames(recordings, fps);
        for (std::size_t k = 0; k < kept.size(); ++k) delays_frames_[kept[k]] = delays[k];
    }

    /// With its sound, which clips_ lack.
    ClipMeasurement measured(int i) const {
        ClipMeasurement clip = clips_[i];
        if (!load_measurement(work_path(i, ".safetensors"), measurement_key(clip.source, fps_num_, fps_den_),
                              clip))
            fail(ErrorCode::kCorruptData, "[prepare] {}: changed while it was being prepared",
                 clip.source.string());
        return clip;
    }

    [[noreturn]] void give_up() {
        std::string reasons;
        for (std::size_t i = 0; i < std::min<std::size_t>(clips_.size(), 3); ++i) {
            reasons += fmt::format("{} {}: {}", i ? ";" : "", clips_[i].name, choice_.clips[i].reason);
        }
        if (clips_.size() > 3) reasons += "; ...";
        std::error_code ignored;
        lock_.reset();
        // Only what this run made: the folder may have been the user's own.
        for (const fs::path& folder : made_) fs::remove_all(folder, ignored);
        fail(ErrorCode::kCorruptData, "[prepare] none of the {} recordings can be used:{}", clips_.size(),
             reasons);
    }

    void make_corpus() {
        corpus_.folder = options_.out;
        corpus_.size_px = options_.size_px;
        corpus_.fps_num = fps_num_;
        corpus_.fps_den = fps_den_;
        for (std::size_t s = 0; s < choice_.sessions.size(); ++s) corpus_.sessions.push_back(make_session(s));
        for (std::size_t i = 0; i < clips_.size(); ++i) {
            corpus::Clip clip;
            clip.name = clips_[i].name;
            clip.source = clips_[i].source.string();
            clip.num_frames = clips_[i].num_frames();
            clip.split = corpus::default_split(i);
            clip.kept = choice_.clips[i].session >= 0;
            clip.reason = choice_.clips[i].reason;
            if (clip.kept) clip.session = corpus_.sessions[choice_.clips[i].session].id;
            corpus_.clips.push_back(clip);
        }
        // A handful of recordings: the last one measures.
        const auto kept = corpus_.kept();
        if (kept.size() > 1 && corpus_.kept(corpus::Split::kValidation).empty())
            for (corpus::Clip& clip : corpus_.clips)
                if (clip.name == kept.back()->name) clip.split = corpus::Split::kValidation;
    }

    corpus::Session make_session(std::size_t s) const {
        const std::vector<int>& members = choice_.sessions[s];
        std::vector<FaceExtent> faces;
        for (int i : members) {
            const ClipMeasurement& clip = clips_[i];
            for (int t = 0; t < clip.num_frames(); ++t) {
                if (clip.valid[t]) faces.push_back(face_extent(clip.landmarks_px.data() + 136 * t));
            }
        }
        corpus::Session session;
        session.id = fmt::format("s{}", s + 1);
        session.source_width_px = clips_[members[0]].width;
        session.source_height_px = clips_[members[0]].height;
        session.crop_px =
            choose_crop(median_extent(faces), session.source_width_px, session.source_height_px);
        std::vector<std::vector<float>> cropped;
        std::vector<const float*> frames;
        for (int i : members) {
            const corpus::ClipTracks tracks = crop_tracks(clips_[i], session.crop_px, options_.size_px);
            cropped.push_back(tracks.landmarks_px);
            for (int t = 0; t < clips_[i].num_frames(); ++t) {
                if (tracks.valid[t]) frames.push_back(cropped.back().data() + 136 * t);
            }
        }
        if (frames.empty()) {
            fail(ErrorCode::kCorruptData, "[prepare] the face never lies inside the crop of session {}",
                 session.id);
        }
        session.mouth_px = mouth_box(frames, options_.size_px);
        return session;
    }

    std::string encoding_key(std::size_t i) const {
        const corpus::Box& crop = corpus_.sessions[choice_.clips[i].session].crop_px;
        const std::string moved =
            delays_frames_[i] != 0 ? fmt::format("|sound {}", delays_frames_[i]) : std::string();
        return fmt::format("{}|{},{},{}|{}|crf {}{}\n", measurement_key(inputs_[i].file, fps_num_, fps_den_),
                           crop.x, crop.y, crop.width, options_.size_px, options_.crf, moved);
    }

    bool is_encoded(std::size_t i) const {
        const corpus::Clip& clip = corpus_.clips[i];
        std::error_code ignored;
        return options_.resume && fs::exists(work_path(i, ".encoded"), ignored) &&
               fs::exists(corpus_.video_path(clip), ignored) &&
               fs::exists(corpus_.tracks_path(clip), ignored) &&
               read_file(work_path(i, ".encoded")) == encoding_key(i);
    }

    void encode() {
        std::vector<int> todo;
        std::int64_t frames = 0;
        for (std::size_t i = 0; i < clips_.size(); ++i) {
            if (!corpus_.clips[i].kept || is_encoded(i)) continue;
            todo.push_back(static_cast<int>(i));
            frames += clips_[i].num_frames();
        }
        if (todo.empty()) return;
        forget_old_corpus();
        SharedProgress progress("encoding", frames);
        for_each_index(static_cast<int>(todo.size()), std::max(1, options_.threads),
                       [&](int, int k) { encode_one(todo[k], [&] { progress.add(1); }); });
    }

    void encode_one(int i, const std::function<void()>& tick) {
        throw_if_cancelled();
        ClipMeasurement clip = measured(i);
        clip.audio = moved_audio(clip.audio, delays_frames_[i], fps_num_, fps_den_);
        const corpus::Box& crop = corpus_.sessions[choice_.clips[i].session].crop_px;
        encode_crop(clip, crop, options_.size_px, options_.crf, corpus_.video_path(corpus_.clips[i]), tick);
        corpus::save_tracks(corpus_, corpus_.clips[i], crop_tracks(clip, crop, options_.size_px));
        write_file(work_path(i, ".encoded"), encoding_key(i));
    }

    /// Clips are about to change under an earlier corpus.json and its frame caches: both would lie.
    void forget_old_corpus() {
        std::error_code ignored;
        fs::remove(options_.out / "corpus.json", ignored);
        for (const auto& entry : fs::directory_iterator(options_.out, ignored)) {
            const std::string name = entry.path().filename().string();
            if (name.rfind("frames-", 0) == 0 && entry.path().extension() == ".u8")
                fs::remove(entry.path(), ignored);
        }
    }

    PrepareReport write_reports() {
        PrepareReport report;
        report.corpus = options_.out;
        report.num_inputs = static_cast<int>(clips_.size());
        std::vector<SheetCell> cells;
        for (std::size_t i = 0; i < clips_.size(); ++i) {
            const corpus::Clip& clip = corpus_.clips[i];
            cells.push_back({&clips_[i].median, clip.name, clip.reason});
            if (clip.kept) {
                ++report.num_kept;
                report.num_frames += clip.num_frames;
                report.num_invalid_frames += clip.num_frames - clips_[i].num_valid();
                if (delays_frames_[i] != 0)
                    report.moved.push_back(
                        fmt::format("{}: sound came {:.0f} ms {}", clip.name,
                                    1000.0 * std::abs(delays_frames_[i]) * fps_den_ / fps_num_,
                                    delays_frames_[i] > 0 ? "late" : "early"));
            } else {
                report.left_out.push_back(fmt::format("{}: {}", clip.name, clip.reason));
            }
        }
        for (const NamedInput& input : inputs_)
            if (input.name != input.file.stem())
                report.renamed.push_back(fmt::format("{}: {}", input.name, input.file.string()));
        report.num_left_out = report.num_inputs - report.num_kept;
        media::write_png(options_.out / "contact_sheet.png", draw_contact_sheet(cells));
        write_file(options_.out / "report.txt", report_text(report));
        return report;
    }

    std::string report_text(const PrepareReport& report) const {
        std::string text = fmt::format(
            "{} of {} recordings kept, {} frames at {}/{} Hz ({} without one clear face)\n", report.num_kept,
            report.num_inputs, report.num_frames, fps_num_, fps_den_, report.num_invalid_frames);
        for (std::size_t s = 0; s < corpus_.sessions.size(); ++s) {
            const corpus::Session& session = corpus_.sessions[s];
            text += fmt::format(
                "session {}: {} recordings of {}x{} px, crop {:.0f},{:.0f} side {:.0f} -> {} px\n",
                session.id, choice_.sessions[s].size(), session.source_width_px, session.source_height_px,
                session.crop_px.x, session.crop_px.y, session.crop_px.width, corpus_.size_px);
        }
        if (!report.left_out.empty()) text += fmt::format("\n{} left out:\n", report.left_out.size());
        for (const std::string& line : report.left_out) text += line + "\n";
        if (!report.moved.empty())
            text += fmt::format("\nsound of {} moved to the lips:\n", report.moved.size());
        for (const std::string& line : report.moved) text += line + "\n";
        text += "\ndistance of each kept recording's look from its session's, grey levels:\n";
        for (std::size_t i = 0; i < clips_.size(); ++i) {
            if (corpus_.clips[i].kept)
                text += fmt::format("{} {:.1f}\n", clips_[i].name, choice_.clips[i].oddness);
        }
        return text;
    }

    PrepareOptions options_;
    std::vector<NamedInput> inputs_;  // by name
    std::vector<fs::path> made_;      // folders that were not there before
    std::unique_ptr<WriteLock> lock_;
    double seconds_ = 0;
    int fps_num_ = 0, fps_den_ = 1;
    std::vector<ClipMeasurement> clips_;
    ClipChoice choice_;
    std::optional<hearing::PhoneRecognizer> recognizer_;  // unless the sound is to stay where it is
    std::vector<int> delays_frames_;                      // of each clip's sound after its lips
    corpus::Corpus corpus_;
};

}  // namespace

PrepareReport prepare(const PrepareOptions& options) { return PrepareRun(options).run(); }

}  // namespace vultus::preparation
