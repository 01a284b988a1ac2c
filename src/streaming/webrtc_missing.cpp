// What stands for WebRTC in a build without GStreamer.
#include "base/error.h"
#include "streaming/webrtc_feed.h"

namespace vultus::streaming {

struct WebRtcFeed::Impl {};

WebRtcFeed::WebRtcFeed(const WebRtcOptions&) {
    fail(ErrorCode::kUnsupported,
         "[webrtc] this program was built without GStreamer (Debian: libgstreamer-plugins-bad1.0-dev)");
}
WebRtcFeed::~WebRtcFeed() = default;
WebRtcFeed::Answer WebRtcFeed::add_peer(const std::string&, const std::string&) { return {}; }
bool WebRtcFeed::add_candidates(const std::string&, const std::string&) { return false; }
bool WebRtcFeed::remove_peer(const std::string&) { return false; }
std::string WebRtcFeed::offer_to(const std::string&) { return {}; }
void WebRtcFeed::take_answer(const std::string&, const std::string&) {}
WebRtcFeed::PeerState WebRtcFeed::state_of(const std::string&) const { return PeerState::kNone; }
void WebRtcFeed::show(const std::uint8_t*, const float*, std::size_t) {}

}  // namespace vultus::streaming
