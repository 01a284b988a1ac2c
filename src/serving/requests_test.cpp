// Commands of the WebSocket, and hostile requests: bytes changed at random in good ones
// (fuzz/fuzz_requests.cpp goes on).
#include <gtest/gtest.h>

#include "base/rng.h"
#include "serving/fuzz_requests_testonly.h"

namespace vultus::serving {
namespace {

TEST(StreamCommand, IsWhatTheJsonSays) {
    EXPECT_EQ(std::get<SayCommand>(parse_command(R"({"command":"say","text":"Hi"})")).text, "Hi");
    EXPECT_TRUE(std::holds_alternative<InterruptCommand>(parse_command(R"({"command":"interrupt","x":1})")));
    EXPECT_TRUE(std::holds_alternative<EndCommand>(parse_command(R"({"command":"end"})")));
    const auto pose =
        std::get<speaking::HeadPose>(parse_command(R"({"command":"pose","yaw_deg":5,"roll_deg":null})"));
    EXPECT_EQ(pose.yaw_deg, 5.0f);
    EXPECT_FALSE(pose.pitch_deg || pose.roll_deg);
    const auto look =
        std::get<LookCommand>(parse_command(R"({"command":"look","x":-1,"y":0.5,"seconds":3})"));
    EXPECT_EQ(look.x, -1);
    EXPECT_EQ(look.y, 0.5);
    EXPECT_EQ(look.seconds, 3);
    for (const char* wrong :
         {"", "[]", "{", R"({"command":"dance"})", R"({"command":1})", R"({"command":"look","x":2})",
          R"({"command":"pose","yaw_deg":"left"})", R"({"command":"say","text":7})"})
        EXPECT_THROW(parse_command(wrong), Error) << wrong;
    EXPECT_EQ(parse_sound(std::string("\x01\x00\xff\xff", 4)), (std::vector<std::int16_t>{1, -1}));
    EXPECT_TRUE(parse_sound("").empty());
    EXPECT_THROW(parse_sound("abc"), Error);
}

TEST(Requests, HoldHoweverTheyAreSpoilt) {
    for (const std::string& seed : request_seeds()) EXPECT_EQ(try_request(seed), "") << seed;
    Rng rng(1);
    const auto number = [&](std::size_t below) { return static_cast<std::size_t>(rng.next() % below); };
    for (int i = 0; i < 30000; ++i) {
        std::string bytes = request_seeds()[number(request_seeds().size())];
        for (std::size_t change = 1 + number(6); change > 0 && bytes.size() > 1; --change) {
            const std::size_t at = 1 + number(bytes.size() - 1);
            if (const std::size_t how = number(4); how == 0)
                bytes[at] = static_cast<char>(rng.next());
            else if (how == 1 && bytes.size() > 3)
                bytes.erase(at, 1 + number(8));
            else if (how == 2)
                bytes.insert(at, bytes.substr(number(bytes.size()), number(40)));
            else
                bytes.resize(std::max<std::size_t>(2, at));
        }
        ASSERT_EQ(try_request(bytes), "") << i << ": " << bytes;
    }
}

}  // namespace
}  // namespace vultus::serving
