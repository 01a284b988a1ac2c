// A live picture and its sound to WebRTC viewers, encoded once for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace vultus::streaming {

struct WebRtcOptions {
    int size_px = 256;  ///< width and height; a multiple of 4
    int fps_num = 25, fps_den = 1;
    int sample_rate_hz = 16000;         ///< of the sound; one that Opus has: 8000, 12000, 16000, 24000, 48000
    std::string address = "127.0.0.1";  ///< that the server listens on: ICE offers this one, or all of the
                                        ///< machine's for 0.0.0.0 and ::
    double silence_s = 20;              ///< without a sign of life, after which a viewer counts as gone
    std::size_t most_peers = 64;
    /// How many viewers there are now; after each change, on any thread.
    std::function<void(std::size_t)> on_peers;
};

/// VP8 and Opus by GStreamer's webrtcbin: a pipeline that encodes while anybody watches, and one for each
/// viewer, who begins with a key frame once connected. Frames given while nobody is connected cost nothing.
/// Threads  any.
class WebRtcFeed {
  public:
    /// Errors: kUnsupported where GStreamer, or one of its plugins, is missing: says which.
    explicit WebRtcFeed(const WebRtcOptions& options);
    ~WebRtcFeed();
    WebRtcFeed(const WebRtcFeed&) = delete;
    WebRtcFeed& operator=(const WebRtcFeed&) = delete;

    struct Answer {
        std::string peer, sdp;  ///< sdp with all candidates
    };
    /// Takes milliseconds to seconds. peer: the id that the viewer gets. Errors: kInvalidArgument for what is
    /// no offer of a viewer; kCancelled for too many viewers.
    Answer add_peer(const std::string& peer, const std::string& offer);
    /// What a viewer finds later (trickle ICE); false: no such viewer. Errors: kInvalidArgument.
    bool add_candidates(const std::string& peer, const std::string& fragment);
    bool remove_peer(const std::string& peer);

    /// The other way round, for a server that takes streams (WHIP): an offer to send, with all candidates,
    /// and what it answers. Errors: kInvalidArgument for what is no answer.
    std::string offer_to(const std::string& peer);
    void take_answer(const std::string& peer, const std::string& answer);
    enum class PeerState { kNone, kConnecting, kConnected };  ///< kNone: gone, or never there
    PeerState state_of(const std::string& peer) const;

    /// The next frame [size, size, 3] and the sound heard while it is shown; returns at once. What a viewer
    /// cannot take in time it does not get.
    void show(const std::uint8_t* rgb, const float* sound, std::size_t num_samples);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::streaming
