// Fields of requests, whatever they ask for.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace vultus::serving {

/// What is missing or null is "", `usual`. Errors: kInvalidArgument, which names the field, when it is of
/// another type, too long, holds a zero byte or is out of range.
std::string text_field(const nlohmann::json& json, const char* name, std::size_t most_bytes = 1000);
double number_field(const nlohmann::json& json, const char* name, double usual, double least, double most);
bool flag_field(const nlohmann::json& json, const char* name, bool usual);

/// kInvalidArgument: "[server] FIELD: expected EXPECTED".
[[noreturn]] void refuse_field(const char* field, const std::string& expected);

}  // namespace vultus::serving
