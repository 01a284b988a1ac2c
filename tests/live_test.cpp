// `vultus live` from outside: to files, pipes, sockets and streaming servers.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>

#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "rendering/origin.h"
#include "run_program_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using test::Finished;
using test::Program;

const std::string kPerson = std::string(VULTUS_SOURCE_DIR) + "/models/grid-s1.vultus";
const std::string kSample = std::string(VULTUS_SOURCE_DIR) + "/samples/bgwo2n.mkv";
constexpr int kRateHz = 16000;

struct Seen {
    std::vector<media::Image> frames;
    std::vector<float> sound;
    std::string comment;
};

Seen look_at(const std::string& path) {
    Seen seen;
    media::VideoReader reader(path);
    seen.comment = reader.comment();
    for (media::Image image; reader.read(image);) seen.frames.push_back(image);
    seen.sound = media::read_audio(path, 100 * kRateHz);
    return seen;
}

/// The lag in samples, up to half a second, at which `part` is found in `whole`, and how well.
std::pair<int, double> find_in(const std::vector<float>& part, const std::vector<float>& whole) {
    std::pair<int, double> best{0, -1};
    const double energy = std::inner_product(part.begin(), part.end(), part.begin(), 0.0);
    for (int lag = 0; lag < kRateHz / 2 && static_cast<std::size_t>(lag) + part.size() <= whole.size();
         ++lag) {
        const auto at = whole.begin() + lag;
        const auto end = at + static_cast<std::ptrdiff_t>(part.size());
        const double both = std::inner_product(part.begin(), part.end(), at, 0.0);
        const double other = std::inner_product(at, end, at, 1e-9);
        if (both / std::sqrt(energy * other) > best.second) best = {lag, both / std::sqrt(energy * other)};
    }
    return best;
}

/// Mean change of grey around the mouth from frame first-1 to first, ..., to last-1.
double lip_motion(const std::vector<media::Image>& frames, std::size_t first, std::size_t last) {
    double sum = 0;
    for (std::size_t i = first; i < last; ++i) {
        const media::Image &a = frames[i - 1], &b = frames[i];
        for (int y = a.height * 5 / 8; y < a.height * 7 / 8; ++y)
            for (int x = a.width * 3 / 8; x < a.width * 5 / 8; ++x)
                sum += std::abs(a.pixel(x, y)[1] - b.pixel(x, y)[1]);
    }
    return sum / static_cast<double>(last - first);
}

/// A server that takes bytes, by TCP.
class Listener {
  public:
    explicit Listener(int port = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int yes = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        at.sin_port = ::htons(static_cast<std::uint16_t>(port));
        socklen_t size = sizeof at;
        bool good = ::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
        good = good && ::listen(socket_, 1) == 0;
        good = good && ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) == 0;
        if (!good) throw std::runtime_error("no port to listen on");
        port_ = ::ntohs(at.sin_port);
    }
    ~Listener() { ::close(socket_); }
    int port() const { return port_; }
    /// What the next one who connects sends, until it closes or `most` bytes are there.
    std::string receive(std::size_t most = SIZE_MAX) {
        const int peer = ::accept(socket_, nullptr, nullptr);
        std::string all(1 << 16, '\0');
        std::size_t size = 0;
        for (ssize_t got; size < most && (got = ::read(peer, all.data() + size, all.size() - size)) > 0;) {
            size += static_cast<std::size_t>(got);
            if (all.size() - size < 4096) all.resize(2 * all.size());
        }
        ::close(peer);
        all.resize(size);
        return all;
    }

  private:
    int socket_, port_ = 0;
};

class Live : public testing::Test {
  protected:
    Live() {
        person::save_person(path("nobody.vultus"), test::tiny_person());
        media::test::write_wav(path("s.wav"), kRateHz, 16, media::test::tone(kRateHz / 2, kRateHz, 220));
    }

    std::string path(const std::string& name) const { return (scratch_ / name).string(); }
    /// With a person of random weights: quick.
    std::vector<std::string> live(const std::string& to, std::vector<std::string> more = {}) const {
        std::vector<std::string> all{"-q", "live", path("nobody.vultus"), "--to", to};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    Seen seen_in(const std::string& bytes, const std::string& name) const {
        write_file(path(name), bytes);
        return look_at(path(name));
    }

    media::test::Scratch scratch_;
};

TEST_F(Live, TheSoundIsInItAndTheLipsMoveWithIt) {
    std::vector<float> speech = media::read_audio(kSample, 100 * kRateHz);
    speech.assign(speech.begin() + kRateHz / 2, speech.begin() + 3 * kRateHz / 2);
    media::test::write_wav(path("speech.wav"), kRateHz, 32, speech);
    const Finished end =
        test::run("vultus", {"-q", "live", kPerson, path("speech.wav"), "--to", path("x.mkv"), "--seconds",
                             "3.2", "--stay", "--head", "still", "--no-idle", "--no-blinks"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const Seen seen = look_at(path("x.mkv"));
    EXPECT_EQ(seen.frames.size(), 80u);
    const auto [lag, alike] = find_in(speech, seen.sound);
    EXPECT_GT(alike, 0.9) << lag;
    const auto begin = static_cast<std::size_t>(lag * 25 / kRateHz);
    // Silence from a second after the speech on: what a busy machine draws late is over by then.
    const double spoken = lip_motion(seen.frames, begin + 3, begin + 24),
                 silent = lip_motion(seen.frames, begin + 50, 80);
    EXPECT_GT(spoken, 3 * silent);
    EXPECT_TRUE(rendering::read_origin_note(seen.comment).synthetic);
    EXPECT_TRUE(rendering::find_origin(path("x.mkv")).mark.found);
}

TEST_F(Live, ThroughAPipe) {
    Program::Options options;
    options.standard_input = path("s.wav");
    const Finished end = Program("vultus", live("pipe:", {"-"}), options).wait(30);
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const Seen seen = seen_in(end.out, "x.ts");
    EXPECT_GE(seen.frames.size(), 12u + 7u);  // the speech, and until the mouth is closed
    EXPECT_LE(seen.frames.size(), 40u);
    EXPECT_GT(find_in(media::test::tone(kRateHz / 2, kRateHz, 220), seen.sound).second, 0.9);
    EXPECT_TRUE(rendering::read_origin_note(seen.comment).synthetic);
}

/// ALSA's own devices stand for one that nobody has here.
TEST_F(Live, FromAMicrophone) {
    std::string samples;
    for (int i = 0; i < 5 * 48000; ++i) {
        const int value = std::lround(16000 * std::sin(2 * M_PI * 220 / 48000 * i));
        samples += {static_cast<char>(value & 255), static_cast<char>(value >> 8 & 255)};
    }
    write_file(path("tone.raw"), samples);
    write_file(path("asound.conf"),
               "pcm.tone { type file slave.pcm null file /dev/null format raw infile \"" + path("tone.raw") +
                   "\" }\n");
    Program::Options options;
    options.environment = {"ALSA_CONFIG_PATH=/usr/share/alsa/alsa.conf:" + path("asound.conf")};
    const Finished end =
        Program("vultus", live(path("x.mkv"), {"--microphone=alsa:tone", "--seconds", "1"}), options)
            .wait(60);
    if (end.err.find("libavdevice") != std::string::npos) GTEST_SKIP() << end.err;
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const Seen seen = look_at(path("x.mkv"));
    EXPECT_EQ(seen.frames.size(), 25u);
    EXPECT_GT(find_in(media::test::tone(kRateHz / 8, kRateHz, 220), seen.sound).second, 0.9);
    const Finished absent =
        Program("vultus", live(path("y.mkv"), {"--microphone=alsa:absent"}), options).wait(60);
    EXPECT_EQ(absent.exit_code, 1);
    EXPECT_EQ(absent.err.find("vultus: [media] microphone alsa:absent: not there"), 0u) << absent.err;
    EXPECT_EQ(std::count(absent.err.begin(), absent.err.end(), '\n'), 1) << absent.err;
}

TEST_F(Live, AConnectionThatBreaksIsMadeAnew) {
    auto listener = std::make_unique<Listener>();
    const int port = listener->port();
    Program program("vultus", live(fmt::format("tcp://127.0.0.1:{}", port),
                                   {path("s.wav"), "--seconds", "2.5", "--stay", "--retries", "3"}));
    EXPECT_GE(listener->receive(1000).size(), 1000u);
    listener.reset();
    ASSERT_TRUE(
        program.wait_for([&] { return program.said_so_far().find("again in") != std::string::npos; }));
    const std::string second = Listener(port).receive();
    const Finished end = program.wait(30);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_NE(end.err.find("2 connections"), std::string::npos) << end.err;
    EXPECT_GE(seen_in(second, "second.ts").frames.size(), 10u);
}

TEST_F(Live, CtrlCEndsAFileThatPlays) {
    Program program("vultus", live(path("x.mp4")));
    const auto written = [&] {
        for (const auto& entry : fs::directory_iterator(scratch_.path()))
            if (entry.path().filename().string().find("partial") != std::string::npos &&
                fs::file_size(entry.path()) > 0)
                return true;
        return false;
    };
    ASSERT_TRUE(program.wait_for(written, 30));
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    program.signal(SIGINT);
    const Finished end = program.wait(10);
    EXPECT_EQ(end.exit_code, 130);
    EXPECT_NE(end.err.find(" frames in "), std::string::npos) << end.err;
    EXPECT_GE(look_at(path("x.mp4")).frames.size(), 5u);
}

TEST_F(Live, ByRtmpToAServer) {
    if (std::system("ffmpeg -version > /dev/null 2>&1") != 0) GTEST_SKIP() << "needs ffmpeg";
    const int port = Listener().port();  // free a moment ago
    const std::string url = fmt::format("rtmp://127.0.0.1:{}/live/x", port);
    std::thread server([&] {
        const std::string command = "timeout 20 ffmpeg -v quiet -y -listen 1 -f flv -i " + url +
                                    " -c copy '" + path("r.mkv") + "' > /dev/null 2>&1 < /dev/null";
        (void)!std::system(command.c_str());
    });
    const std::string listening = fmt::format(":{:04X} 00000000:0000 0A", port);
    const auto is_there = [&] {
        std::ifstream table("/proc/net/tcp");
        return std::string(std::istreambuf_iterator<char>(table), {}).find(listening) != std::string::npos;
    };
    for (int i = 0; i < 1000 && !is_there(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const Finished end = test::run("vultus", live(url, {path("s.wav")}));
    server.join();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    const Seen seen = look_at(path("r.mkv"));
    EXPECT_GE(seen.frames.size(), 12u);
    EXPECT_GT(find_in(media::test::tone(kRateHz / 4, kRateHz, 220), seen.sound).second, 0.9);
}

TEST_F(Live, WhatCannotBeReachedIsOneLine) {
    const std::pair<std::string, std::string> cases[] = {
        {fmt::format("rtmp://me:secret@127.0.0.1:{}/live/secret?key=secret", Listener().port()),
         "/live/...: cannot connect (Connection refused)"},
        {"v4l2:/dev/null", "expected a video output device"},
        {"ftp://127.0.0.1/", "expected rtmp://"},
        {path("none/x.mp4"), "x.mp4"}};
    for (const auto& [to, says] : cases) {
        const Finished end = test::run("vultus", live(to, {path("s.wav")}));
        EXPECT_EQ(end.exit_code, 1) << to;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.err.find(says), std::string::npos) << end.err;
        EXPECT_EQ(end.err.find("secret"), std::string::npos) << end.err;
    }
    const Finished absent = test::run("vultus", live(path("y.mp4"), {path("absent.wav")}));
    EXPECT_EQ(absent.exit_code, 1);
    EXPECT_EQ(absent.complaints().size(), 1u) << absent.err;
    EXPECT_FALSE(fs::exists(path("y.mp4")));
}

}  // namespace
}  // namespace vultus
