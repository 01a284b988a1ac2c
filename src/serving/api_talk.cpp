// POST /v1/talk and /v1/jobs.
#include <sys/resource.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "rendering/say.h"
#include "serving/api.h"
#include "serving/job_arguments.h"

namespace vultus::serving {
namespace {

constexpr int kMostTalks = 2;
constexpr std::size_t kStreamBytes = 4u << 20;
constexpr int kNice = 5;  ///< live sessions go first, jobs last

/// The request's fields, and the sound that came with them.
struct TalkRequest {
    nlohmann::json fields;
    std::string sound;
};

TalkRequest read_request(const http::Request& request) {
    const std::string& type = request.header("content-type");
    if (type.rfind("multipart/form-data", 0) != 0) return {json_body(request), ""};
    TalkRequest talk{nlohmann::json::object(), ""};
    for (http::FormPart& part : http::parse_multipart(type, request.body)) {
        if (part.name == "audio")
            talk.sound = std::move(part.bytes);
        else if (part.name == "async" || part.name == "blinks" || part.name == "idle_motion")
            talk.fields[part.name] = part.bytes == "true" || part.bytes == "1";
        else if (part.name == "head_scale" || part.name == "seed")
            talk.fields[part.name] = nlohmann::json::parse(part.bytes, nullptr, /*allow_exceptions=*/false);
        else
            talk.fields[part.name] = part.bytes;
    }
    return talk;
}

/// Makes one video on a thread of its own, at low priority; its pieces go to the queue.
void make_video(const rendering::SayOptions& given, const std::string& sound,
                const std::shared_ptr<http::OutQueue>& queue, const std::atomic<bool>& stop) {
    // Of this thread and those that it starts alone, on Linux.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
    const CancelScope cancel([&] { return stop || queue->closed(); });
    rendering::SayOptions options = given;
    options.talk.sink = [&](const std::uint8_t* bytes, std::size_t size) {
        if (!queue->push_waiting(http::bytes_part(std::string(reinterpret_cast<const char*>(bytes), size))))
            fail(ErrorCode::kCancelled, "the reader went away");
    };
    try {
        if (sound.empty()) {
            rendering::say(options);
        } else {
            const ScratchFolder scratch("talk-" + new_id());
            write_file(scratch / "speech", sound);
            options.talk.speech = scratch / "speech";
            rendering::talk(options.talk);
        }
        queue->finish();
    } catch (const std::exception&) {
        queue->abort();  // what was sent is no whole video: the connection says so by breaking
    }
}

}  // namespace

http::Response Api::talk(const http::Request& request) {
    TalkRequest asked = read_request(request);
    const nlohmann::json& fields = asked.fields;
    const std::string id = text_field(fields, "person");
    const auto person = persons_.path_of(id);
    if (person.empty())
        return http::error_response(404, "[server] person: expected an id of /v1/persons, got '" + id + "'");
    const std::string text = text_field(fields, "text", voices::kMostTextBytes);
    if (text.empty() == asked.sound.empty())
        return http::error_response(400, "[server] expected a text or an audio, one of the two");
    if (flag_field(fields, "async", false)) {
        nlohmann::json job = fields;
        job["kind"] = "talk";
        if (!asked.sound.empty()) {
            const auto file = jobs_.new_upload("speech");
            write_file(file, asked.sound);
            job["upload"] = file.parent_path().filename().string();
        }
        return http::json_response(jobs_.create(job), 202);
    }
    const std::string format = text_field(fields, "format");
    if (!format.empty() && format != "mp4")
        return http::error_response(400, "[server] format: expected mp4; others with \"async\": true");
    rendering::SayOptions options;
    options.talk.person = person;
    options.talk.num_threads = 1;
    options.talk.pose.scale = number_field(fields, "head_scale", 1, 0, 3);
    options.talk.background = background_field(fields, /*may_be_transparent=*/false);
    options.talk.pose.blinks = flag_field(fields, "blinks", true);
    options.talk.pose.idle_motion = flag_field(fields, "idle_motion", true);
    options.talk.talker.seed = static_cast<std::int64_t>(number_field(fields, "seed", -1, -1, 1e15));
    options.text = text;
    options.voice_options.limit_s = options_.voice_limit_s;
    if (!text.empty()) {
        (void)voices::passages_of(text);
        options.voice = allowed_voice(text_field(fields, "voice"));
    }
    const std::shared_ptr<OpenPerson> opened = persons_.open(id);
    options.talk.open = opened->talker.get();
    if (++num_talks_ > kMostTalks) {
        --num_talks_;
        return refuse_full("video");
    }
    ++metrics_.talks;
    const auto queue = std::make_shared<http::OutQueue>(kStreamBytes);
    const auto done = std::make_shared<std::atomic<bool>>(false);
    const std::lock_guard lock(talks_mutex_);
    std::erase_if(talks_, [](auto& talk) {
        if (!*talk.second) return false;
        talk.first.join();
        return true;
    });
    talks_.emplace_back(std::thread([this, options, opened, sound = std::move(asked.sound), queue, done] {
                            make_video(options, sound, queue, stop_);
                            --num_talks_;
                            *done = true;
                        }),
                        done);
    http::Response response;
    response.type = "video/mp4";
    response.headers.emplace_back("Content-Disposition", "inline; filename=\"talk.mp4\"");
    response.stream = queue;
    return response;
}

http::Response Api::jobs(const http::Request& request, const Path& path) {
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (path.size() == 2 && get) return http::json_response({{"jobs", jobs_.list()}});
    if (path.size() == 2 && request.method == "POST")
        return http::json_response(jobs_.create(json_body(request)), 202);
    if (path.size() < 3) return http::error_response(405, "[server] expected GET or POST");
    const std::string& id = path[2];
    const http::Response missing = http::error_response(404, "[server] no such job");
    if (path.size() == 3 && request.method == "DELETE")
        return jobs_.remove(id) ? http::json_response({{"id", id}}) : missing;
    if (!get) return http::error_response(405, "[server] expected GET or DELETE");
    if (path.size() == 3) {
        const auto job = jobs_.describe(id);
        return job.is_null() ? missing : http::json_response(job);
    }
    if (path.size() == 4 && path[3] == "events") {
        http::Response response;
        response.type = "text/event-stream";
        response.stream = std::make_shared<http::OutQueue>(1u << 20);
        return jobs_.watch(id, response.stream) ? response : missing;
    }
    if (path.size() > 4 && path[3] == "files") {
        std::string name = path[4];
        for (std::size_t i = 5; i < path.size(); ++i) name += "/" + path[i];
        http::Response response;
        response.file = jobs_.file(id, name);
        if (response.file.empty()) return http::error_response(404, "[server] no such file of this job");
        const std::string extension = response.file.extension().string();
        response.type = extension == ".png"    ? "image/png"
                        : extension == ".mp4"  ? "video/mp4"
                        : extension == ".webm" ? "video/webm"
                        : extension == ".html" ? "text/html; charset=utf-8"
                        : extension == ".json" ? "application/json"
                                               : "application/octet-stream";
        // What is served here was made from what strangers sent: it runs nothing.
        response.headers.emplace_back("Content-Security-Policy",
                                      "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src "
                                      "'unsafe-inline'; sandbox");
        return response;
    }
    return missing;
}

}  // namespace vultus::serving
