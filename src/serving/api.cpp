#include "serving/api.h"

#include <algorithm>

#include "base/error.h"
#include "base/output_file.h"
#include "person/bundled.h"
#include "serving/job_arguments.h"
#include "serving/pages.h"
#include "streaming/offer.h"
#include "voices/voice.h"

namespace vultus::serving {
namespace {

constexpr std::size_t kMostJsonBytes = 5u << 20;  // a text of 4 MiB, escaped a little
constexpr std::size_t kMostFormBytes = 64u << 20;
constexpr double kSessionLife_s = 15;  ///< without a viewer
/// Of drawing alone; encoding, hearing, voices and viewers on the same machine need as much again. On two
/// cores two sessions lost none of 1,252 frames, four a quarter.
constexpr double kLoadPerCore = 0.45;

std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    std::string part;
    for (const char c : path + "/")
        if (c != '/')
            part += c;
        else if (!part.empty())
            parts.push_back(std::exchange(part, {}));
    return parts;
}

bool is_loopback(const std::string& address) { return address.rfind("127.", 0) == 0 || address == "::1"; }

std::string read_token(const std::filesystem::path& file) {
    if (file.empty()) return "";
    std::string token = read_file(file, 4096);
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.pop_back();
    if (token.size() < 16)
        fail(ErrorCode::kInvalidArgument, "[server] {}: expected a token of at least 16 characters, got {}",
             file.string(), token.size());
    return token;
}

std::vector<std::filesystem::path> given_or_bundled(const std::vector<std::filesystem::path>& given) {
    if (!given.empty()) return given;
    return {person::find_bundled(person::kBundledPerson)};
}

}  // namespace

void check_exposure(const ServeOptions& options) {
    if (is_loopback(options.listen.address) || !options.token_file.empty() ||
        !options.listen.tls.client_ca.empty())
        return;
    fail(ErrorCode::kInvalidArgument,
         "[server] {}: whoever reaches this address could make people speak: expected --token-file FILE (a "
         "secret of at least 16 characters), --client-ca FILE, or 127.0.0.1",
         options.listen.address);
}

Api::Api(const ServeOptions& options)
    : options_(options),
      token_(read_token(options.token_file)),
      most_load_(options.most_load > 0 ? options.most_load
                                       : kLoadPerCore * std::max(1u, std::thread::hardware_concurrency())),
      persons_(given_or_bundled(options.persons), options.data / "persons"),
      jobs_({options.program, options.data, options.voices, options.voice_limit_s}, persons_) {
    // The first person is there before anybody asks; a file that is none is said now.
    (void)persons_.open(given_or_bundled(options.persons)[0].stem().string());
    idle_watch_ = std::thread([this] { end_idle_sessions(); });
}

Api::~Api() {
    stop_ = true;
    {
        const std::lock_guard lock(idle_mutex_);
        idle_stop_.notify_all();
    }
    idle_watch_.join();
    for (auto& [thread, done] : talks_) thread.join();
}

http::Handlers Api::handlers() {
    http::Handlers handlers;
    handlers.admit = [this](const http::Request& request) { return admit(request); };
    handlers.handle = [this](const http::Request& request) { return handle(request); };
    handlers.upgrade = [this](const http::Request& request, http::Response& refusal) {
        return upgrade(request, refusal);
    };
    handlers.upload_path = [this](const http::Request& request) {
        if (request.method != "POST" || request.path != "/v1/uploads") return std::filesystem::path();
        const auto name = request.query.find("name");
        return jobs_.new_upload(name == request.query.end() ? "" : name->second);
    };
    handlers.most_body_bytes = [this](const http::Request& request) -> std::uint64_t {
        if (request.method != "POST" && request.method != "PATCH") return 0;
        if (request.path == "/v1/uploads") return options_.most_upload_bytes;
        if (request.path == "/v1/talk" && request.header("content-type").rfind("multipart/", 0) == 0)
            return kMostFormBytes;
        if (request.path.find("/whep") != std::string::npos) return streaming::kMostOfferBytes;
        return kMostJsonBytes;
    };
    return handlers;
}

/// A page of others that --allow-origin names.
bool Api::is_guest(const http::Request& request) const {
    const auto& all = options_.allowed_origins;
    return std::find(all.begin(), all.end(), request.header("origin")) != all.end();
}

/// What lets such a page's browser hand the answer on.
http::Response Api::for_guests(http::Response response, const http::Request& request) const {
    if (!is_guest(request)) return response;
    response.headers.emplace_back("Access-Control-Allow-Origin", request.header("origin"));
    response.headers.emplace_back("Access-Control-Expose-Headers", "Retry-After, Location");
    response.headers.emplace_back("Vary", "Origin");
    return response;
}

std::optional<http::Response> Api::admit(const http::Request& request) {
    ++metrics_.requests;
    auto refusal = refusal_of(request);
    if (refusal) return for_guests(std::move(*refusal), request);
    return std::nullopt;
}

/// Whether a request is looked at at all.
std::optional<http::Response> Api::refusal_of(const http::Request& request) {
    if (!http::is_host_allowed(request.header("host"), options_.allowed_hosts))
        return http::error_response(403, "[server] this name is not ours (--allowed-host allows it)");
    if (!http::is_origin_ours(request.header("origin"), request.header("host")) && !is_guest(request))
        return http::error_response(403,
                                    "[server] pages of others may not call this (--allow-origin lets them)");
    if (request.method == "OPTIONS" && is_guest(request)) {
        http::Response yes;
        yes.status = 204;
        yes.headers = {{"Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE"},
                       {"Access-Control-Allow-Headers", "Authorization, Content-Type"}};
        return yes;
    }
    const bool open = request.path == "/health" || request.path.rfind("/v1/", 0) != 0;
    if (!token_.empty() && (!open || request.path == "/metrics")) {
        std::string given = request.header("authorization");
        if (given.rfind("Bearer ", 0) == 0) given = given.substr(7);
        // Neither WebSockets nor pictures of a page can send the header.
        if (given.empty() && request.method == "GET" && request.query.contains("token"))
            given = request.query.at("token");
        if (!http::is_same_secret(given, token_)) {
            http::Response refusal =
                http::error_response(401, "[server] expected the token as Authorization: Bearer");
            refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
            return refusal;
        }
    }
    return std::nullopt;
}

http::Response Api::handle(const http::Request& request) {
    try {
        return for_guests(route(request, parts_of(request.path)), request);
    } catch (const Error& error) {
        return for_guests(http::error_response(error), request);
    }
}

http::Response Api::route(const http::Request& request, const Path& path) {
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (path.empty() || path[0] != "v1") {
        if (!get) return http::error_response(405, "[server] expected GET");
        if (request.path == "/health") return health();
        if (request.path == "/metrics") {
            http::Response response;
            response.type = "text/plain; version=0.0.4";
            response.body = metrics_.text(num_connections_ ? num_connections_() : 0, jobs_.num_unfinished());
            return response;
        }
        return page_file(request.path);
    }
    const std::string what = path.size() > 1 ? path[1] : "";
    if (what == "persons" && get) return persons(request, path);
    if (what == "voices" && path.size() == 2 && get) return voices();
    if (what == "openapi.json" && path.size() == 2 && get) return page_file("/openapi.json");
    if (what == "talk" && path.size() == 2 && request.method == "POST") return talk(request);
    if (what == "uploads" && path.size() == 2 && request.method == "POST") return upload(request);
    if (what == "jobs") return jobs(request, path);
    if (what == "sessions") return sessions(request, path);
    return http::error_response(404, "[server] no such route: " + request.method + " " + request.path);
}

http::Response Api::health() {
    const std::lock_guard lock(sessions_mutex_);
    return http::json_response({{"status", "ok"},
                                {"sessions", sessions_.size()},
                                {"load", load_},
                                {"most_load", most_load_},
                                {"jobs_unfinished", jobs_.num_unfinished()}});
}

http::Response Api::persons(const http::Request& request, const Path& path) {
    if (path.size() == 2) return http::json_response({{"persons", persons_.list()}});
    if (path.size() > 4 || (path.size() == 4 && path[3] != "picture"))
        return http::error_response(404, "[server] no such route: " + request.path);
    if (path.size() == 3) {
        for (const auto& person : persons_.list())
            if (person.at("id") == path[2]) return http::json_response(person);
        return http::error_response(404, "[server] no such person");
    }
    const std::string picture = is_id(path[2]) ? persons_.picture(path[2]) : "";
    if (picture.empty()) return http::error_response(404, "[server] no such person");
    http::Response response;
    response.type = "image/png";
    response.body = picture;
    response.headers.emplace_back("Cache-Control", "private, max-age=300");
    return response;
}

http::Response Api::voices() {
    const std::lock_guard lock(voices_mutex_);
    if (voices_.is_null()) {
        voices_ = nlohmann::json::array();
        for (const std::string& name : options_.voices)
            voices_.push_back(
                {{"id", name}, {"language", ""}, {"description", "given to the server"}, {"phones", false}});
        for (const voices::VoiceInfo& voice : voices::installed_voices())
            voices_.push_back({{"id", voice.name},
                               {"language", voice.language},
                               {"description", voice.description},
                               {"phones", voice.phones}});
    }
    return http::json_response({{"voices", voices_}});
}

std::string Api::allowed_voice(const std::string& name) {
    (void)voices();
    const std::lock_guard lock(voices_mutex_);
    if (voices_.empty())
        fail(ErrorCode::kUnsupported, "[server] no voice is installed here (Debian: flite, espeak-ng)");
    if (name.empty()) return voices_[0].at("id");
    for (const auto& voice : voices_)
        if (voice.at("id") == name) return name;
    fail(ErrorCode::kInvalidArgument, "[server] voice: expected one of /v1/voices, got '{}'", name);
}

http::Response Api::upload(const http::Request& request) {
    std::error_code error;
    const auto size = std::filesystem::file_size(request.upload, error);
    if (error || size == 0) {
        std::filesystem::remove(request.upload, error);
        return http::error_response(400, "[server] upload: expected a file as the body, got nothing");
    }
    return http::json_response({{"id", request.upload.parent_path().filename().string()}, {"bytes", size}},
                               201);
}

http::Response Api::refuse_full(const char* what) {
    http::Response response =
        http::error_response(503, fmt::format("[server] no room for another {} now", what));
    response.headers.emplace_back("Retry-After", "10");
    return response;
}

void Api::end_idle_sessions() {
    while (!stop_) {
        {
            std::unique_lock lock(idle_mutex_);
            idle_stop_.wait_for(lock, std::chrono::seconds(2), [&] { return stop_.load(); });
        }
        std::vector<std::shared_ptr<LiveShow>> ended;  // which end outside of the lock
        const std::lock_guard lock(sessions_mutex_);
        for (auto at = sessions_.begin(); at != sessions_.end();) {
            if (at->second->seconds_idle() > kSessionLife_s) {
                load_ -= at->second->load();
                ended.push_back(std::move(at->second));
                at = sessions_.erase(at);
            } else {
                ++at;
            }
        }
    }
}

nlohmann::json json_body(const http::Request& request) {
    if (request.header("content-type").rfind("application/json", 0) != 0)
        fail(ErrorCode::kInvalidArgument, "[server] expected Content-Type: application/json, got '{}'",
             request.header("content-type"));
    auto json = nlohmann::json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) fail(ErrorCode::kInvalidArgument, "[server] expected a JSON object as the body");
    return json;
}

http::Response page_file(const std::string& path) {
    const std::string name = path == "/" ? "index.html" : path.substr(1);
    constexpr std::pair<std::string_view, const char*> kTypes[] = {{".html", "text/html; charset=utf-8"},
                                                                   {".js", "text/javascript; charset=utf-8"},
                                                                   {".css", "text/css; charset=utf-8"},
                                                                   {".json", "application/json"},
                                                                   {".svg", "image/svg+xml"}};
    for (const PageFile& file : page_files()) {
        if (file.name != name) continue;
        http::Response response;
        response.body = std::string(file.bytes);
        response.type = "application/octet-stream";
        for (const auto& [ending, type] : kTypes)
            if (name.size() > ending.size() &&
                name.compare(name.size() - ending.size(), ending.size(), ending) == 0)
                response.type = type;
        response.headers.emplace_back("Cache-Control", "no-cache");
        response.headers.emplace_back(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' "
            "blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'");
        response.headers.emplace_back("Referrer-Policy", "no-referrer");
        return response;
    }
    return http::error_response(404, "[server] no such page: " + path);
}

}  // namespace vultus::serving
