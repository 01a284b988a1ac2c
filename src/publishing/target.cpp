#include "publishing/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/standard_stream.h"
#include "media/video_writer.h"
#include "publishing/whip_output.h"
#include "rendering/origin.h"

namespace vultus::publishing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFirstPause = std::chrono::milliseconds(500), kLongestPause = std::chrono::milliseconds(16000);
constexpr std::int64_t kHolds = 100;  ///< frames sent, after which a connection counts as a good one
constexpr const char* kPreset = "veryfast";
constexpr int kSoundRateHz = 16000;

/// By FFmpeg.
class Video : public Output {
  public:
    Video(const std::string& file, const std::string& stream_name, media::VideoWriterOptions video) {
        if (!file.empty()) file_.emplace(file);
        writer_.emplace(file_ ? file_->temporary() : std::filesystem::path(stream_name), video);
    }
    void write(const speaking::LiveFrame& frame) override {
        writer_->write_audio(frame.sound.data(), frame.sound.size());
        writer_->write_frame(frame.rgb.data());
    }
    void finish() override {
        writer_->finish();
        if (file_) file_->commit();
    }
    std::string encoder() const override { return writer_->encoder_name(); }

  private:
    std::optional<OutputFile> file_;
    std::optional<media::VideoWriter> writer_;
};

media::VideoWriterOptions video_options(const PublishOptions& options, const person::Person& person,
                                        int size_px) {
    media::VideoWriterOptions video;
    video.width = video.height = size_px;
    video.fps_num = person.fps_num;
    video.fps_den = person.fps_den;
    video.crf = options.crf;
    video.preset = kPreset;
    video.live = true;
    video.with_audio = true;
    video.sample_rate_hz = kSoundRateHz;
    video.comment = rendering::origin_note(person.card, options.person);
    return video;
}

}  // namespace

std::function<std::unique_ptr<Output>()> output_of(const PublishOptions& options,
                                                   const person::Person& person, int size_px) {
    media::VideoWriterOptions video = video_options(options, person, size_px);
    const auto open = [](std::string file, std::string name, media::VideoWriterOptions settings) {
        return [=] { return std::make_unique<Video>(file, name, settings); };
    };
    if (options.to == "-" || options.to == "pipe:") {
        video.sink = write_standard_output;
        return open("", "stream.ts", video);
    }
    if (media::is_stream_address(options.to)) {
        video.address = options.to;
        return open("", "", video);
    }
    if (is_whip_address(options.to)) return whip_output_of(options, person, size_px);
    if (options.to.find("://") != std::string::npos || !media::is_video_name(options.to))
        fail(ErrorCode::kInvalidArgument,
             "[live] {}: expected rtmp://, rtmps://, srt://, udp://, tcp://, whip+http(s)://, v4l2:, - or a "
             "name that ends in "
             "{}",
             media::shown_address(options.to), fmt::join(media::video_extensions(), ", "));
    require_not_input(options.to, {options.person, options.speech});
    return open(options.to, "", video);
}

Target::Target(std::function<std::unique_ptr<Output>()> open, int retries)
    : open_(std::move(open)), retries_(retries), retries_left_(retries), pause_(kFirstPause) {}

bool Target::ready() const { return output_ || Clock::now() >= next_try_; }

bool Target::write(const speaking::LiveFrame& frame) {
    if (!ready()) return false;
    try {
        if (!output_) {
            output_ = open_();
            encoder_ = output_->encoder();
            num_sent_ = 0;
            ++num_connections_;
        }
        output_->write(frame);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::kIo || retries_left_ == 0) throw;
        broken(error.what());
        return false;
    }
    if (++num_sent_ == kHolds) {
        retries_left_ = retries_;
        pause_ = kFirstPause;
    }
    return true;
}

void Target::broken(const std::string& why) {
    why_ = why;
    output_.reset();
    if (retries_left_ > 0) --retries_left_;
    next_try_ = Clock::now() + pause_;
    fmt::print(stderr, "vultus: {}; again in {:.1f} s\n", why, std::chrono::duration<double>(pause_).count());
    pause_ = std::min<std::chrono::milliseconds>(2 * pause_, kLongestPause);
}

void Target::finish() {
    if (output_)
        output_->finish();
    else if (!why_.empty() && !cancel_requested())
        fail(ErrorCode::kIo, "{}", why_);
}

}  // namespace vultus::publishing
