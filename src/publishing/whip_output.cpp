#include "publishing/whip_output.h"

#include <chrono>
#include <thread>

#include "base/error.h"
#include "media/video_writer.h"
#include "publishing/speech_feed.h"
#include "streaming/webrtc_feed.h"
#include "streaming/whip_client.h"

namespace vultus::publishing {
namespace {

using Clock = std::chrono::steady_clock;
using streaming::WebRtcFeed;

constexpr auto kMostConnecting = std::chrono::seconds(10);
constexpr auto kEncoding = std::chrono::milliseconds(200);  ///< of the last frames
constexpr const char* kPrefix = "whip+";
constexpr const char* kServer = "server";  ///< the feed's one peer

class WhipOutput : public Output {
  public:
    WhipOutput(const std::string& address, const std::string& token, const streaming::WebRtcOptions& feed)
        : shown_(media::shown_address(address)),
          feed_(feed),
          client_(address.substr(std::string(kPrefix).size()), token) {
        const std::string offer = feed_.offer_to(kServer);
        try {
            feed_.take_answer(kServer, client_.begin(offer));
        } catch (const Error& error) {
            if (error.code() == ErrorCode::kCancelled) throw;
            throw Error(error.code(), "[live] " + shown_ + ": " + error.what());
        }
    }
    void write(const speaking::LiveFrame& frame) override {
        const WebRtcFeed::PeerState state = feed_.state_of(kServer);
        if (state == WebRtcFeed::PeerState::kNone)
            fail(ErrorCode::kIo, "[live] {}: the connection is lost", shown_);
        if (state == WebRtcFeed::PeerState::kConnecting && Clock::now() - begun_ > kMostConnecting)
            fail(ErrorCode::kIo,
                 "[live] {}: the server answers, but no WebRTC connection comes about (is UDP blocked?)",
                 shown_);
        feed_.show(frame.rgb.data(), frame.sound.data(), frame.sound.size());
    }
    void finish() override {
        std::this_thread::sleep_for(kEncoding);
        client_.end();
        feed_.remove_peer(kServer);
    }
    std::string encoder() const override { return "VP8 by WebRTC"; }

  private:
    const std::string shown_;
    const Clock::time_point begun_ = Clock::now();
    WebRtcFeed feed_;
    streaming::WhipClient client_;
};

}  // namespace

bool is_whip_address(const std::string& address) {
    return address.rfind("whip+http://", 0) == 0 || address.rfind("whip+https://", 0) == 0;
}

std::function<std::unique_ptr<Output>()> whip_output_of(const PublishOptions& options,
                                                        const person::Person& person, int size_px) {
    streaming::WebRtcOptions feed;
    feed.size_px = size_px;
    feed.fps_num = person.fps_num;
    feed.fps_den = person.fps_den;
    feed.sample_rate_hz = kSessionRateHz;
    feed.address = "0.0.0.0";
    return
        [=, to = options.to, token = options.token] { return std::make_unique<WhipOutput>(to, token, feed); };
}

}  // namespace vultus::publishing
