#include "serving/stream_command.h"

#include <cstring>
#include <optional>

#include "base/error.h"
#include "serving/request_fields.h"
#include "voices/speech_marks.h"

namespace vultus::serving {
namespace {

constexpr double kLookSeconds = 1.5, kMostSeconds = 3600;

/// Nothing where the field is not there or null.
std::optional<float> angle_field(const nlohmann::json& json, const char* name) {
    if (!json.contains(name) || json.at(name).is_null()) return std::nullopt;
    return static_cast<float>(number_field(json, name, 0, -180, 180));
}

}  // namespace

StreamCommand parse_command(const std::string& message) {
    const auto json = nlohmann::json::parse(message, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) fail(ErrorCode::kInvalidArgument, "[server] expected a JSON object");
    const std::string what = text_field(json, "command");
    if (what == "say") return SayCommand{text_field(json, "text", voices::kMostTextBytes)};
    if (what == "interrupt") return InterruptCommand{};
    if (what == "end") return EndCommand{};
    if (what == "pose")
        return speaking::HeadPose{angle_field(json, "yaw_deg"), angle_field(json, "pitch_deg"),
                                  angle_field(json, "roll_deg"),
                                  number_field(json, "seconds", 0, 0, kMostSeconds)};
    if (what == "look")
        return LookCommand{number_field(json, "x", 0, -1, 1), number_field(json, "y", 0, -1, 1),
                           number_field(json, "seconds", kLookSeconds, 0, kMostSeconds)};
    fail(ErrorCode::kInvalidArgument,
         "[server] command: expected say, interrupt, end, pose or look, got '{}'", what);
}

std::vector<std::int16_t> parse_sound(const std::string& message) {
    if (message.size() % 2 != 0)
        fail(ErrorCode::kInvalidArgument, "[server] sound: expected 16-bit samples, got {} bytes",
             message.size());
    std::vector<std::int16_t> samples(message.size() / 2);
    if (!samples.empty()) std::memcpy(samples.data(), message.data(), message.size());
    return samples;
}

}  // namespace vultus::serving
