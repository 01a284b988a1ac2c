#include "serving/request_fields.h"

#include <cmath>

#include "base/error.h"

namespace vultus::serving {

void refuse_field(const char* field, const std::string& expected) {
    fail(ErrorCode::kInvalidArgument, "[server] {}: expected {}", field, expected);
}

std::string text_field(const nlohmann::json& json, const char* name, std::size_t most_bytes) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) return "";
    if (!found->is_string()) refuse_field(name, "a text");
    std::string text = found->get<std::string>();
    if (text.size() > most_bytes) refuse_field(name, fmt::format("at most {} bytes", most_bytes));
    if (text.find('\0') != std::string::npos) refuse_field(name, "no zero byte");
    return text;
}

double number_field(const nlohmann::json& json, const char* name, double usual, double least, double most) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) return usual;
    const double value = found->is_number() ? found->get<double>() : NAN;
    if (!(value >= least && value <= most)) refuse_field(name, fmt::format("{} to {}", least, most));
    return value;
}

bool flag_field(const nlohmann::json& json, const char* name, bool usual) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) return usual;
    if (!found->is_boolean()) refuse_field(name, "true or false");
    return found->get<bool>();
}

}  // namespace vultus::serving
