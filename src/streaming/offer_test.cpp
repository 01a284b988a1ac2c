#include "streaming/offer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/rng.h"

namespace vultus::streaming {
namespace {

/// As Chromium's, shortened.
const std::string kOffer =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 98 96 97\r\nc=IN IP4 "
    "0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    "a=fingerprint:sha-256 00:11\r\na=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:98 VP9/90000\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"
    "a=candidate:1 1 udp 2113937151 1234-5678.local 50000 typ host\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    "a=fingerprint:sha-256 00:11\r\na=mid:1\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=fmtp:111 minptime=10;sprop-stereo=1;useinbandfec=1\r\n";

std::string without(std::string text, const std::string& part, const std::string& instead = "") {
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += instead.size())
        text.replace(at, part.size(), instead);
    return text;
}

TEST(Offer, NumbersOfVp8AndOpusAreFound) {
    const Offer offer = parse_offer(kOffer);
    EXPECT_EQ(offer.video.payload, 96);
    EXPECT_EQ(offer.audio.payload, 111);
    EXPECT_EQ(offer.mids, (std::vector<std::string>{"0", "1"}));
    EXPECT_EQ(offer.sdp.find("sprop"), std::string::npos);
    EXPECT_NE(offer.sdp.find("minptime=10;useinbandfec=1"), std::string::npos);
    EXPECT_EQ(offer.sdp.find(".local"), std::string::npos) << "no name is looked up";
}

TEST(Offer, OneOfTheTwoIsEnough) {
    EXPECT_EQ(parse_offer(without(kOffer, "VP8", "AV1")).video.payload, -1);
    EXPECT_EQ(parse_offer(without(kOffer, "m=audio 9", "m=audio 0")).audio.payload, -1);
    const std::string bundled =
        without(without(kOffer, "m=audio 9", "m=audio 0"), "a=mid:1\r\n", "a=mid:1\r\na=bundle-only\r\n");
    EXPECT_EQ(parse_offer(bundled).audio.payload, 111);
}

TEST(Offer, WhatIsNoneIsRefusedInOneLine) {
    for (const std::string& wrong :
         {std::string(), std::string("hello"), std::string("v=0"), std::string("v=0\r\n\r\nm="),
          std::string("v=0\nm=video"), std::string("v=0\r\na=\x01\r\n"), std::string(200000, 'a'),
          without(kOffer, "recvonly", "sendonly"), without(kOffer, "recvonly", "inactive"),
          without(without(kOffer, "VP8", "H264"), "opus", "PCMU"), without(kOffer, "a=ice-ufrag:abcd\r\n"),
          without(kOffer, "a=fingerprint:sha-256 00:11\r\n"), "v=0\r\n" + kOffer.substr(1),
          without(kOffer, "m=video", "m=voice") + std::string(300, 'm')}) {
        try {
            parse_offer(wrong);
            ADD_FAILURE() << wrong.substr(0, 100);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
            EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        }
    }
}

TEST(Offer, RandomChangesNeverDoMoreThanThrow) {
    Rng rng(3);
    int num_taken = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string text = kOffer;
        for (int k = 0; k < 4; ++k) text[rng.below(text.size())] = static_cast<char>(rng.below(256));
        try {
            const Offer offer = parse_offer(text);
            EXPECT_TRUE(offer.video.payload >= 0 || offer.audio.payload >= 0);
            ++num_taken;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
        }
    }
    EXPECT_GT(num_taken, 10);
}

TEST(Candidates, BelongToTheirMedia) {
    const std::string fragment =
        "a=ice-ufrag:abcd\r\na=mid:1\r\na=candidate:1 1 udp 2 127.0.0.1 5000 typ host\r\n"
        "a=candidate:2 1 udp 2 x.local 5000 typ host\r\na=end-of-candidates\r\n";
    const auto candidates = parse_candidates(fragment, {"0", "1"});
    ASSERT_EQ(candidates.size(), 1u);
    EXPECT_EQ(candidates[0].media, 1u);
    EXPECT_EQ(candidates[0].line, "candidate:1 1 udp 2 127.0.0.1 5000 typ host");
    EXPECT_THROW(parse_candidates("a=mid:7\r\n", {"0"}), Error);
    EXPECT_THROW(parse_candidates("{}", {"0"}), Error);
}

}  // namespace
}  // namespace vultus::streaming
