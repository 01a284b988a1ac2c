// What a job's request means as arguments of the program.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "serving/request_fields.h"

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

/// "background": a colour; "" where it is not given. Pictures of this machine are nobody else's business.
std::string background_field(const nlohmann::json& json, bool may_be_transparent);

}  // namespace vultus::serving
