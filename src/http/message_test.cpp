#include "http/message.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/rng.h"

namespace vultus::http {
namespace {

TEST(Http, AddressesAreDecodedOnce) {
    Request request;
    ASSERT_TRUE(parse_target("/v1/a%20b/%252e?x=1%2B1&y=a+b&z&=q", request));
    EXPECT_EQ(request.path, "/v1/a b/%2e");
    EXPECT_EQ(request.query, (std::map<std::string, std::string>{{"x", "1+1"}, {"y", "a b"}, {"z", ""}}));
    for (const char* bad :
         {"", "v1", "http://x/", "/%", "/%0", "/%zz", "/%00", "/a%0d%0ab", "/%ff", "/?x=%c0%af"}) {
        Request other;
        EXPECT_FALSE(parse_target(bad, other)) << bad;
    }
}

TEST(Http, OnlyOurNamesAreHosts) {
    for (const char* ours :
         {"localhost", "LOCALHOST:8765", "127.0.0.1:8765", "[::1]:80", "a.localhost", "192.168.1.7"})
        EXPECT_TRUE(is_host_allowed(ours, {})) << ours;
    for (const char* other : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80",
                              "1.2.3", "notlocalhost", "[evil]", "127.0.0.1x"})
        EXPECT_FALSE(is_host_allowed(other, {})) << other;
    EXPECT_TRUE(is_host_allowed("Face.Example:443", {"face.example"}));
}

TEST(Http, OnlyOurPagesAreOrigins) {
    EXPECT_TRUE(is_origin_ours("", "localhost:8765"));
    EXPECT_TRUE(is_origin_ours("http://localhost:8765", "localhost:8765"));
    EXPECT_TRUE(is_origin_ours("https://Face.example", "face.example"));
    for (const char* other :
         {"null", "http://localhost:8766", "http://localhost", "file://", "http://evil.example"})
        EXPECT_FALSE(is_origin_ours(other, "localhost:8765")) << other;
}

TEST(Http, SecretsAreCompared) {
    EXPECT_TRUE(is_same_secret("0123456789abcdef", "0123456789abcdef"));
    for (const char* other : {"", "0123456789abcdeX", "0123456789abcde", "0123456789abcdef0"})
        EXPECT_FALSE(is_same_secret(other, "0123456789abcdef")) << other;
    EXPECT_FALSE(is_same_secret("x", ""));
}

std::string form(const std::string& boundary) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"person\"\r\n\r\ngrid-s1\r\n--" +
           boundary +
           "\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"a b.wav\"\r\nContent-Type: "
           "audio/wav\r\n\r\nRIFF\r\n\r\n--x\r\n--" +
           boundary + "--\r\n";
}

TEST(Http, FormsComeApart) {
    const auto parts = parse_multipart("multipart/form-data; boundary=\"b1\"", form("b1"));
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].name, "person");
    EXPECT_EQ(parts[0].bytes, "grid-s1");
    EXPECT_EQ(parts[1].name, "audio");
    EXPECT_EQ(parts[1].file_name, "a b.wav");
    EXPECT_EQ(parts[1].bytes, "RIFF\r\n\r\n--x");
    EXPECT_THROW(parse_multipart("multipart/form-data", form("b1")), Error);
    EXPECT_THROW(parse_multipart("multipart/form-data; boundary=b2", form("b1")), Error);
}

TEST(Http, AnyBytesAreAFormOrAnError) {
    Rng rng(3);
    for (int i = 0; i < 20000; ++i) {
        std::string bytes = form("b1");
        for (int k = 1 + rng.below(4); k > 0; --k) {
            const std::size_t at = rng.below(bytes.size());
            switch (rng.below(3)) {
                case 0:
                    bytes[at] = static_cast<char>(rng.below(256));
                    break;
                case 1:
                    bytes.erase(at, 1 + rng.below(30));
                    break;
                default:
                    bytes.insert(at, "\r\n--b1");
            }
            if (bytes.empty()) bytes = "-";
        }
        try {
            for (const FormPart& part : parse_multipart("multipart/form-data; boundary=b1", bytes))
                EXPECT_LE(part.bytes.size(), bytes.size());
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
        }
    }
}

TEST(OutQueue, IsBoundedAndEnds) {
    OutQueue queue(10);
    EXPECT_TRUE(queue.push(bytes_part("12345678")));
    EXPECT_FALSE(queue.push(bytes_part("9ab")));
    std::thread producer([&] {
        EXPECT_TRUE(queue.push_waiting(bytes_part("cdefgh")));  // there is room for its beginning
        EXPECT_TRUE(queue.push_waiting(bytes_part("i")));       // waits until somebody takes
        queue.finish();
    });
    std::string all;
    while (!queue.ended())
        if (const auto part = queue.take()) all += *part->bytes;
    producer.join();
    EXPECT_EQ(all, "12345678cdefghi");
    EXPECT_FALSE(queue.push(bytes_part("x")));
    OutQueue closed(10);
    int woken = 0;
    closed.set_wake([&] { ++woken; });
    closed.push(bytes_part("1"));
    closed.close();
    EXPECT_EQ(woken, 2);
    EXPECT_FALSE(closed.push_waiting(bytes_part("2")));
    EXPECT_TRUE(closed.ended());
}

}  // namespace
}  // namespace vultus::http
