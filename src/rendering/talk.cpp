#include "rendering/talk.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>
#include <sstream>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/standard_stream.h"
#include "marking/picture_mark.h"
#include "media/audio_reader.h"
#include "media/image.h"
#include "media/resize.h"
#include "media/video_writer.h"
#include "rendering/backdrop.h"
#include "rendering/body_video.h"
#include "rendering/origin.h"
#include "speaking/decode_workers.h"
#include "speaking/latent_stream.h"

namespace vultus::rendering {
namespace {

constexpr std::size_t kReadSamples = 8000;
constexpr std::size_t kMaxPoseBytes = 256u << 20;

/// Latents at the person's rate -> latents at the video's rate, linear in time.
class RateChange {
  public:
    RateChange(double from_fps, double to_fps, int width)
        : step_(from_fps / to_fps), width_(static_cast<std::size_t>(width)) {}

    void push(const std::vector<float>& latents) {
        held_.insert(held_.end(), latents.begin(), latents.end());
    }

    /// The next latent, if it is certain; `last`: the last latent may be held.
    bool next(bool last, std::vector<float>& latent) {
        const auto low = static_cast<std::int64_t>(position_);
        const auto part = static_cast<float>(position_ - static_cast<double>(low));
        const auto end = first_ + static_cast<std::int64_t>(held_.size() / width_);
        if (low >= end || (part > 0 && low + 1 >= end && !last)) return false;
        const float* a = &held_[static_cast<std::size_t>(low - first_) * width_];
        const float* b = part > 0 && low + 1 < end ? a + width_ : a;
        latent.resize(width_);
        for (std::size_t k = 0; k < width_; ++k) latent[k] = a[k] + part * (b[k] - a[k]);
        ++count_;
        position_ = static_cast<double>(count_) * step_;
        const auto keep = std::min<std::int64_t>(static_cast<std::int64_t>(position_), end);
        held_.erase(held_.begin(), held_.begin() + (keep - first_) * static_cast<std::int64_t>(width_));
        first_ = keep;
        return true;
    }

  private:
    double step_, position_ = 0;
    std::size_t width_;
    std::int64_t first_ = 0, count_ = 0;
    std::vector<float> held_;
};

/// Wherever the frames go.
class Outputs {
  public:
    Outputs(const TalkOptions& options, const std::string& origin, speaking::Talker& talker, int fps_num,
            int fps_den, const media::AudioReader& sound)
        : drawn_(talker.size_px(), talker.size_px()),
          size_px_(options.size_px > 0 ? options.size_px : talker.size_px()),
          frame_s_(static_cast<double>(fps_den) / fps_num),
          channels_(static_cast<std::size_t>(sound.original_channels())) {
        if (size_px_ < 16 || size_px_ > drawn_.width || size_px_ % 2 != 0)
            fail(ErrorCode::kInvalidArgument, "[talk] size: expected an even number from 16 to {} px, got {}",
                 drawn_.width, size_px_);
        if (!options.into.empty()) {
            if (options.size_px > 0)
                fail(ErrorCode::kInvalidArgument, "[talk] --size: the picture of --into keeps its own");
            if (!options.background.empty())
                fail(ErrorCode::kInvalidArgument, "[talk] --background: the picture of --into has its own");
            body_.emplace(options.into, talker.person().stats.footage_crop, fps_num, fps_den);
        }
        if (options.out == "-") {
            raw_ = true;
        } else if (!options.out.empty() || options.sink) {
            if (!options.sink) file_.emplace(options.out);
            media::VideoWriterOptions video;
            video.width = width();
            video.height = height();
            video.fps_num = fps_num;
            video.fps_den = fps_den;
            video.crf = options.crf;
            video.comment = origin;
            video.alpha = options.background == Backdrop::kTransparent;
            video.with_audio = true;
            video.sample_rate_hz = sound.original_rate_hz();
            video.channels = sound.original_channels();
            const bool as_it_is = options.audio.channel == media::Channel::kMix &&
                                  options.audio.raw.empty() && !options.sink &&
                                  !is_input_stream(options.speech);
            if (as_it_is) video.copied_sound = options.speech;
            video.copied_track = options.audio.track;
            video.sink = options.sink;
            video.live = static_cast<bool>(options.sink);  // somebody watches while it is drawn
            writer_.emplace(file_ ? file_->temporary() : "stream.mp4", video);
        }
        if (options.mark) mark_.emplace(width(), height());
        if (!options.frames.empty()) {
            if (std::filesystem::exists(options.frames))
                fail(ErrorCode::kInvalidArgument,
                     "[talk] {}: expected a new folder for the frames, it exists", options.frames.string());
            frames_.emplace(options.frames, OutputFile::Kind::kFolder);
        }
        if (!raw_ && !writer_ && !frames_)
            fail(ErrorCode::kInvalidArgument,
                 "[talk] nothing to write: give an output file or a folder for frames");
        if (!options.background.empty()) backdrop_.emplace(options.background, talker);
    }

    /// What the reader has of the sound as it came.
    void sound(media::AudioReader& reader) {
        original_.clear();
        reader.take_original(original_);
        if (writer_) writer_->write_audio(original_.data(), original_.size() / channels_);
    }

    void frame(const std::vector<std::uint8_t>& drawn) {
        drawn_.rgb = drawn;
        const bool transparent = backdrop_ && backdrop_->transparent();
        if (transparent)
            backdrop_->cut_out(drawn_, alpha_);
        else if (backdrop_)
            backdrop_->put_behind(drawn_.rgb.data());
        const bool resizes = !body_ && size_px_ != drawn_.width;
        if (resizes) media::resize(drawn_, size_px_, resized_);
        if (resizes && transparent) media::resize(alpha_, size_px_, resized_alpha_);
        media::Image& image = body_ ? body_->compose(drawn_) : resizes ? resized_ : drawn_;
        if (mark_) mark_->add(image.rgb.data(), static_cast<double>(count_) * frame_s_);
        if (transparent)
            write_transparent(image, resizes ? resized_alpha_ : alpha_);
        else
            write(image);
    }

    void finish() {
        if (writer_) writer_->finish();
        if (file_) file_->commit();
        if (frames_) frames_->commit();
    }

    std::int64_t count() const { return count_; }
    std::string encoder() const { return writer_ ? writer_->encoder_name() : "none"; }
    double matte_certainty() const { return backdrop_ ? backdrop_->certainty() : -1; }

  private:
    int width() const { return body_ ? body_->width() : size_px_; }    ///< px, of what is written
    int height() const { return body_ ? body_->height() : size_px_; }  ///< px

    void write(const media::Image& image) {
        if (writer_) writer_->write_frame(image.rgb.data());
        if (raw_) write_standard_output(image.rgb.data(), image.rgb.size());
        if (frames_) media::write_png(frame_name(), image);
        ++count_;
    }

    void write_transparent(const media::Image& colours, const media::Image& alpha) {
        rgba_.resize(colours.rgb.size() / 3 * 4);
        for (std::size_t i = 0; i < rgba_.size() / 4; ++i) {
            std::copy_n(&colours.rgb[3 * i], 3, &rgba_[4 * i]);
            rgba_[4 * i + 3] = alpha.rgb[3 * i];
        }
        if (writer_) writer_->write_frame(rgba_.data());
        if (raw_) write_standard_output(rgba_.data(), rgba_.size());
        if (frames_) media::write_png(frame_name(), rgba_.data(), colours.width, colours.height);
        ++count_;
    }

    std::filesystem::path frame_name() const {
        return frames_->temporary() / fmt::format("frame-{:06}.png", count_);
    }

    media::Image drawn_, resized_;        ///< the frame at hand: as the person draws it; at size_px_
    media::Image alpha_, resized_alpha_;  ///< how much of it is person, three times
    std::vector<std::uint8_t> rgba_;
    int size_px_;           ///< of the square as it is written
    double frame_s_;        ///< from one to the next
    std::size_t channels_;  ///< of the sound
    std::vector<float> original_;
    bool raw_ = false;
    std::optional<BodyVideo> body_;
    std::optional<Backdrop> backdrop_;
    std::optional<OutputFile> file_, frames_;
    std::optional<media::VideoWriter> writer_;
    std::optional<marking::PictureMark> mark_;
    std::int64_t count_ = 0;
};

/// The rate as a fraction: NTSC rates exactly, others to a thousandth.
std::pair<int, int> rational_rate(const person::Person& person, const TalkOptions& options) {
    const double fps = options.fps;
    if (options.fps_num > 0) {
        const int common = std::gcd(options.fps_num, options.fps_den);
        return {options.fps_num / common, options.fps_den / common};
    }
    if (fps == 0) return {person.fps_num, person.fps_den};
    if (!(fps >= 1 && fps <= 240))
        fail(ErrorCode::kInvalidArgument, "[talk] fps: expected 1 to 240, got {}", fps);
    for (const int whole : {24, 30, 60, 120})
        if (std::abs(fps - whole / 1.001) < 0.005) return {whole * 1000, 1001};
    const int num = static_cast<int>(std::lround(fps * 1000)), common = std::gcd(num, 1000);
    return {num / common, 1000 / common};
}

void check_writable(const TalkOptions& options) {
    if (options.out != "-" && !options.out.empty() && !media::is_video_name(options.out))
        fail(ErrorCode::kInvalidArgument, "[talk] {}: expected a name that ends in {}, or -",
             options.out.string(), fmt::join(media::video_extensions(), ", "));
    if (options.background == Backdrop::kTransparent &&
        (options.sink || (!options.out.empty() && options.out != "-" && !media::has_alpha(options.out))))
        fail(ErrorCode::kInvalidArgument,
             "[talk] {}: has no transparency: expected a name that ends in .webm, .webp or .mov, - or "
             "--frames",
             options.sink ? "a stream" : options.out.string());
    for (const std::filesystem::path& output : {options.out, options.frames})
        require_not_input(
            output, {options.person, options.speech, options.pose_track, options.into, options.background});
}

}  // namespace

std::vector<float> read_pose_track(const std::filesystem::path& path) {
    std::istringstream lines(read_file(path, kMaxPoseBytes));
    std::vector<float> track;
    int number = 0;
    for (std::string line; std::getline(lines, line); ++number) {
        if (line.empty() || line == "\r" || line[0] == '#') continue;
        float row[3];
        char rest = 0;
        const int got = std::sscanf(line.c_str(), "%f , %f , %f %c", &row[0], &row[1], &row[2], &rest);
        if (got == 0 && number == 0) continue;  // header
        if (got != 3 || !std::isfinite(row[0] + row[1] + row[2]))
            fail(ErrorCode::kCorruptData, "[talk] {}: line {}: expected yaw,pitch,roll in degrees, got '{}'",
                 path.string(), number + 1, line);
        track.insert(track.end(), row, row + 3);
    }
    if (track.empty())
        fail(ErrorCode::kCorruptData, "[talk] {}: expected rows of yaw,pitch,roll, found none",
             path.string());
    return track;
}

TalkReport talk(const TalkOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    check_writable(options);
    if (!options.mark) require_owner(options.person);
    speaking::PoseOptions pose = options.pose;
    if (!options.pose_track.empty()) {
        pose.source = speaking::PoseOptions::Source::kTrack;
        pose.track_deg = read_pose_track(options.pose_track);
    }
    speaking::DecodeWorkers workers =
        options.open ? speaking::DecodeWorkers(*options.open, options.talker, options.num_threads)
                     : speaking::DecodeWorkers(person::load_person(options.person), options.talker,
                                               options.num_threads);
    speaking::Talker& talker = workers.talker();
    const auto [fps_num, fps_den] = rational_rate(talker.person(), options);
    const std::string origin = origin_note(talker.person().card, options.person);
    speaking::LatentStream stream(talker, pose, options.look_ahead_frames);
    media::AudioOptions audio = options.audio;
    audio.keep_original = true;
    media::AudioReader reader(options.speech, audio);
    const bool live = is_input_stream(options.speech);
    Outputs outputs(options, origin, talker, fps_num, fps_den, reader);
    RateChange rate(talker.fps(), static_cast<double>(fps_num) / fps_den, talker.latent_dim());
    Progress progress("talk", "frames", 0);

    std::vector<float> samples(kReadSamples), latents, latent, batch;
    const auto draw = [&] {
        workers.decode(batch, [&](const std::vector<std::uint8_t>& rgb) { outputs.frame(rgb); });
        batch.clear();
        progress.update(outputs.count());
    };
    std::int64_t num_samples = 0;
    for (bool last = false; !last;) {
        const std::size_t count = live ? reader.read_some(samples.data(), samples.size())
                                       : reader.read(samples.data(), samples.size());
        last = live ? count == 0 : count < samples.size();
        num_samples += static_cast<std::int64_t>(count);
        outputs.sound(reader);
        latents.clear();
        stream.push(samples.data(), static_cast<std::int64_t>(count), latents);
        if (last && num_samples == 0) fail(ErrorCode::kInvalidArgument, "{}", reader.why_empty());
        if (last) stream.finish(-1, latents);
        rate.push(latents);
        const auto frames_due = static_cast<std::int64_t>(
            std::ceil(static_cast<double>(num_samples) * fps_num / fps_den / 16000 - 1e-6));
        const auto width = static_cast<std::int64_t>(talker.latent_dim());
        const auto taken = [&] { return outputs.count() + static_cast<std::int64_t>(batch.size()) / width; };
        while ((!last || taken() < frames_due) && rate.next(last, latent)) {
            throw_if_cancelled();
            batch.insert(batch.end(), latent.begin(), latent.end());
            // The first frame is drawn alone: somebody may be waiting for it.
            const std::int64_t enough = outputs.count() == 0 ? 1 : workers.batch();
            if (static_cast<std::int64_t>(batch.size()) >= enough * width) draw();
        }
        if (!batch.empty()) draw();
    }
    if (options.before_commit) options.before_commit();
    outputs.finish();
    TalkReport report;
    report.num_frames = outputs.count();
    report.speech_s = static_cast<double>(num_samples) / 16000;
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report.encoder = outputs.encoder();
    report.runtime = talker.runtime_name();
    report.matte_certainty = outputs.matte_certainty();
    report.faults = reader.faults();
    return report;
}

}  // namespace vultus::rendering
