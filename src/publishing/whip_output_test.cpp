#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "media/test_media.h"
#include "publishing/publish.h"
#include "streaming/receiver_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus::publishing {
namespace {

/// A WHIP server on loopback: answers each request, one after another, by `answer`(its head, its body).
class Server {
  public:
    using Answer = std::function<std::string(const std::string& head, const std::string& body)>;
    explicit Server(Answer answer) : answer_(std::move(answer)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* address = reinterpret_cast<sockaddr*>(&at);
        if (::bind(socket_, address, sizeof at) != 0 || ::listen(socket_, 4) != 0 ||
            ::getsockname(socket_, address, &size) != 0)
            throw std::runtime_error("no port to listen on");
        port_ = ::ntohs(at.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        ::shutdown(socket_, SHUT_RDWR);
        thread_.join();
        ::close(socket_);
    }
    std::string address() const { return fmt::format("whip+http://127.0.0.1:{}/secret/whip", port_); }
    /// First lines of the requests so far, and all they held.
    std::vector<std::string> requests() const { return requests_; }

  private:
    void serve() {
        for (int peer; (peer = ::accept(socket_, nullptr, nullptr)) >= 0; ::close(peer)) {
            std::string bytes;
            char block[4096];
            const auto head_end = [&] { return bytes.find("\r\n\r\n"); };
            const auto wanted = [&] {
                const std::size_t at = bytes.find("Content-Length: ");
                return head_end() + 4 + (at < head_end() ? std::stoul(bytes.substr(at + 16)) : 0);
            };
            while (head_end() == std::string::npos || bytes.size() < wanted()) {
                const ssize_t got = ::read(peer, block, sizeof block);
                if (got <= 0) break;
                bytes.append(block, static_cast<std::size_t>(got));
            }
            if (head_end() == std::string::npos) continue;
            requests_.push_back(bytes);
            const std::string answer = answer_(bytes.substr(0, head_end()), bytes.substr(head_end() + 4));
            (void)!::write(peer, answer.data(), answer.size());
        }
    }
    Answer answer_;
    int socket_, port_ = 0;
    std::vector<std::string> requests_;
    std::thread thread_;
};

std::string reply(const std::string& status, const std::string& headers, const std::string& body) {
    return fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{}", status, headers,
                       body.size(), body);
}

class Whip : public testing::Test {
  protected:
    Whip() {
        options_.person = scratch_ / "nobody.vultus";
        person::save_person(options_.person, test::tiny_person());
        options_.speech = scratch_ / "s.wav";
        media::test::write_wav(options_.speech, 16000, 16, media::test::tone(24000, 16000, 220));
    }
    media::test::Scratch scratch_;
    PublishOptions options_;
};

TEST_F(Whip, TheServerSeesAndHearsIt) {
    streaming::Receiver receiver(/*answers=*/true);
    Server server([&](const std::string& head, const std::string& body) {
        if (head.rfind("POST", 0) != 0) return reply("200 OK", "", "");
        if (head.find("/moved") == std::string::npos)
            return reply("307 Temporary Redirect", "Location: /moved/whip\r\n", "");
        return reply("201 Created", "Content-Type: application/sdp\r\nLocation: ../session/7\r\n",
                     receiver.answer(body));
    });
    options_.to = server.address();
    options_.token = "the-secret";
    options_.seconds = 2;
    options_.stay = true;
    const PublishReport report = publish(options_);
    EXPECT_EQ(report.num_frames, 50);
    EXPECT_EQ(report.num_unsent, 0);
    EXPECT_GE(receiver.pictures().size(), 20u);
    const auto sounds = receiver.sounds();
    EXPECT_GE(std::count_if(sounds.begin(), sounds.end(), [](const auto& seen) { return seen.level > 0.2; }),
              100);
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[0].rfind("POST /secret/whip ", 0), 0u) << requests[0];
    EXPECT_NE(requests[1].find("Content-Type: application/sdp"), std::string::npos);
    EXPECT_NE(requests[1].find("a=candidate:"), std::string::npos);
    EXPECT_NE(requests[1].find("a=sendonly"), std::string::npos);
    EXPECT_EQ(requests[2].rfind("DELETE /session/7 ", 0), 0u) << requests[2];
    for (const std::string& request : requests)
        EXPECT_NE(request.find("Authorization: Bearer the-secret\r\n"), std::string::npos) << request;
}

TEST_F(Whip, WhatIsRefusedIsOneLine) {
    std::string says = reply("401 Unauthorized", "", "no such key\nand more");
    Server server([&](const std::string&, const std::string&) { return says; });
    options_.to = server.address();
    const auto message = [&] {
        try {
            publish(options_);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("no error");
    };
    const std::string refused = message();
    EXPECT_NE(refused.find("got 401: no such key"), std::string::npos) << refused;
    EXPECT_EQ(refused.find('\n'), std::string::npos) << refused;
    EXPECT_EQ(refused.find("secret"), std::string::npos) << refused;
    says = reply("201 Created", "Location: /x\r\n", "v=0 nonsense");
    EXPECT_NE(message().find("[webrtc] answer: expected"), std::string::npos) << message();
    options_.to = "whip+http://127.0.0.1:9/x";
    EXPECT_NE(message().find("cannot connect"), std::string::npos);
}

}  // namespace
}  // namespace vultus::publishing
