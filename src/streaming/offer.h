// What a viewer's SDP offer asks for (RFC 8866, 8829), checked before WebRTC's machinery sees it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vultus::streaming {

constexpr std::size_t kMostOfferBytes = 128u << 10;

struct Offer {
    struct Media {
        std::string mid;
        int payload = -1;  ///< the offer's number for VP8 or Opus
    };
    std::string sdp;                ///< as it came, without what cannot be agreed on (Opus's sprop-*)
    Media video, audio;             ///< payload -1: not wanted
    std::vector<std::string> mids;  ///< of all media, in their order
};

/// Errors: kInvalidArgument, in one line: what is no SDP, or lacks ICE, DTLS, VP8 and Opus, or offers to
/// send instead of to receive.
Offer parse_offer(const std::string& sdp);

struct Candidate {
    unsigned media = 0;  ///< index of its media in the offer
    std::string line;    ///< "candidate:..."
};
/// The candidates of a fragment of Trickle ICE (RFC 8840). Errors: kInvalidArgument.
std::vector<Candidate> parse_candidates(const std::string& fragment, const std::vector<std::string>& mids);

}  // namespace vultus::streaming
