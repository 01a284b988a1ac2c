#include "serving/live_show.h"

#include <algorithm>
#include <chrono>

#include "base/cancel.h"
#include "base/error.h"
#include "marking/picture_mark.h"
#include "media/video_writer.h"
#include "rendering/origin.h"
#include "voices/voice.h"

namespace vultus::serving {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSessionRateHz = voices::kVoiceRateHz;
// Of pushed sound, against the unrest of networks: as little as held so far.
constexpr double kMostGatheredS = 0.2, kMoreGathered = 1.5;
constexpr auto kNotUnrest = std::chrono::milliseconds(400);  ///< without sound: nobody speaks
constexpr std::size_t kMostTexts = 100;                      ///< that wait
constexpr int kCrf = 20;
constexpr auto kFarBehind = std::chrono::milliseconds(500);

/// The first boxes of a fragmented MP4, ftyp and moov, end here; 0: they are not complete.
std::size_t index_bytes(const std::string& bytes) {
    std::size_t at = 0;
    while (at + 8 <= bytes.size()) {
        std::size_t size = 0;
        for (int i = 0; i < 4; ++i)
            size = size << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
        const std::string type = bytes.substr(at + 4, 4);
        if (type == "moof") return at;
        if (size < 8 || at + size > bytes.size()) return 0;
        at += size;
        if (type == "moov") return at;
    }
    return 0;
}

}  // namespace

/// Frames and their sound to fragments.
struct LiveShow::Encoder {
    Encoder(const OpenPerson& person, const std::string& origin)
        : writer("live.mp4", options(person, origin)),
          mark(person.talker->size_px(), person.talker->size_px()) {}

    media::VideoWriterOptions options(const OpenPerson& person, const std::string& origin) {
        media::VideoWriterOptions video;
        video.width = video.height = person.talker->size_px();
        video.fps_num = person.talker->person().fps_num;
        video.fps_den = person.talker->person().fps_den;
        video.crf = kCrf;
        video.preset = "superfast";
        video.with_audio = true;
        video.sample_rate_hz = 16000;
        video.live = true;
        video.comment = origin;
        video.sink = [this](const std::uint8_t* bytes, std::size_t size) {
            written.append(reinterpret_cast<const char*>(bytes), size);
        };
        return video;
    }

    std::string written;                       ///< since the last fragment
    std::shared_ptr<const std::string> index;  ///< ftyp and moov
    media::VideoWriter writer;
    marking::PictureMark mark;
    std::int64_t since_key = 0;
    bool key_wanted = true;
};

LiveShow::LiveShow(std::string id, std::shared_ptr<OpenPerson> person, const LiveShowOptions& options,
                   double load, Metrics& metrics)
    : id_(std::move(id)),
      person_(std::move(person)),
      options_(options),
      load_(load),
      metrics_(metrics),
      talker_(std::make_shared<speaking::SharedTalker>(*person_->talker, options.talker)),
      session_(talker_, {kSessionRateHz, 0, options.pose}),
      last_use_(Clock::now()),
      encoder_(std::make_unique<Encoder>(
          *person_, rendering::origin_note(person_->talker->person().card, person_->path))) {
    if (!options_.background.empty()) backdrop_.emplace(options_.background, talker_->talker);
    ++metrics_.sessions;
    drawing_ = std::thread([this] { draw_all(); });
    speaking_thread_ = std::thread([this] { speak_all(); });
}

LiveShow::~LiveShow() {
    end();
    drawing_.join();
    speaking_thread_.join();
    --metrics_.sessions;
}

void LiveShow::end() {
    stop_ = true;
    ++turn_;
    {
        const std::lock_guard viewers(viewers_mutex_);
        watch_begins_.notify_all();
    }
    {
        const std::lock_guard speech(speech_mutex_);
        text_there_.notify_all();
    }
    session_.close();
    std::shared_ptr<streaming::WebRtcFeed> feed;  // whose end counts peers, which takes the lock
    const std::lock_guard lock(viewers_mutex_);
    feed.swap(feed_);
    for (const Viewer& viewer : viewers_) viewer.queue->finish();
    metrics_.viewers -= static_cast<std::int64_t>(viewers_.size() + num_peers_);
    num_peers_ = 0;
    viewers_.clear();
}

double LiveShow::media_time_s(std::int64_t frame) const {
    return static_cast<double>(frame) / person_->talker->fps();
}

void LiveShow::add_viewer(const std::shared_ptr<http::OutQueue>& viewer, bool media) {
    const std::lock_guard lock(viewers_mutex_);
    viewer->push(http::text_part(nlohmann::json{
        {"event", "hello"},
        {"session", id_},
        {"mime", encoder_->writer.mime_type()},
        {"person", person_->id},
        {"size_px", person_->talker->size_px()},
        {"fps", person_->talker->fps()},
        {"sample_rate_hz", 16000},
        {"pose_range_deg", pose_range()},
        {"time",
         media_time_s(frame_)}}.dump()));
    viewers_.push_back({viewer, media, false});
    ++metrics_.viewers;
    last_use_ = Clock::now();
    watch_begins_.notify_all();
}

void LiveShow::remove_viewer(const std::shared_ptr<http::OutQueue>& viewer) {
    const std::lock_guard lock(viewers_mutex_);
    const auto gone = std::remove_if(viewers_.begin(), viewers_.end(),
                                     [&](const Viewer& one) { return one.queue == viewer; });
    metrics_.viewers -= viewers_.end() - gone;
    viewers_.erase(gone, viewers_.end());
    last_use_ = Clock::now();
}

double LiveShow::seconds_idle() const {
    const std::lock_guard lock(viewers_mutex_);
    if (watched()) return 0;
    return std::chrono::duration<double>(Clock::now() - last_use_).count();
}

nlohmann::json LiveShow::describe() const {
    const std::lock_guard lock(viewers_mutex_);
    return {{"id", id_},
            {"person", person_->id},
            {"voice", options_.voice},
            {"stream", "/v1/sessions/" + id_ + "/stream"},
            {"whep", "/v1/sessions/" + id_ + "/whep"},
            {"pose_range_deg", pose_range()},
            {"viewers", viewers_.size() + num_peers_},
            {"time", media_time_s(frame_)}};
}

void LiveShow::event(const nlohmann::json& json) {
    const auto part = http::text_part(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    const std::lock_guard lock(viewers_mutex_);
    for (const Viewer& viewer : viewers_) viewer.queue->push(part);
}

// ---- drawing

void LiveShow::draw_all() {
    const auto step = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(1.0 / person_->talker->fps()));
    auto due = Clock::now();
    try {
        while (!stop_) {
            {
                std::unique_lock lock(viewers_mutex_);
                if (!watched()) {
                    watch_begins_.wait(lock, [&] { return stop_ || watched(); });
                    due = Clock::now();
                }
            }
            if (stop_) return;
            std::this_thread::sleep_until(due);
            const auto now = Clock::now();
            if (now - due > kFarBehind) due = now;  // the machine was away: time goes on from here
            draw_one(now - due > step);
            due += step;
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::kCancelled) event({{"event", "error"}, {"message", error.what()}});
    }
}

void LiveShow::draw_one(bool late) {
    const auto begin = Clock::now();
    // A frame that is late is not drawn, so that the next one is in time: sound never waits for pictures.
    const bool draw = !late || picture_.rgb.empty();
    session_.pull(speaking::LiveSession::Missing::kSilence, picture_, draw);
    if (draw && backdrop_) backdrop_->put_behind(picture_.rgb.data());
    if (draw)  // what stays shown in the place of a late one is marked already
        encoder_->mark.add(picture_.rgb.data(), media_time_s(picture_.index));
    else
        ++metrics_.late_frames;
    ++metrics_.frames;
    if (const auto peers = feed())
        peers->show(picture_.rgb.data(), picture_.sound.data(), picture_.sound.size());
    report_speaking(picture_);
    write_mp4();
    frame_ = picture_.index + 1;
    metrics_.frame_seconds.add(std::chrono::duration<double>(Clock::now() - begin).count());
}

/// Pictures are encoded only where somebody takes them; sound always, so that it stays whole.
void LiveShow::write_mp4() {
    bool wanted = encoder_->index == nullptr;
    {
        const std::lock_guard lock(viewers_mutex_);
        for (const Viewer& viewer : viewers_) {
            wanted = wanted || viewer.media;
            if (viewer.media && !viewer.begun && encoder_->since_key > 5) encoder_->key_wanted = true;
        }
    }
    encoder_->writer.write_audio(picture_.sound.data(), picture_.sound.size());
    if (!wanted) {
        encoder_->writer.skip_frame();
        encoder_->written.clear();
        encoder_->key_wanted = true;
        return;
    }
    if (encoder_->key_wanted) {
        encoder_->writer.force_key_frame();
        encoder_->since_key = 0;
    }
    encoder_->writer.write_frame(picture_.rgb.data());
    broadcast_fragment();
}

void LiveShow::broadcast_fragment() {
    Encoder& encoder = *encoder_;
    if (!encoder.index) {
        const std::size_t size = index_bytes(encoder.written);
        if (size == 0) return;  // the first frames wait for the first packet of sound
        encoder.index = std::make_shared<const std::string>(encoder.written.substr(0, size));
        encoder.written.erase(0, size);
    }
    const bool key = std::exchange(encoder.key_wanted, false);
    ++encoder.since_key;
    if (encoder.written.empty()) return;
    const http::OutQueue::Part fragment = http::bytes_part(std::exchange(encoder.written, {}));
    const std::lock_guard lock(viewers_mutex_);
    for (Viewer& viewer : viewers_) {
        if (!viewer.media) continue;
        if (!viewer.begun) {
            if (!key) continue;
            viewer.begun = viewer.queue->push({encoder.index, false});
        }
        // Whoever is too slow goes on with a key frame, later.
        if (viewer.begun && !viewer.queue->push(fragment)) {
            viewer.begun = false;
            ++metrics_.dropped_fragments;
        }
    }
}

void LiveShow::report_speaking(const speaking::LiveFrame& frame) {
    if (frame.speaking == speaking_) return;
    speaking_ = frame.speaking;
    event({{"event", speaking_ ? "speaking" : "silent"},
           {"frame", frame.index},
           {"sample", frame.sample},
           {"time", media_time_s(frame.index)}});
    const std::int64_t asked = asked_ns_.exchange(0);
    if (speaking_ && asked > 0)
        metrics_.first_frame_seconds.add(
            static_cast<double>(Clock::now().time_since_epoch().count() - asked) * 1e-9);
}

// ---- speaking

void LiveShow::say(const std::string& text, const std::string& voice) {
    (void)voices::passages_of(text);  // refuses what is no text
    const std::lock_guard lock(speech_mutex_);
    if (texts_.size() >= kMostTexts)
        fail(ErrorCode::kInvalidArgument, "[server] session: expected at most {} texts that wait",
             kMostTexts);
    texts_.push_back({text, voice.empty() ? options_.voice : voice, Clock::now()});
    text_there_.notify_all();
}

void LiveShow::speak_all() {
    for (;;) {
        Text text;
        std::int64_t turn = 0;
        {
            std::unique_lock lock(speech_mutex_);
            text_there_.wait(lock, [&] { return stop_ || !texts_.empty(); });
            if (stop_) return;
            text = std::move(texts_.front());
            texts_.pop_front();
            turn = turn_;
            saying_ = true;
        }
        try {
            const CancelScope cancel([&] { return turn_ != turn; });
            speak(text, turn);
            event({{"event", "said"}, {"text", text.text}});
        } catch (const Error& error) {
            if (error.code() != ErrorCode::kCancelled) event({{"event", "error"}, {"message", error.what()}});
        }
        const std::lock_guard lock(speech_mutex_);
        saying_ = false;
    }
}

void LiveShow::speak(const Text& text, std::int64_t turn) {
    const auto voice = voices::open_voice(text.voice, {options_.voice_limit_s, ""});
    bool first = true;
    const auto take = [&](const std::vector<float>& samples) {
        const std::lock_guard lock(speech_mutex_);
        if (turn_ != turn) fail(ErrorCode::kCancelled, "interrupted");
        if (std::exchange(first, false)) asked_ns_ = text.asked.time_since_epoch().count();
        session_.push(samples.data(), static_cast<std::int64_t>(samples.size()));
    };
    voices::speak_passages(*voice, voices::passages_of(text.text), take, [&](const voices::Spoken& spoken) {
        if (!spoken.passage.text.empty())
            event({{"event", "passage"},
                   {"text", spoken.passage.text},
                   {"begin", static_cast<double>(spoken.begin_sample) / voices::kVoiceRateHz},
                   {"seconds", static_cast<double>(spoken.num_samples) / voices::kVoiceRateHz}});
    });
    const std::lock_guard lock(speech_mutex_);
    if (turn_ == turn) session_.end_speech();
}

void LiveShow::push(const std::int16_t* samples, std::size_t num_samples, int rate_hz) {
    const std::lock_guard lock(speech_mutex_);
    if (!resampler_ || resampler_rate_hz_ != rate_hz) {
        resampler_ = std::make_unique<audio::Resampler>(rate_hz, kSessionRateHz);
        resampler_rate_hz_ = rate_hz;
    }
    std::vector<float> sound(num_samples);
    for (std::size_t i = 0; i < num_samples; ++i) sound[i] = static_cast<float>(samples[i]) / 32768.0f;
    resampler_->push(sound.data(), static_cast<std::int64_t>(num_samples), gathered_);
    const auto now = Clock::now();
    const std::int64_t filled = session_.num_filled();
    if (flowing_ && filled > filled_) {  // it ran dry: gather again
        flowing_ = false;
        if (now - last_push_ < kNotUnrest)
            gathered_s_ = std::min(gathered_s_ * kMoreGathered, kMostGatheredS);
    }
    last_push_ = now;
    if (!flowing_ && static_cast<double>(gathered_.size()) < gathered_s_ * kSessionRateHz) return;
    flowing_ = true;
    flush_pushed();
    filled_ = session_.num_filled();
}

void LiveShow::flush_pushed() {
    session_.push(gathered_.data(), static_cast<std::int64_t>(gathered_.size()));
    gathered_.clear();
}

void LiveShow::end_speech() {
    const std::lock_guard lock(speech_mutex_);
    if (resampler_) resampler_->finish(gathered_);
    flush_pushed();
    flowing_ = false;
    session_.end_speech();
}

void LiveShow::turn_head(const speaking::HeadPose& pose) { session_.turn_head(pose); }

void LiveShow::look(double x, double y, double seconds) {
    const auto range = speaking::LatentStream::pose_range(person_->talker->person());
    const auto at = [&](std::size_t angle, double share) {
        const double middle = 0.5 * (range[angle][0] + range[angle][1]);
        return static_cast<float>(middle + share * (range[angle][1] - middle));
    };
    turn_head({at(0, x), at(1, y), std::nullopt, seconds});
}

nlohmann::json LiveShow::pose_range() const {
    const auto range = speaking::LatentStream::pose_range(person_->talker->person());
    return {{"yaw", range[0]}, {"pitch", range[1]}, {"roll", range[2]}};
}

void LiveShow::interrupt() {
    {
        const std::lock_guard lock(speech_mutex_);
        ++turn_;
        texts_.clear();
        gathered_.clear();
        resampler_.reset();
        flowing_ = false;
        asked_ns_ = 0;
        session_.interrupt();
    }
    event({{"event", "interrupted"}, {"frame", frame_.load()}, {"time", media_time_s(frame_)}});
}

}  // namespace vultus::serving
