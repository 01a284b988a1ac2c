#include "voices/voice.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <thread>

#include "audio/phones.h"
#include "base/error.h"
#include "base/process.h"
#include "base/scratch_folder.h"
#include "media/test_media.h"
#include "voices/voice_kinds.h"

namespace vultus::voices {
namespace {

struct Said {
    std::vector<float> sound;
    std::vector<Spans> phones;
    std::vector<std::int64_t> begins;
};

Said said_by(const std::string& voice, const std::string& text, const VoiceOptions& options = {}) {
    Said said;
    const auto passages = passages_of(text);
    const auto speaker = open_voice(voice, options);
    const std::int64_t total = speak_passages(
        *speaker, passages,
        [&](const std::vector<float>& part) {
            said.sound.insert(said.sound.end(), part.begin(), part.end());
        },
        [&](const Spoken& spoken) {
            said.phones.push_back(spoken.phones);
            said.begins.push_back(spoken.begin_sample);
        });
    EXPECT_EQ(total, static_cast<std::int64_t>(said.sound.size()));
    return said;
}

double loudness(const std::vector<float>& sound) {
    double sum = 0;
    for (const float x : sound) sum += static_cast<double>(x) * x;
    return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(1, sound.size())));
}

void expect_refused(const std::string& voice, const std::string& says, const VoiceOptions& options = {}) {
    try {
        said_by(voice, "Hello there.", options);
        ADD_FAILURE() << voice << ": expected an error";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
}

/// Both synthesizers tell when "papa" opens its lips.
void expect_phones(const std::string& voice) {
    const Said said = said_by(voice, "Papa. [pause 300] Papa.");
    ASSERT_EQ(said.phones.size(), 3u);
    EXPECT_TRUE(said.phones[1].empty());
    EXPECT_EQ(said.begins[2] - said.begins[1], kVoiceRateHz * 300 / 1000);
    EXPECT_GT(loudness(said.sound), 0.01);
    for (const int passage : {0, 2}) {
        const Spans& spans = said.phones[static_cast<std::size_t>(passage)];
        ASSERT_GT(spans.size(), 3u);
        int num_p = 0;
        for (std::size_t i = 0; i < spans.size(); ++i) {
            EXPECT_LE(spans[i].begin_sample, spans[i].end_sample);
            if (i > 0) {
                EXPECT_EQ(spans[i].begin_sample, spans[i - 1].end_sample);
            }
            if (spans[i].phone > audio::kSilence && std::string(audio::phone_name(spans[i].phone)) == "P")
                ++num_p;
        }
        EXPECT_EQ(num_p, 2);
        EXPECT_GE(spans.front().begin_sample, said.begins[static_cast<std::size_t>(passage)]);
        EXPECT_LE(spans.back().end_sample, static_cast<std::int64_t>(said.sound.size()));
    }
}

TEST(Voice, FliteSpeaksAndTellsPhones) {
    if (!find_program("flite")) GTEST_SKIP() << "flite is not installed";
    expect_phones("flite/rms");
    EXPECT_THROW(open_voice("flite/nobody"), Error);
}

TEST(Voice, EspeakSpeaksAndTellsPhones) {
    if (espeak_voices().empty()) GTEST_SKIP() << "espeak-ng is not installed";
    expect_phones("espeak/en-us");
    EXPECT_THROW(open_voice("espeak/nobody"), Error);
    const Said plain = said_by("espeak/en-us", "really"),
               stressed = said_by("espeak/en-us", "<emphasis>really</emphasis>");
    EXPECT_NE(plain.sound, stressed.sound);
}

TEST(Voice, TheListHasWhatOpens) {
    for (const VoiceInfo& voice : installed_voices()) {
        EXPECT_FALSE(voice.language.empty());
        if (voice.name.rfind("flite/", 0) == 0) {
            EXPECT_NO_THROW(open_voice(voice.name));
        }
    }
}

TEST(Voice, ACommandGivesSoundByStandardOutputOrFile) {
    // As much of a sound as the text has characters: 0.1 s each.
    const ScratchFolder scratch("voice-test");
    const std::string wav = (scratch / "tone.wav").string();
    std::vector<float> tone(16000 * 5);
    for (std::size_t i = 0; i < tone.size(); ++i) tone[i] = 0.3f * std::sin(static_cast<float>(i) / 4);
    media::test::write_wav(wav, 16000, 16, tone);
    const std::string head = "cmd:sh -c 'read text; head -c $((44 + 3200 * ${#text})) \"$0\"";
    for (const std::string& command : {head + "' " + wav, head + " > \"$1\"' " + wav + " {out}"}) {
        const Said said = said_by(command, "12345. 12345");
        EXPECT_NEAR(static_cast<double>(said.sound.size()), 1.1 * kVoiceRateHz, 50) << command;
        EXPECT_NEAR(loudness(said.sound), 0.3 / std::sqrt(2), 0.02);
    }
}

TEST(Voice, NoShellSeesTheText) {
    // The text arrives as it is, and decides nothing.
    expect_refused("cmd:sh -c 'cat >&2; exit 3'", "ended with 3: Hello there.");
    EXPECT_EQ(words_of_command("a 'b c' \"d \\\" e\" f\\ g"),
              (std::vector<std::string>{"a", "b c", "d \" e", "f g"}));
    EXPECT_THROW(words_of_command("a 'b"), Error);
    EXPECT_THROW(words_of_command(" "), Error);
}

TEST(Voice, CommandsThatFailAreQuoted) {
    VoiceOptions quick;
    quick.limit_s = 0.3;
    const auto begin = std::chrono::steady_clock::now();
    expect_refused("cmd:sh -c 'echo so slow >&2; sleep 30'", "did not end within 0.3 s: so slow", quick);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    expect_refused("cmd:sh -c 'echo no model >&2; exit 1'", "no model");
    expect_refused("cmd:sh -c 'echo rubbish; echo hm >&2'", "it says: hm");
    expect_refused("cmd:true", "expected sound, got nothing");
    expect_refused("cmd:no-such-program-here", "no such program");
    expect_refused("who", "vultus voices");
}

#ifdef VULTUS_TEST_SERVER_VOICE

/// Answers one request after another on a port of its own with the same bytes.
class SmallServer {
  public:
    explicit SmallServer(std::string answer) : answer_(std::move(answer)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::listen(listener_, 4);
        socklen_t size = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~SmallServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
    std::string request;  ///< the last one

  private:
    void run() {
        for (int peer; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
            request.clear();
            char buffer[4096];
            while (request.find('}') == std::string::npos) {
                const ssize_t count = ::recv(peer, buffer, sizeof buffer, 0);
                if (count <= 0) break;
                request.append(buffer, static_cast<std::size_t>(count));
            }
            for (std::size_t at = 0; at < answer_.size();) {  // odd parts
                const ssize_t count = ::send(peer, answer_.data() + at,
                                             std::min<std::size_t>(777, answer_.size() - at), MSG_NOSIGNAL);
                if (count <= 0) break;
                at += static_cast<std::size_t>(count);
            }
        }
    }
    std::string answer_;
    int listener_ = -1, port_ = 0;
    std::thread thread_;
};

std::string http(int status, const std::string& type, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + type +
           "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Voice, AServerOfOpenAIsRoute) {
    std::string pcm;
    for (int i = 0; i < 12000; ++i) {
        const auto sample = static_cast<std::int16_t>(9000 * std::sin(i / 8.0));
        pcm.append(reinterpret_cast<const char*>(&sample), 2);
    }
    SmallServer server(http(200, "audio/pcm; rate=12000", pcm));
    VoiceOptions options;
    options.api_key = "secret";
    const Said said = said_by(server.url() + "?voice=af%20x&model=kokoro", "Say \"this\".", options);
    EXPECT_EQ(said.sound.size(), 24000u);  // a second at twice the rate
    EXPECT_NEAR(loudness(said.sound), 9000 / 32768.0 / std::sqrt(2), 0.01);
    for (const char* part :
         {"POST /v1/audio/speech ", "\"input\":\"Say \\\"this\\\".\"", "\"voice\":\"af x\"",
          "\"model\":\"kokoro\"", "Bearer secret", "\"response_format\":\"pcm\""})
        EXPECT_NE(server.request.find(part), std::string::npos) << part << " in " << server.request;
}

TEST(Voice, AServersErrorsAreQuoted) {
    const SmallServer refuses(http(401, "application/json", R"({"error":{"message":"bad key"}})"));
    expect_refused(refuses.url(), "answers 401: bad key");
    const SmallServer empty(http(200, "audio/pcm", ""));
    expect_refused(empty.url(), "gave no sound");
    expect_refused("http://127.0.0.1:1/v1", "connect");
    expect_refused("http://127.0.0.1:1/v1?speed=2", "expected voice= or model=");
}

#endif

}  // namespace
}  // namespace vultus::voices
