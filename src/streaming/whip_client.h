// The HTTP side of sending a stream by WebRTC: WHIP, RFC 9725.
#pragma once

#include <string>

namespace vultus::streaming {

/// One session with a server.
class WhipClient {
  public:
    /// url: the server's route, http:// or https://. token: a bearer's; empty: none.
    WhipClient(std::string url, std::string token);
    /// Ends the session, if there is one.
    ~WhipClient();
    WhipClient(const WhipClient&) = delete;
    WhipClient& operator=(const WhipClient&) = delete;

    /// POSTs an SDP offer with all its candidates; the answer. Follows up to five redirections that keep the
    /// method (307, 308). Errors: kIo (nobody answers within ten seconds, or not with 201); kCancelled;
    /// kUnsupported in a build without libcurl.
    std::string begin(const std::string& offer);
    /// DELETEs the session, within three seconds; what goes wrong does not matter any more.
    void end() noexcept;

  private:
    std::string url_, token_;
    std::string session_;  ///< its URL; empty: none
};

}  // namespace vultus::streaming
