// What tests and fuzzers share: hostile requests, up to where the server does something.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"
#include "serving/request_fields.h"
#include "serving/stream_command.h"
#include "streaming/offer.h"
#include "voices/speech_marks.h"

namespace vultus::serving {

using namespace std::string_literals;

namespace fuzz {

inline std::string target(const std::string& bytes) {
    http::Request request;
    if (!http::parse_target(bytes, request)) return "";
    for (const unsigned char c : request.path)
        if (c < 32 || c == 127) return "a control character in a path";
    return "";
}

inline std::string form(const std::string& bytes) {
    const std::size_t line = bytes.find('\n');
    if (line == std::string::npos) return "";
    std::size_t size = 0;
    for (const http::FormPart& part : http::parse_multipart(bytes.substr(0, line), bytes.substr(line + 1)))
        size += part.bytes.size();
    return size <= bytes.size() ? "" : "parts larger than the whole";
}

inline std::string command(const std::string& bytes) {
    const StreamCommand command = parse_command(bytes);
    if (const auto* say = std::get_if<SayCommand>(&command))
        for (const voices::Passage& passage : voices::passages_of(say->text))
            if (passage.text.size() > voices::kMostPassageBytes ||
                (passage.text.empty() && passage.pause_ms <= 0))
                return "a passage of nothing, or too long";
    if (const auto* look = std::get_if<LookCommand>(&command))
        if (!(look->x >= -1 && look->x <= 1 && look->y >= -1 && look->y <= 1 && look->seconds >= 0))
            return "a look that is nowhere";
    return "";
}

inline std::string offer(const std::string& bytes) {
    const streaming::Offer offer = streaming::parse_offer(bytes);
    for (const streaming::Candidate& candidate : streaming::parse_candidates(bytes, offer.mids))
        if (candidate.media >= offer.mids.size()) return "a candidate of no media";
    return offer.video.payload < 0 && offer.audio.payload < 0 ? "an offer of nothing" : "";
}

inline std::string names(const std::string& bytes) {
    const std::size_t line = bytes.find('\n');
    const std::string host = bytes.substr(0, line),
                      origin = line == std::string::npos ? "" : bytes.substr(line + 1);
    http::is_host_allowed(host, {"face.example"});
    const std::size_t scheme =
        origin.find("://");  // as long as one of ours, whatever the case of its letters
    if (http::is_origin_ours(origin, host) && !origin.empty() && origin.size() != scheme + 3 + host.size())
        return "another host's page taken for ours";
    return "";
}

inline std::string fields(const std::string& bytes) {
    const auto json = nlohmann::json::parse(bytes, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return "";
    const double scale = number_field(json, "head_scale", 1, 0, 3);
    flag_field(json, "blinks", true);
    return scale >= 0 && scale <= 3 && text_field(json, "person").size() <= 1000 ? ""
                                                                                 : "a field out of its range";
}

}  // namespace fuzz

/// The first byte says what the others are. Returns what is wrong with the outcome, "" when nothing is.
inline std::string try_request(std::string_view bytes) {
    static constexpr std::string (*kBodies[])(const std::string&) = {fuzz::target, fuzz::form,  fuzz::command,
                                                                     fuzz::offer,  fuzz::names, fuzz::fields};
    if (bytes.empty()) return "";
    try {
        return kBodies[static_cast<unsigned char>(bytes[0]) % std::size(kBodies)](
            std::string(bytes.substr(1)));
    } catch (const Error& error) {
        return error.code() == ErrorCode::kInvalidArgument ? "" : error.what();
    }
}

/// One of each to start from.
inline const std::vector<std::string>& request_seeds() {
    static const std::vector<std::string> seeds = {
        "\0/v1/persons/a%20b/picture?rate=16000&media=mp4+x"s,
        "\1multipart/form-data; boundary=\"x\"\n--x\r\nContent-Disposition: form-data; name=\"audio\"; "
        "filename=\"a.wav\"\r\n\r\nRIFF\r\n--x--\r\n"s,
        "\2{\"command\":\"say\",\"text\":\"Hello. [pause 500] <speak>a <break time='1s'/> b</speak>\"}"s,
        "\2{\"command\":\"pose\",\"yaw_deg\":5,\"pitch_deg\":null,\"seconds\":2}"s,
        "\2{\"command\":\"look\",\"x\":-1,\"y\":0.5}"s,
        "\3v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:abcd\r\n"
        "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
        "a=rtpmap:96 VP8/90000\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"s,
        "\4localhost:8765\nhttp://localhost:8765"s,
        "\5{\"person\":\"me\",\"head_scale\":1.5,\"blinks\":false}"s};
    return seeds;
}

}  // namespace vultus::serving
