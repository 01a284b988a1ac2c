#include "preparation/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/cancel.h"
#include "base/error.h"
#include "base/for_each_index.h"
#include "base/output_file.h"
#include "hearing/phone_recognizer.h"
#include "media/image.h"
#include "media/video_reader.h"
#include "person/bundled.h"
#include "preparation/av_offset.h"
#include "preparation/clip_measurement.h"
#include "preparation/clip_names.h"
#include "preparation/contact_sheet.h"
#include "preparation/crop_choice.h"
#include "preparation/encode_clip.h"
#include "preparation/plan.h"
#include "preparation/prepare_report.h"
#include "preparation/shared_progress.h"

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;

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
        plan_ = make_plan(recordings_, options_.min_valid, options_.hold_out);
        for (ClipMeasurement& recording : recordings_) recording.audio = {};
        if (plan_.num_sessions == 0) give_up();
        delays_frames_.assign(recordings_.size(), 0);
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
        if (options_.size_px != 0 &&
            (options_.size_px < 32 || options_.size_px > 1024 || options_.size_px % 2)) {
            fail(ErrorCode::kInvalidArgument, "[prepare] size: expected an even 32..1024 px, got {}",
                 options_.size_px);
        }
        if (options_.fps_num < 0 || options_.fps_den < 1) {
            fail(ErrorCode::kInvalidArgument, "[prepare] frame rate: expected a positive one, got {}/{}",
                 options_.fps_num, options_.fps_den);
        }
        if (!(options_.hold_out >= 0 && options_.hold_out <= 0.5)) {
            fail(ErrorCode::kInvalidArgument, "[prepare] held out: expected a share of 0..0.5, got {}",
                 options_.hold_out);
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
        for (const NamedInput& input : inputs_) {
            throw_if_cancelled();
            try {
                const media::VideoReader reader(input.file);
                ++rates[plain_rate(reader.fps_num(), reader.fps_den())];
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

    fs::path work_path(const std::string& name, const char* extension) const {
        return options_.out / "work" / (name + extension);
    }

    std::string key_of(const fs::path& source) const {
        return measurement_key(source, fps_num_, fps_den_, options_.face);
    }

    void measure() {
        if (fps_num_ == 0) fps_num_ = 25;  // no file can be read: the measuring below says why
        const int threads = std::max(1, options_.threads);
        std::vector<std::unique_ptr<face::FaceTracker>> trackers(threads);
        recordings_.resize(inputs_.size());
        SharedProgress progress("measuring", std::llround(seconds_ * fps_num_ / fps_den_));
        for_each_index(static_cast<int>(inputs_.size()), threads, [&](int worker, int i) {
            throw_if_cancelled();
            const NamedInput& input = inputs_[i];
            const fs::path kept = work_path(input.name, ".safetensors");
            ClipMeasurement& clip = recordings_[i];
            clip.fps_num = fps_num_;
            clip.fps_den = fps_den_;
            if (options_.resume && load_measurement(kept, key_of(input.file), clip)) {
                progress.add(clip.num_frames());
            } else {
                if (!trackers[worker])
                    trackers[worker] = std::make_unique<face::FaceTracker>(
                        face::FaceTrackerOptions{.wanted = options_.face});
                clip =
                    measure_clip(input.file, fps_num_, fps_den_, *trackers[worker], [&] { progress.add(1); });
                save_measurement(kept, key_of(input.file), clip);
            }
            clip.name = input.name;
            clip.source = input.file;
            clip.thumbs = {};  // read again when they are needed
        });
    }

    std::set<int> used_recordings() const {
        std::set<int> used;
        for (const PlannedClip& clip : plan_.clips)
            if (clip.kept()) used.insert(clip.recording);
        return used;
    }

    /// Where the sound does not fit the lips.
    void listen() {
        const std::set<int> used = used_recordings();
        const std::vector<int> kept(used.begin(), used.end());
        std::int64_t frames = 0;
        for (const int r : kept) frames += recordings_[r].num_frames();
        const double fps = static_cast<double>(fps_num_) / fps_den_;
        std::vector<SeenAndHeard> seen(kept.size());
        SharedProgress progress("listening", frames);
        for_each_index(static_cast<int>(kept.size()), std::max(1, options_.threads), [&](int, int k) {
            throw_if_cancelled();
            ClipMeasurement clip = measured(kept[k]);
            corpus::ClipTracks heard;
            heard.audio = std::move(clip.audio);
            seen[k] = {corpus::lip_opening(clip.landmarks_px),
                       visemes_per_frame(recognizer_->log_posteriors(heard.sound()), clip.num_frames(), fps)};
            progress.add(clip.num_frames());
        });
        const std::vector<int> delays = audio_delays_frames(seen, fps);
        for (std::size_t k = 0; k < kept.size(); ++k) delays_frames_[kept[k]] = delays[k];
    }

    /// With what recordings_ lack: sound and thumbs. Validity is as planned.
    ClipMeasurement measured(int r) const {
        ClipMeasurement clip = recordings_[r];
        if (!load_measurement(work_path(clip.name, ".safetensors"), key_of(clip.source), clip))
            fail(ErrorCode::kCorruptData, "[prepare] {}: changed while it was being prepared",
                 clip.source.string());
        clip.valid = recordings_[r].valid;
        return clip;
    }

    [[noreturn]] void give_up() {
        std::string reasons;
        const std::size_t count = plan_.clips.size();
        for (std::size_t i = 0; i < std::min<std::size_t>(count, 3); ++i) {
            const PlannedClip& clip = plan_.clips[i];
            reasons += fmt::format("{} {}: {}", i ? ";" : "", clip.name, clip.reason);
        }
        if (count > 3) reasons += "; ...";
        std::error_code ignored;
        lock_.reset();
        // Only what this run made: the folder may have been the user's own.
        for (const fs::path& folder : made_) fs::remove_all(folder, ignored);
        fail(ErrorCode::kCorruptData, "[prepare] none of the {} recordings can be used:{}", inputs_.size(),
             reasons);
    }

    void make_corpus() {
        corpus_.folder = options_.out;
        corpus_.fps_num = fps_num_;
        corpus_.fps_den = fps_den_;
        for (int s = 0; s < plan_.num_sessions; ++s) corpus_.sessions.push_back(crop_of_session(s));
        corpus_.size_px = options_.size_px ? options_.size_px : supported_size_px(largest_crop_px());
        for (int s = 0; s < plan_.num_sessions; ++s) corpus_.sessions[s].mouth_px = mouth_of_session(s);
        for (const PlannedClip& planned : plan_.clips) {
            corpus::Clip clip;
            clip.name = planned.name;
            clip.source = inputs_[planned.recording].file.string();
            clip.first_frame = planned.first;
            clip.num_frames = planned.count;
            clip.split = planned.split;
            clip.kept = planned.kept();
            clip.reason = planned.reason;
            if (clip.kept) clip.session = corpus_.sessions[planned.session].id;
            corpus_.clips.push_back(clip);
        }
    }

    /// Of the session that most of the material comes from.
    double largest_crop_px() const {
        double crop_px = 0;
        int most = -1;
        for (int s = 0; s < plan_.num_sessions; ++s) {
            int frames = 0;
            for (const PlannedClip* clip : plan_.members(s)) frames += clip->count;
            if (frames <= most) continue;
            most = frames;
            crop_px = corpus_.sessions[s].crop_px.width;
        }
        return crop_px;
    }

    corpus::Session crop_of_session(int s) const {
        std::vector<FaceExtent> faces;
        const auto members = plan_.members(s);
        for (const PlannedClip* clip : members) {
            const ClipMeasurement& recording = recordings_[clip->recording];
            for (int t = clip->first; t < clip->first + clip->count; ++t)
                if (recording.valid[t]) faces.push_back(face_extent(recording.landmarks(t)));
        }
        const ClipMeasurement& first = recordings_[members[0]->recording];
        corpus::Session session;
        session.id = fmt::format("s{}", s + 1);
        session.source_width_px = first.width;
        session.source_height_px = first.height;
        session.crop_px = choose_crop(median_extent(faces), first.width, first.height);
        return session;
    }

    corpus::Box mouth_of_session(int s) const {
        std::vector<std::vector<float>> cropped;
        std::vector<const float*> frames;
        for (const PlannedClip* clip : plan_.members(s)) {
            const corpus::ClipTracks tracks =
                crop_tracks(part_of(recordings_[clip->recording], clip->first, clip->count),
                            corpus_.sessions[s].crop_px, corpus_.size_px);
            cropped.push_back(tracks.landmarks_px);
            for (int t = 0; t < clip->count; ++t) {
                if (tracks.valid[t]) frames.push_back(cropped.back().data() + 136 * t);
            }
        }
        if (frames.empty()) {
            fail(ErrorCode::kCorruptData, "[prepare] the face never lies inside the crop of session {}",
                 corpus_.sessions[s].id);
        }
        return mouth_box(frames, corpus_.size_px);
    }

    std::string encoding_key(const PlannedClip& clip) const {
        const corpus::Box& crop = corpus_.sessions[clip.session].crop_px;
        const int delay = delays_frames_[clip.recording];
        return fmt::format("{}|{}+{}|{},{},{}|{}|crf {}{}\n", key_of(inputs_[clip.recording].file),
                           clip.first, clip.count, crop.x, crop.y, crop.width, corpus_.size_px, options_.crf,
                           delay != 0 ? fmt::format("|sound {}", delay) : std::string());
    }

    fs::path video_path(const PlannedClip& clip) const {
        return options_.out / "clips" / (clip.name + ".mp4");
    }

    bool is_encoded(const PlannedClip& clip) const {
        std::error_code ignored;
        return options_.resume && fs::exists(work_path(clip.name, ".encoded"), ignored) &&
               fs::exists(video_path(clip), ignored) &&
               fs::exists(video_path(clip).replace_extension(".safetensors"), ignored) &&
               read_file(work_path(clip.name, ".encoded")) == encoding_key(clip);
    }

    void encode() {
        std::map<int, std::vector<const PlannedClip*>> todo;
        std::int64_t frames = 0;
        for (const PlannedClip& clip : plan_.clips) {
            if (!clip.kept() || is_encoded(clip)) continue;
            todo[clip.recording].push_back(&clip);
            frames += clip.count;
        }
        forget_old_clips();
        if (todo.empty()) return;
        forget_old_corpus();
        SharedProgress progress("encoding", frames);
        std::vector<int> recordings;
        for (const auto& [recording, clips] : todo) recordings.push_back(recording);
        for_each_index(static_cast<int>(recordings.size()), std::max(1, options_.threads), [&](int, int k) {
            encode_recording(recordings[k], todo.at(recordings[k]), [&] { progress.add(1); });
        });
    }

    void encode_recording(int r, const std::vector<const PlannedClip*>& clips,
                          const std::function<void()>& tick) const {
        throw_if_cancelled();
        ClipMeasurement recording = measured(r);
        recording.audio = moved_audio(recording.audio, delays_frames_[r], fps_num_, fps_den_);
        std::vector<CropJob> jobs;
        for (const PlannedClip* planned : clips) {
            const corpus::Box& crop = corpus_.sessions[planned->session].crop_px;
            const auto done = [this, &recording, planned, crop] {
                corpus::Clip clip;
                clip.name = planned->name;
                clip.num_frames = planned->count;
                corpus::save_tracks(
                    corpus_, clip,
                    crop_tracks(part_of(recording, planned->first, planned->count), crop, corpus_.size_px));
                write_file(work_path(planned->name, ".encoded"), encoding_key(*planned));
            };
            jobs.push_back({planned->first, planned->count, crop, video_path(*planned), done});
        }
        encode_crops(recording, jobs, corpus_.size_px, options_.crf, tick);
    }

    /// Of an earlier run that divided the recordings differently.
    void forget_old_clips() const {
        std::set<std::string> wanted;
        for (const PlannedClip& clip : plan_.clips)
            if (clip.kept()) wanted.insert(clip.name);
        std::error_code ignored;
        std::vector<fs::path> old;
        for (const auto& entry : fs::directory_iterator(options_.out / "work", ignored))
            if (entry.path().extension() == ".encoded" && !wanted.count(entry.path().stem().string()))
                old.push_back(entry.path());
        for (const fs::path& mark : old) {
            const fs::path clip = options_.out / "clips" / mark.stem();
            fs::remove(clip.string() + ".mp4", ignored);
            fs::remove(clip.string() + ".safetensors", ignored);
            fs::remove(mark, ignored);
        }
        if (!old.empty()) forget_old_corpus();
    }

    /// Clips are about to change under an earlier corpus.json and its frame caches: both would lie.
    void forget_old_corpus() const {
        std::error_code ignored;
        fs::remove(options_.out / "corpus.json", ignored);
        for (const auto& entry : fs::directory_iterator(options_.out, ignored)) {
            const std::string name = entry.path().filename().string();
            const auto extension = entry.path().extension();
            if ((name.starts_with("frames-") && extension == ".u8") ||
                (name.starts_with("motion-") && extension == ".i16"))
                fs::remove(entry.path(), ignored);
        }
    }

    PrepareReport write_reports() const {
        const Prepared prepared{corpus_, plan_, recordings_, delays_frames_, options_.size_px};
        PrepareReport report = make_report(prepared);
        for (const NamedInput& input : inputs_)
            if (input.name != input.file.stem())
                report.renamed.push_back(fmt::format("{}: {}", input.name, input.file.string()));
        const auto thumbs = [this](int r) {
            ClipMeasurement clip = recordings_[r];
            load_measurement(work_path(clip.name, ".safetensors"), key_of(clip.source), clip);
            return std::move(clip.thumbs);
        };
        media::write_png(options_.out / "contact_sheet.png", make_contact_sheet(prepared, thumbs));
        write_file(options_.out / "report.txt", report_text(prepared, report));
        return report;
    }

    PrepareOptions options_;
    std::vector<NamedInput> inputs_;
    std::vector<fs::path> made_;  // folders that were not there before
    std::unique_ptr<WriteLock> lock_;
    double seconds_ = 0;
    int fps_num_ = 0, fps_den_ = 1;
    std::vector<ClipMeasurement> recordings_;
    Plan plan_;
    std::optional<hearing::PhoneRecognizer> recognizer_;  // unless the sound is to stay where it is
    std::vector<int> delays_frames_;                      // of each recording's sound after its lips
    corpus::Corpus corpus_;
};

}  // namespace

PrepareReport prepare(const PrepareOptions& options) { return PrepareRun(options).run(); }

}  // namespace vultus::preparation
