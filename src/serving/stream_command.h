// What a viewer tells a live session by its WebSocket.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "speaking/head_steering.h"

namespace vultus::serving {

struct SayCommand {
    std::string text;
};
struct InterruptCommand {};
struct EndCommand {};
struct LookCommand {
    double x = 0, y = 0;  ///< shares of what the recordings cover, -1..1: to the right, up
    double seconds = 0;
};
using StreamCommand = std::variant<SayCommand, InterruptCommand, EndCommand, speaking::HeadPose, LookCommand>;

/// A text message: a JSON object as docs/server.md says. Errors: kInvalidArgument, in one line.
StreamCommand parse_command(const std::string& message);

/// A binary message: 16-bit samples, little-endian. Errors: kInvalidArgument for half a sample.
std::vector<std::int16_t> parse_sound(const std::string& message);

}  // namespace vultus::serving
