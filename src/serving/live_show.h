// A live session: one face, drawn at its frame rate for all who watch.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audio/resampler.h"
#include "http/out_queue.h"
#include "rendering/backdrop.h"
#include "serving/metrics.h"
#include "serving/persons.h"
#include "speaking/live_session.h"
#include "streaming/webrtc_feed.h"

namespace vultus::serving {

struct LiveShowOptions {
    speaking::PoseOptions pose;
    speaking::TalkerOptions talker;
    std::string background;  ///< a colour, as rendering::Backdrop's; empty: what was recorded
    std::string voice;       ///< as voices::open_voice()'s; settled by the caller
    double voice_limit_s = 60;
    std::string address = "127.0.0.1";  ///< that WebRTC offers
};

/// Draws while somebody watches, stands still otherwise. All viewers get the same fragmented MP4, from its
/// next key frame on, and the same events as JSON: hello, speaking, silent, passage, said, interrupted,
/// error. Threads  any.
class LiveShow {
  public:
    /// load: what it takes of the machine, in cores.
    LiveShow(std::string id, std::shared_ptr<OpenPerson> person, const LiveShowOptions& options, double load,
             Metrics& metrics);
    ~LiveShow();
    LiveShow(const LiveShow&) = delete;
    LiveShow& operator=(const LiveShow&) = delete;

    const std::string& id() const { return id_; }
    double load() const { return load_; }

    /// media: false for who wants nothing but events.
    void add_viewer(const std::shared_ptr<http::OutQueue>& viewer, bool media);
    void remove_viewer(const std::shared_ptr<http::OutQueue>& viewer);
    /// A viewer by WebRTC: its answer to an offer, under a new id. Errors: those of streaming::WebRtcFeed;
    /// kCancelled when the session has ended.
    streaming::WebRtcFeed::Answer add_peer(const std::string& offer);
    /// False: no such viewer.
    bool add_candidates(const std::string& peer, const std::string& fragment);
    bool remove_peer(const std::string& peer);
    /// Says a text after those that wait. voice: "" for the session's own. Errors: kInvalidArgument (no
    /// text); what the voice does wrong comes as an event.
    void say(const std::string& text, const std::string& voice);
    /// 16-bit sound of any rate 8000..192000 Hz; a little of it is gathered before it is heard.
    void push(const std::int16_t* samples, std::size_t num_samples, int rate_hz);
    /// What was pushed is complete.
    void end_speech();
    /// Turns the head: as speaking::LiveSession::turn_head().
    void turn_head(const speaking::HeadPose& pose);
    /// As shares -1..1 of what the person's recordings cover: x to the picture's right, y up.
    void look(double x, double y, double seconds);
    /// What is not shown yet is dropped, texts that wait included.
    void interrupt();

    /// Its viewers are told that it is over; nothing is drawn or said any more.
    void end();
    nlohmann::json describe() const;
    /// How long nobody has watched or asked for anything.
    double seconds_idle() const;

  private:
    struct Viewer {
        std::shared_ptr<http::OutQueue> queue;
        bool media = true;
        bool begun = false;  ///< it has the index and a key frame
    };
    static constexpr double kLeastGatheredS = 0.06;
    struct Text {
        std::string text, voice;
        std::chrono::steady_clock::time_point asked;
    };

    void draw_all();
    void draw_one(bool late);
    void write_mp4();
    bool watched() const { return !viewers_.empty() || num_peers_ > 0; }
    std::shared_ptr<streaming::WebRtcFeed> feed() const;
    void count_peers(std::size_t num_peers);
    void broadcast_fragment();
    void event(const nlohmann::json& json);
    void report_speaking(const speaking::LiveFrame& frame);
    void speak_all();
    void speak(const Text& text, std::int64_t turn);
    void flush_pushed();
    nlohmann::json pose_range() const;
    double media_time_s(std::int64_t frame) const;

    const std::string id_;
    const std::shared_ptr<OpenPerson> person_;
    const LiveShowOptions options_;
    const double load_;
    Metrics& metrics_;
    std::shared_ptr<speaking::SharedTalker> talker_;
    speaking::LiveSession session_;
    std::atomic<bool> stop_{false};
    std::atomic<std::int64_t> turn_{0}, frame_{0};  ///< interruptions; frames given
    std::atomic<std::int64_t> asked_ns_{0};         ///< when the text was asked for whose first frame is due

    mutable std::mutex viewers_mutex_;
    std::condition_variable watch_begins_;
    std::vector<Viewer> viewers_;
    std::shared_ptr<streaming::WebRtcFeed> feed_;  ///< from the first WebRTC viewer on
    std::size_t num_peers_ = 0;
    std::chrono::steady_clock::time_point last_use_;

    // Of the drawing thread alone:
    struct Encoder;
    std::unique_ptr<Encoder> encoder_;
    std::optional<rendering::Backdrop> backdrop_;
    speaking::LiveFrame picture_;
    bool speaking_ = false;

    mutable std::mutex speech_mutex_;
    std::condition_variable text_there_;
    std::deque<Text> texts_;
    std::vector<float> gathered_;  ///< pushed sound at the session's rate that is not handed on yet
    double gathered_s_ =
        kLeastGatheredS;  ///< that pushed sound gathers before it is handed on: more where it ran dry
    std::chrono::steady_clock::time_point last_push_;
    std::int64_t filled_ = 0;  ///< LiveSession::num_filled() as it was when sound last flowed
    bool flowing_ = false;     ///< pushed sound is handed on as it comes
    std::unique_ptr<audio::Resampler> resampler_;
    int resampler_rate_hz_ = 0;
    bool saying_ = false;

    std::thread drawing_, speaking_thread_;
};

}  // namespace vultus::serving
