// /v1/sessions: live faces, by WebSocket and plain HTTP.
#include "base/error.h"
#include "serving/api.h"
#include "serving/job_arguments.h"
#include "serving/stream_command.h"
#include "voices/speech_marks.h"

namespace vultus::serving {
namespace {

constexpr std::size_t kViewerBytes = 2u << 20;  ///< some seconds that a slow viewer may be behind
constexpr std::size_t kMostSessions = 256;
constexpr double kMattePart = 0.4;  ///< of the time that a picture takes, to put another background behind it

/// One connection to a session: it sees the face, and may speak.
class Viewer : public http::WebSocketPeer {
  public:
    Viewer(std::shared_ptr<LiveShow> show, int rate_hz, bool media)
        : show_(std::move(show)), rate_hz_(rate_hz), queue_(std::make_shared<http::OutQueue>(kViewerBytes)) {
        show_->add_viewer(queue_, media);
    }
    std::shared_ptr<http::OutQueue> queue() override { return queue_; }

    void on_message(std::string message, bool text) override {
        try {
            if (text)
                std::visit([this](const auto& command) { obey(command); }, parse_command(message));
            else
                sound(message);
        } catch (const Error& error) {
            say({{"event", "error"}, {"message", error.what()}});
        }
    }
    void on_close() override { show_->remove_viewer(queue_); }

  private:
    void say(const nlohmann::json& json) {
        queue_->push(http::text_part(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
    }
    void sound(const std::string& bytes) {
        const std::vector<std::int16_t> samples = parse_sound(bytes);
        show_->push(samples.data(), samples.size(), rate_hz_);
    }
    // The session's own voice says a text: others are checked where requests are, by HTTP.
    void obey(const SayCommand& say) { show_->say(say.text, ""); }
    void obey(InterruptCommand) { show_->interrupt(); }
    void obey(EndCommand) { show_->end_speech(); }
    void obey(const speaking::HeadPose& pose) { show_->turn_head(pose); }
    void obey(const LookCommand& look) { show_->look(look.x, look.y, look.seconds); }

    std::shared_ptr<LiveShow> show_;
    int rate_hz_;
    std::shared_ptr<http::OutQueue> queue_;
};

LiveShowOptions show_options(const nlohmann::json& json) {
    LiveShowOptions options;
    const std::string head = text_field(json, "head");
    if (!head.empty() && head != "model" && head != "still")
        fail(ErrorCode::kInvalidArgument, "[server] head: expected model or still, got '{}'", head);
    options.pose.source =
        head == "still" ? speaking::PoseOptions::Source::kStill : speaking::PoseOptions::Source::kModel;
    options.background = background_field(json, /*may_be_transparent=*/false);
    options.pose.scale = number_field(json, "head_scale", 1, 0, 3);
    options.pose.idle_motion = flag_field(json, "idle_motion", true);
    options.pose.blinks = flag_field(json, "blinks", true);
    options.talker.seed = static_cast<std::int64_t>(number_field(json, "seed", -1, -1, 1e15));
    return options;
}

}  // namespace

std::shared_ptr<LiveShow> Api::session(const std::string& id) {
    const std::lock_guard lock(sessions_mutex_);
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

http::Response Api::new_session(const nlohmann::json& json) {
    const std::string id = text_field(json, "person");
    const auto person = is_id(id) ? persons_.open(id) : nullptr;
    if (!person)
        return http::error_response(404, "[server] person: expected an id of /v1/persons, got '" + id + "'");
    if (!person->talker->person().can_speak())
        return http::error_response(409, "[server] this person cannot speak yet");
    LiveShowOptions options = show_options(json);
    options.voice = allowed_voice(text_field(json, "voice"));
    options.voice_limit_s = options_.voice_limit_s;
    options.address = options_.listen.address;
    const double load =
        person->frame_ms * person->talker->fps() / 1000 * (options.background.empty() ? 1 : 1 + kMattePart);
    {
        const std::lock_guard lock(sessions_mutex_);
        // One is always tried: on a slow machine somebody may prefer a face that stutters to none.
        if ((!sessions_.empty() && load_ + load > most_load_) || sessions_.size() >= kMostSessions) {
            ++metrics_.refused_sessions;
            return refuse_full("session");
        }
        load_ += load;  // its place, while it is made
    }
    std::shared_ptr<LiveShow> show;
    try {
        show = std::make_shared<LiveShow>(new_id(), person, options, load, metrics_);
    } catch (...) {
        const std::lock_guard lock(sessions_mutex_);
        load_ -= load;
        throw;
    }
    const std::lock_guard lock(sessions_mutex_);
    sessions_[show->id()] = show;
    return http::json_response(show->describe(), 201);
}

http::Response Api::sessions(const http::Request& request, const Path& path) {
    const bool post = request.method == "POST";
    if (path.size() == 2 && post) return new_session(json_body(request));
    if (path.size() == 2) return http::error_response(405, "[server] expected POST");
    const auto show = session(path[2]);
    if (!show) return http::error_response(404, "[server] no such session");
    if (path.size() == 3 && request.method == "GET") return http::json_response(show->describe());
    if (path.size() == 3 && request.method == "DELETE") {
        const std::lock_guard lock(sessions_mutex_);
        if (sessions_.erase(path[2]) > 0) load_ -= show->load();
        show->end();
        return http::json_response({{"id", path[2]}});
    }
    if (path.size() == 4 && path[3] == "say" && post) {
        const auto json = json_body(request);
        const std::string voice = text_field(json, "voice");
        show->say(text_field(json, "text", voices::kMostTextBytes),
                  voice.empty() ? "" : allowed_voice(voice));
        return http::json_response({{"id", path[2]}}, 202);
    }
    if (path.size() == 4 && path[3] == "interrupt" && post) {
        show->interrupt();
        return http::json_response({{"id", path[2]}});
    }
    if (path.size() >= 4 && path[3] == "whep") return whep(request, path, *show);
    if (path.size() == 4 && path[3] == "stream")
        return http::error_response(426, "[server] the stream is a WebSocket");
    return http::error_response(path.size() > 3 ? 404 : 405, "[server] no such route of a session");
}

std::shared_ptr<http::WebSocketPeer> Api::upgrade(const http::Request& request, http::Response& refusal) {
    constexpr std::string_view kBegin = "/v1/sessions/", kEnd = "/stream";
    const std::string& path = request.path;
    if (path.rfind(kBegin, 0) != 0 || path.size() <= kBegin.size() + kEnd.size() ||
        path.compare(path.size() - kEnd.size(), kEnd.size(), kEnd) != 0)
        return nullptr;
    const auto show = session(path.substr(kBegin.size(), path.size() - kBegin.size() - kEnd.size()));
    if (!show) {
        refusal = http::error_response(404, "[server] no such session");
        return nullptr;
    }
    const auto rate = request.query.find("rate");
    const int rate_hz = rate == request.query.end() ? 16000 : std::atoi(rate->second.c_str());
    if (rate_hz < 8000 || rate_hz > 192000)
        fail(ErrorCode::kInvalidArgument, "[server] rate: expected 8000 to 192000 Hz, got {}", rate_hz);
    const auto media = request.query.find("media");
    if (media != request.query.end() && media->second != "mp4" && media->second != "none")
        fail(ErrorCode::kInvalidArgument, "[server] media: expected mp4 or none, got '{}'", media->second);
    return std::make_shared<Viewer>(show, rate_hz, media == request.query.end() || media->second == "mp4");
}

}  // namespace vultus::serving
