// HTTP/1.1 and WebSockets on Boost.Beast; no header of Boost is seen outside of the .cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/message.h"

namespace vultus::http {

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

/// PEM files. Without a certificate: plain HTTP.
struct TlsOptions {
    std::filesystem::path certificate;  ///< with those that vouch for it, from the server's on
    std::filesystem::path key;          ///< empty: in the same file
    std::filesystem::path client_ca;  ///< whoever connects must show a certificate that this one vouches for
};

struct ServerOptions {
    std::string address = "127.0.0.1";
    int port = 8765;                            ///< 0: any free one
    int num_workers = 4;                        ///< threads that answer
    int most_connections = 1000;                ///< more are refused at once
    double timeout_s = 30;                      ///< of silence in a request, an answer, between requests
    std::size_t most_message_bytes = 1u << 20;  ///< of WebSockets
    std::size_t most_header_bytes = 16384;
    TlsOptions tls;
};

/// Called for every request, in this order.
struct Handlers {
    /// Before the body is read; an answer refuses it. On the I/O thread.
    std::function<std::optional<Response>(const Request&)> admit;
    /// Most bytes of the body; and the file it goes to (empty: memory). On the I/O thread.
    std::function<std::uint64_t(const Request&)> most_body_bytes;
    std::function<std::filesystem::path(const Request&)> upload_path;
    /// On a worker's thread.
    std::function<Response(const Request&)> handle;
    /// A request to become a WebSocket: null refuses with `refusal`. On a worker's thread.
    std::function<std::shared_ptr<WebSocketPeer>(const Request&, Response& refusal)> upgrade;
};

class Server {
  public:
    /// Listens and serves from now on. Errors: kIo (the port is in use, no such address; certificates that
    /// are none), kUnsupported (TLS in a build without OpenSSL).
    Server(const ServerOptions& options, Handlers handlers);
    /// Ends all connections.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    int port() const;
    int num_connections() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::http
