#include "streaming/offer.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include "base/error.h"

namespace vultus::streaming {
namespace {

constexpr std::size_t kMostMedia = 16, kMostCandidates = 64;

bool begins(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

/// "x=value" lines, without their ends.
std::vector<std::string> lines_of(const std::string& text, const char* what) {
    if (text.size() > kMostOfferBytes)
        fail(ErrorCode::kInvalidArgument, "[webrtc] {}: expected at most {} bytes, got {}", what,
             kMostOfferBytes, text.size());
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty()) continue;
        const bool printable =
            std::all_of(line.begin(), line.end(), [](unsigned char c) { return c >= ' ' && c < 127; });
        if (line.size() < 2 || line[1] != '=' || !printable)
            fail(ErrorCode::kInvalidArgument,
                 "[webrtc] {}: expected lines like a=value, got {} bytes in line {}", what, line.size(),
                 lines.size() + 1);
        lines.push_back(std::move(line));
    }
    return lines;
}

/// One m= section, or what stands before the first.
struct Section {
    std::string kind, mid, direction = "sendrecv";
    bool ice = false, fingerprint = false, rejected = false;
    std::vector<int> payloads;
    int codec = -1;  ///< the first VP8 or Opus
};

int number(std::string_view text) {
    int value = -1;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    return end.ec == std::errc() && value >= 0 && value <= 127 ? value : -1;
}

Section media_section(const std::string& line) {
    std::istringstream in(line.substr(2));
    std::string port, protocol, payload;
    Section section;
    in >> section.kind >> port >> protocol;
    if (protocol.empty())
        fail(ErrorCode::kInvalidArgument, "[webrtc] offer: expected m=KIND PORT PROTOCOL ..., got '{}'",
             line.substr(0, 80));
    section.rejected = port == "0";
    while (in >> payload) section.payloads.push_back(number(payload));
    return section;
}

void attribute(const std::string& line, Section& section) {
    const std::string_view value = std::string_view(line).substr(2);
    if (begins(value, "mid:")) section.mid = value.substr(4);
    if (begins(value, "ice-ufrag:")) section.ice = true;
    if (begins(value, "fingerprint:")) section.fingerprint = true;
    if (value == "bundle-only") section.rejected = false;  // its port is 0, too (RFC 8843)
    if (value == "sendonly" || value == "recvonly" || value == "sendrecv" || value == "inactive")
        section.direction = value;
    if (!begins(value, "rtpmap:") || section.codec >= 0) return;
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos) return;
    const int payload = number(value.substr(7, space - 7));
    const std::string codec = lower(std::string(value.substr(space + 1)));
    const bool ours = section.kind == "video" ? codec == "vp8/90000" : begins(codec, "opus/48000");
    if (ours &&
        std::find(section.payloads.begin(), section.payloads.end(), payload) != section.payloads.end())
        section.codec = payload;
}

/// Whether the address of "candidate:... UDP 1 ADDRESS PORT ..." is a number: names are looked up by nobody,
/// and the browser that hides its own behind one finds us.
bool is_numeric(std::string_view candidate) {
    std::istringstream in{std::string(candidate)};
    std::string field;
    for (int i = 0; i < 5; ++i) in >> field;
    return !field.empty() && field.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
}

/// An Opus fmtp line without sprop-*: webrtcbin 1.22 finds nothing in common with another value of it.
std::string without_sprop(const std::string& line) {
    const std::size_t space = line.find(' ');
    if (!begins(line, "a=fmtp:") || space == std::string::npos) return line;
    std::string kept;
    std::istringstream in(line.substr(space + 1));
    for (std::string part; std::getline(in, part, ';');)
        if (part.find("sprop-") == std::string::npos) kept += (kept.empty() ? "" : ";") + part;
    return kept.empty() ? "" : line.substr(0, space + 1) + kept;
}

void take(const Section& section, Offer& offer) {
    offer.mids.push_back(section.mid);
    Offer::Media& media = section.kind == "video" ? offer.video : offer.audio;
    const bool wanted = section.direction == "recvonly" || section.direction == "sendrecv";
    if ((section.kind != "video" && section.kind != "audio") || section.rejected || !wanted ||
        section.codec < 0 || media.payload >= 0)
        return;
    media = {section.mid, section.codec};
}

}  // namespace

Offer parse_offer(const std::string& sdp) {
    const std::vector<std::string> lines = lines_of(sdp, "offer");
    if (lines.empty() || lines[0] != "v=0")
        fail(ErrorCode::kInvalidArgument, "[webrtc] offer: expected SDP, which begins with v=0");
    Offer offer;
    std::vector<Section> sections(1);
    for (const std::string& line : lines) {
        if (line[0] == 'm') sections.push_back(media_section(line));
        if (line[0] == 'a') attribute(line, sections.back());
        const bool opus = sections.back().kind == "audio";
        std::string kept = opus ? without_sprop(line) : line;
        if (begins(line, "a=candidate:") && !is_numeric(line)) kept.clear();
        if (!kept.empty()) offer.sdp += kept + "\r\n";
        if (sections.size() > kMostMedia)
            fail(ErrorCode::kInvalidArgument, "[webrtc] offer: expected fewer than {} media", kMostMedia);
    }
    bool ice = false, fingerprint = false;  // of a bundle, one has them
    for (std::size_t i = 0; i < sections.size(); ++i) {
        ice = ice || sections[i].ice;
        fingerprint = fingerprint || sections[i].fingerprint;
        if (i > 0) take(sections[i], offer);
    }
    if (!ice || !fingerprint)
        fail(ErrorCode::kInvalidArgument, "[webrtc] offer: expected a=ice-ufrag and a=fingerprint");
    if (offer.video.payload < 0 && offer.audio.payload < 0)
        fail(ErrorCode::kInvalidArgument,
             "[webrtc] offer: expected VP8 or Opus that is to be received (a=recvonly), got neither");
    return offer;
}

std::vector<Candidate> parse_candidates(const std::string& fragment, const std::vector<std::string>& mids) {
    std::vector<Candidate> candidates;
    unsigned media = 0;
    for (const std::string& line : lines_of(fragment, "candidates")) {
        if (begins(line, "a=mid:")) {
            const auto found = std::find(mids.begin(), mids.end(), line.substr(6));
            if (found == mids.end())
                fail(ErrorCode::kInvalidArgument,
                     "[webrtc] candidates: expected a=mid of the offer, got '{}'", line.substr(6, 40));
            media = static_cast<unsigned>(found - mids.begin());
        }
        if (begins(line, "a=candidate:") && is_numeric(line)) candidates.push_back({media, line.substr(2)});
    }
    if (candidates.size() > kMostCandidates)
        fail(ErrorCode::kInvalidArgument, "[webrtc] candidates: expected at most {}, got {}", kMostCandidates,
             candidates.size());
    return candidates;
}

}  // namespace vultus::streaming
