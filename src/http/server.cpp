#include "http/server.h"

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#ifdef VULTUS_WITH_OPENSSL
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>
#endif
#include <chrono>
#include <limits>
#include <thread>
#include <utility>  // which Asio's coroutines forget

#include "http/tls.h"

namespace vultus::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = beast::http;
namespace websocket = beast::websocket;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kBufferBytes = 65536;
constexpr auto kNever = std::chrono::steady_clock::time_point::max();

/// Wakes a coroutine that waits for another thread. Everything but notify() on the I/O thread.
class Event : public std::enable_shared_from_this<Event> {
  public:
    explicit Event(asio::any_io_executor executor) : executor_(executor), timer_(executor, kNever) {}
    /// From any thread.
    void notify() {
        asio::post(executor_, [self = shared_from_this()] {
            self->set_ = true;
            self->timer_.cancel();
        });
    }
    asio::awaitable<void> wait() {
        error_code ignored;
        while (!set_) co_await timer_.async_wait(asio::redirect_error(use_awaitable, ignored));
        set_ = false;
    }

  private:
    asio::any_io_executor executor_;
    asio::steady_timer timer_;
    bool set_ = false;
};

template <typename Fields>
bool take_header(const Fields& fields, Request& request) {
    request.method = std::string(fields.method_string());
    for (const auto& field : fields) {
        std::string name(field.name_string());
        for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        request.headers[name] = std::string(field.value());
    }
    return parse_target(std::string(fields.target()), request);
}

}  // namespace

struct Server::Impl {
    Impl(const ServerOptions& options_, Handlers handlers_)
        : options(options_),
          handlers(std::move(handlers_)),
          acceptor(io),
          workers(static_cast<std::size_t>(options_.num_workers)),
          tls(open_tls(options_.tls)) {
        listen();
        asio::co_spawn(io, accept(), asio::detached);
        io_thread = std::thread([this] { io.run(); });
    }
    ~Impl() {
        io.stop();
        io_thread.join();
        workers.join();
    }

    void listen() {
        error_code error;
        const auto address = asio::ip::make_address(options.address, error);
        if (error || options.port < 0 || options.port > 65535)
            fail(ErrorCode::kInvalidArgument, "[server] expected an IP address and a port, got {}:{}",
                 options.address, options.port);
        const tcp::endpoint place(address, static_cast<unsigned short>(options.port));
        acceptor.open(place.protocol(), error);
        if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor.bind(place, error);
        if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            fail(ErrorCode::kIo, "[server] cannot listen on {}:{}: {}", options.address, options.port,
                 error.message());
        port = acceptor.local_endpoint().port();
    }

    asio::awaitable<void> accept() {
        for (;;) {
            error_code error;
            tcp::socket socket(io);
            co_await acceptor.async_accept(socket, asio::redirect_error(use_awaitable, error));
            if (error == asio::error::operation_aborted) co_return;
            if (error) {  // out of descriptors: a moment later there may be some
                asio::steady_timer pause(io, std::chrono::milliseconds(100));
                co_await pause.async_wait(asio::redirect_error(use_awaitable, error));
                continue;
            }
            if (num_connections >= options.most_connections) continue;  // closes it
            socket.set_option(tcp::no_delay(true), error);
            asio::co_spawn(io, connection(std::move(socket)), asio::detached);
        }
    }

    std::chrono::milliseconds timeout() const {
        return std::chrono::milliseconds(static_cast<int>(1000 * options.timeout_s));
    }

    asio::awaitable<void> connection(tcp::socket socket) {
        ++num_connections;
        try {
            beast::tcp_stream stream(std::move(socket));
            beast::flat_buffer buffer(kBufferBytes);
            if (tls)
                co_await encrypted(std::move(stream), buffer);
            else
                co_await converse(stream, buffer);
        } catch (const std::exception&) {
            // A connection that breaks or is silent for too long concerns nobody else.
        }
        --num_connections;
    }

    template <typename Stream>
    asio::awaitable<void> converse(Stream& stream, beast::flat_buffer& buffer) {
        while (co_await one_request(stream, buffer)) {
        }
        error_code ignored;
        beast::get_lowest_layer(stream).socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

#ifdef VULTUS_WITH_OPENSSL
    asio::awaitable<void> encrypted(beast::tcp_stream plain, beast::flat_buffer& buffer) {
        plain.expires_after(timeout());
        if (!co_await beast::async_detect_ssl(plain, buffer, use_awaitable)) {
            co_await answer(plain, error_response(400, "[server] this port speaks TLS: https:// or wss://"),
                            false, false);
            co_return;
        }
        beast::ssl_stream<beast::tcp_stream> stream(std::move(plain), tls->context);
        buffer.consume(
            co_await stream.async_handshake(asio::ssl::stream_base::server, buffer.data(), use_awaitable));
        co_await converse(stream, buffer);
    }
#else
    asio::awaitable<void> encrypted(beast::tcp_stream, beast::flat_buffer&) { co_return; }
#endif

    /// False: the connection ends.
    template <typename Stream>
    asio::awaitable<bool> one_request(Stream& stream, beast::flat_buffer& buffer) {
        beast_http::request_parser<beast_http::empty_body> head;
        head.header_limit(static_cast<std::uint32_t>(options.most_header_bytes));
        head.body_limit(std::numeric_limits<std::uint64_t>::max());  // settled once it is known what comes
        error_code error;
        beast::get_lowest_layer(stream).expires_after(timeout());
        co_await beast_http::async_read_header(stream, buffer, head,
                                               asio::redirect_error(use_awaitable, error));
        if (error == beast_http::error::end_of_stream || error == beast::error::timeout) co_return false;
        if (error == beast_http::error::header_limit)
            co_return co_await answer(stream, error_response(431, "[server] the header is too long"), false,
                                      false);
        if (error.category() == beast_http::make_error_code(beast_http::error::bad_method).category())
            co_return co_await answer(stream, error_response(400, "[server] no HTTP: " + error.message()),
                                      false, false);
        if (error) co_return false;
        Request request;
        const bool head_only = head.get().method() == beast_http::verb::head;
        if (!take_header(head.get(), request))
            co_return co_await answer(stream, error_response(400, "[server] the address is malformed"), false,
                                      head_only);
        if (auto refusal = handlers.admit(request))
            co_return co_await answer(stream, *refusal, false, head_only);
        if (websocket::is_upgrade(head.get())) {
            co_return co_await become_websocket(stream, head, request);
        }
        const bool keep = head.get().keep_alive();
        Response failure;
        if (!co_await read_body(stream, buffer, head, request, failure))
            co_return co_await answer(stream, failure, false, head_only);
        const Response response = co_await work<Response>([&] { return handlers.handle(request); });
        co_return co_await answer(stream, response, keep, head_only);
    }

    /// Calls `body` on a worker's thread.
    template <typename Result, typename F>
    asio::awaitable<Result> work(F body) {
        const auto done = std::make_shared<Event>(io.get_executor());
        Result result;
        asio::post(workers, [&] {
            try {
                result = body();
            } catch (const std::exception& error) {
                if constexpr (std::is_same_v<Result, Response>) result = error_response(500, error.what());
            }
            done->notify();
        });
        co_await done->wait();
        co_return result;
    }

    template <typename Stream>
    asio::awaitable<bool> read_body(Stream& stream, beast::flat_buffer& buffer,
                                    beast_http::request_parser<beast_http::empty_body>& head,
                                    Request& request, Response& failure) {
        const std::uint64_t most = handlers.most_body_bytes(request);
        if (head.content_length() && *head.content_length() > most) {
            failure = error_response(413, fmt::format("[server] expected a body of at most {} bytes, got {}",
                                                      most, *head.content_length()));
            co_return false;
        }
        if (beast::iequals(head.get()[beast_http::field::expect], "100-continue")) {
            static const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await asio::async_write(stream, asio::buffer(go_on), use_awaitable);
        }
        const std::filesystem::path upload = handlers.upload_path(request);
        if (!upload.empty()) {
            beast_http::request_parser<beast_http::file_body> parser(std::move(head));
            error_code error;
            parser.get().body().open(upload.c_str(), beast::file_mode::write, error);
            request.upload = upload;
            if (error) {
                failure = error_response(507, "[server] cannot write the upload: " + error.message());
                co_return false;
            }
            const bool whole = co_await read_rest(stream, buffer, parser, most, failure);
            parser.get().body().close();
            if (!whole) {
                std::error_code ignored;
                std::filesystem::remove(upload, ignored);
            }
            co_return whole;
        }
        beast_http::request_parser<beast_http::string_body> parser(std::move(head));
        if (!co_await read_rest(stream, buffer, parser, most, failure)) co_return false;
        request.body = std::move(parser.get().body());
        co_return true;
    }

    template <typename Stream, typename Parser>
    asio::awaitable<bool> read_rest(Stream& stream, beast::flat_buffer& buffer, Parser& parser,
                                    std::uint64_t most, Response& failure) {
        parser.body_limit(most);
        parser.eager(true);
        while (!parser.is_done()) {
            error_code error;
            beast::get_lowest_layer(stream).expires_after(timeout());  // of silence, not of the whole
            co_await beast_http::async_read_some(stream, buffer, parser,
                                                 asio::redirect_error(use_awaitable, error));
            if (!error) continue;
            if (error == beast_http::error::body_limit)
                failure =
                    error_response(413, fmt::format("[server] expected a body of at most {} bytes", most));
            else if (error == beast::error::timeout)
                failure = error_response(408, "[server] the body did not come in time");
            else if (error.category() == boost::system::system_category())
                failure = error_response(507, "[server] cannot take the body: " + error.message());
            else
                failure = error_response(400, "[server] the body is malformed: " + error.message());
            co_return false;
        }
        co_return true;
    }

    template <typename Body>
    void fill_header(beast_http::response<Body>& message, const Response& response, bool keep) {
        message.version(11);
        message.result(static_cast<unsigned>(response.status));
        message.set(beast_http::field::content_type, response.type);
        // Pages of others can neither frame nor read what is said here.
        message.set("X-Content-Type-Options", "nosniff");
        message.set("X-Frame-Options", "DENY");
        message.set("Cross-Origin-Resource-Policy", "same-origin");
        message.set(beast_http::field::cache_control, "no-store");
        for (const auto& [name, value] : response.headers) message.set(name, value);
        message.keep_alive(keep);
    }

    /// Sends it; whether the connection goes on.
    template <typename Stream>
    asio::awaitable<bool> answer(Stream& stream, const Response& response, bool keep, bool head_only) {
        beast::get_lowest_layer(stream).expires_after(timeout());
        if (response.stream) co_return co_await answer_stream(stream, response, keep, head_only);
        if (!response.file.empty() && !head_only) {
            beast_http::response<beast_http::file_body> message;
            fill_header(message, response, keep);
            error_code error;
            message.body().open(response.file.c_str(), beast::file_mode::scan, error);
            if (error)
                co_return co_await answer(stream, error_response(404, "[server] the file is gone"), keep,
                                          false);
            message.prepare_payload();
            beast_http::response_serializer<beast_http::file_body> serializer(message);
            serializer.limit(kBufferBytes);
            while (!serializer.is_done()) {
                beast::get_lowest_layer(stream).expires_after(timeout());
                co_await beast_http::async_write_some(stream, serializer, use_awaitable);
            }
            co_return keep;
        }
        beast_http::response<beast_http::string_body> message;
        fill_header(message, response, keep);
        message.body() = head_only ? "" : response.body;
        message.prepare_payload();
        if (head_only) message.content_length(response.body.size());
        if (head_only) {
            beast_http::response_serializer<beast_http::string_body> serializer(message);
            co_await beast_http::async_write_header(stream, serializer, use_awaitable);
        } else {
            co_await beast_http::async_write(stream, message, use_awaitable);
        }
        co_return keep;
    }

    template <typename Stream>
    asio::awaitable<bool> answer_stream(Stream& stream, const Response& response, bool keep, bool head_only) {
        OutQueue& queue = *response.stream;
        struct Closer {
            OutQueue& queue;
            ~Closer() { queue.close(); }
        } closer{queue};
        beast_http::response<beast_http::empty_body> message;
        fill_header(message, response, keep);
        message.chunked(true);
        beast_http::response_serializer<beast_http::empty_body> serializer(message);
        co_await beast_http::async_write_header(stream, serializer, use_awaitable);
        if (head_only) co_return false;
        const auto more = std::make_shared<Event>(io.get_executor());
        queue.set_wake([more] { more->notify(); });
        more->notify();  // there may be some already
        while (!queue.ended()) {
            const auto part = queue.take();
            if (!part) {
                co_await more->wait();
                continue;
            }
            if (part->bytes->empty()) continue;  // would end the body
            beast::get_lowest_layer(stream).expires_after(timeout());
            co_await asio::async_write(stream, beast_http::make_chunk(asio::buffer(*part->bytes)),
                                       use_awaitable);
        }
        if (queue.aborted()) co_return false;
        co_await asio::async_write(stream, beast_http::make_chunk_last(), use_awaitable);
        co_return keep;
    }

    template <typename Stream>
    asio::awaitable<bool> become_websocket(Stream& stream,
                                           beast_http::request_parser<beast_http::empty_body>& head,
                                           const Request& request) {
        Response refusal = error_response(404, "[server] no such WebSocket");
        const auto peer = co_await work<std::shared_ptr<WebSocketPeer>>([&] {
            try {
                return handlers.upgrade(request, refusal);
            } catch (const Error& error) {
                refusal = error_response(error);
                return std::shared_ptr<WebSocketPeer>();
            }
        });
        if (!peer) co_return co_await answer(stream, refusal, false, false);
        beast::get_lowest_layer(stream).expires_never();  // the WebSocket has its own
        const auto socket = std::make_shared<websocket::stream<Stream>>(std::move(stream));
        websocket::stream_base::timeout timeouts{std::chrono::seconds(10), std::chrono::seconds(40), true};
        socket->set_option(timeouts);
        socket->read_message_max(options.most_message_bytes);
        const auto queue = peer->queue();
        struct Leave {
            std::shared_ptr<WebSocketPeer> peer;
            std::shared_ptr<OutQueue> queue;
            ~Leave() {
                queue->close();
                peer->on_close();
            }
        } leave{peer, queue};
        co_await socket->async_accept(head.get(), use_awaitable);
        const auto more = std::make_shared<Event>(io.get_executor());
        queue->set_wake([more] { more->notify(); });
        more->notify();
        asio::co_spawn(io, send_all(socket, queue, more), asio::detached);
        for (;;) {
            beast::flat_buffer message;
            co_await socket->async_read(message, use_awaitable);
            peer->on_message(beast::buffers_to_string(message.data()), socket->got_text());
        }
    }

    /// The sending side of a WebSocket.
    template <typename Socket>
    asio::awaitable<void> send_all(std::shared_ptr<Socket> socket, std::shared_ptr<OutQueue> queue,
                                   std::shared_ptr<Event> more) {
        try {
            while (!queue->ended()) {
                const auto part = queue->take();
                if (!part) {
                    co_await more->wait();
                    continue;
                }
                socket->text(part->text);
                co_await socket->async_write(asio::buffer(*part->bytes), use_awaitable);
            }
            if (socket->is_open()) co_await socket->async_close(websocket::close_code::normal, use_awaitable);
        } catch (const std::exception&) {
            queue->close();  // the reading side ends, too
        }
    }

    ServerOptions options;
    Handlers handlers;
    asio::io_context io{1};
    tcp::acceptor acceptor;
    asio::thread_pool workers;
    std::unique_ptr<Tls> tls;  ///< null: plain HTTP
    std::thread io_thread;
    std::atomic<int> num_connections{0};
    int port = 0;
};

Server::Server(const ServerOptions& options, Handlers handlers)
    : impl_(std::make_unique<Impl>(options, std::move(handlers))) {}
Server::~Server() = default;
int Server::port() const { return impl_->port; }
int Server::num_connections() const { return impl_->num_connections; }

}  // namespace vultus::http
