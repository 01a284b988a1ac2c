// HTTP/1.1 and WebSockets on Boost.Beast; no header of Boost is seen outside of the .cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "serving/http.h"

namespace vultus::serving {

/// What stands behind a WebSocket.
class WebSocketPeer {
  public:
    virtual ~WebSocketPeer() = default;
    /// What is to be sent; the connection ends when it has ended.
    virtual std::shared_ptr<OutQueue> queue() = 0;
    /// On the I/O thread: quick, and throws nothing but Error (which ends the connection).
    virtual void on_message(std::string message, bool text) = 0;
    virtual void on_close() = 0;
};

struct HttpServerOptions {
    std::string address = "127.0.0.1";
    int port = 8765;                            ///< 0: any free one
    int num_workers = 4;                        ///< threads that answer
    int most_connections = 1000;                ///< more are refused at once
    double timeout_s = 30;                      ///< of silence in a request, an answer, between requests
    std::size_t most_message_bytes = 1u << 20;  ///< of WebSockets
    std::size_t most_header_bytes = 16384;
};

/// Called for every request, in this order.
struct HttpHandlers {
    /// Before the body is read; an answer refuses it. On the I/O thread.
    std::function<std::optional<HttpResponse>(const HttpRequest&)> admit;
    /// Most bytes of the body; and the file it goes to (empty: memory). On the I/O thread.
    std::function<std::uint64_t(const HttpRequest&)> most_body_bytes;
    std::function<std::filesystem::path(const HttpRequest&)> upload_path;
    /// On a worker's thread.
    std::function<HttpResponse(const HttpRequest&)> handle;
    /// A request to become a WebSocket: null refuses with `refusal`. On a worker's thread.
    std::function<std::shared_ptr<WebSocketPeer>(const HttpRequest&, HttpResponse& refusal)> upgrade;
};

class HttpServer {
  public:
    /// Listens and serves from now on. Errors: kIo (the port is in use, no such address).
    HttpServer(const HttpServerOptions& options, HttpHandlers handlers);
    /// Ends all connections.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    int port() const;
    int num_connections() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::serving
