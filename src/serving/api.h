// The server's routes: docs/server.md and web/openapi.json describe them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/server.h"
#include "serving/jobs.h"
#include "serving/live_show.h"
#include "serving/metrics.h"
#include "serving/persons.h"

namespace vultus::serving {

struct ServeOptions {
    http::ServerOptions listen;
    std::vector<std::filesystem::path> persons;  ///< beside those of the data folder; empty: the bundled one
    std::filesystem::path data;                  ///< folder of jobs, uploads and learnt persons
    std::filesystem::path program;               ///< vultus, for jobs
    std::filesystem::path token_file;            ///< empty: no token is asked for
    std::vector<std::string> allowed_hosts;      ///< names beside IP addresses and localhost
    std::vector<std::string> allowed_origins;  ///< of pages of others that may call this: "https://a.example"
    std::vector<std::string> voices;           ///< commands and servers that requests may name
    double voice_limit_s = 60;
    std::uint64_t most_upload_bytes = std::uint64_t{8} << 30;
    double most_load = 0;  ///< of live sessions, in cores; drawing; 0: 0.45 of those that there are
};

/// Errors: kInvalidArgument for an address that is not loopback with neither token nor clients'
/// certificates.
void check_exposure(const ServeOptions& options);

class Api {
  public:
    explicit Api(const ServeOptions& options);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    http::Handlers handlers();
    /// For /metrics; set once the server runs.
    void set_connections(std::function<int()> count) { num_connections_ = std::move(count); }

  private:
    struct Route;
    using Path = std::vector<std::string>;  ///< what stands between slashes

    bool is_guest(const http::Request& request) const;
    http::Response for_guests(http::Response response, const http::Request& request) const;
    std::optional<http::Response> refusal_of(const http::Request& request);
    std::optional<http::Response> admit(const http::Request& request);
    http::Response handle(const http::Request& request);
    http::Response route(const http::Request& request, const Path& path);
    std::shared_ptr<http::WebSocketPeer> upgrade(const http::Request& request, http::Response& refusal);

    http::Response health();
    http::Response persons(const http::Request& request, const Path& path);
    http::Response voices();
    http::Response talk(const http::Request& request);
    http::Response upload(const http::Request& request);
    http::Response jobs(const http::Request& request, const Path& path);
    http::Response sessions(const http::Request& request, const Path& path);
    http::Response new_session(const nlohmann::json& json);
    http::Response whep(const http::Request& request, const Path& path, LiveShow& show);

    /// Throws unless a request may use that voice; "" is the usual one.
    std::string allowed_voice(const std::string& name);
    std::shared_ptr<LiveShow> session(const std::string& id);
    http::Response refuse_full(const char* what);
    void end_idle_sessions();

    const ServeOptions options_;
    std::string token_;
    double most_load_;
    Metrics metrics_;
    PersonLibrary persons_;
    JobStore jobs_;
    std::function<int()> num_connections_;
    std::mutex sessions_mutex_;
    std::map<std::string, std::shared_ptr<LiveShow>> sessions_;
    double load_ = 0;  ///< of all sessions, in cores
    std::atomic<int> num_talks_{0};
    std::atomic<bool> stop_{false};
    std::mutex talks_mutex_;
    std::vector<std::pair<std::thread, std::shared_ptr<std::atomic<bool>>>> talks_;
    std::mutex voices_mutex_;
    nlohmann::json voices_;
    std::mutex idle_mutex_;
    std::condition_variable idle_stop_;
    std::thread idle_watch_;
};

/// A request's body as JSON. Errors: kInvalidArgument.
nlohmann::json json_body(const http::Request& request);

/// A file of the page, or an answer with 404.
http::Response page_file(const std::string& path);

}  // namespace vultus::serving
