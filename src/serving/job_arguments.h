// What a job's request means as arguments of the program.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vultus::serving {

/// How ids in requests become files; each gives an empty path for what is none.
struct JobPlaces {
    std::filesystem::path folder;  ///< of the job
    std::function<std::filesystem::path(const std::string&id)> person, upload, corpus_of_job;
    std::function<bool(const std::string& voice)> is_voice;
    double voice_limit_s = 60;
};

/// The arguments behind the program's name. A text goes to a file in the job's folder. Errors:
/// kInvalidArgument, which names the field.
std::vector<std::string> job_arguments(const nlohmann::json& request, const JobPlaces& places);

/// Fields of requests. Errors: kInvalidArgument when the field is of another type or too long.
std::string text_field(const nlohmann::json& json, const char* name, std::size_t most_bytes = 1000);
double number_field(const nlohmann::json& json, const char* name, double usual, double least, double most);
/// "background": a colour; "" where it is not given. Pictures of this machine are nobody else's business.
std::string background_field(const nlohmann::json& json, bool may_be_transparent);
bool flag_field(const nlohmann::json& json, const char* name, bool usual);

}  // namespace vultus::serving
