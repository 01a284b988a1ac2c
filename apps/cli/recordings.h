// What the commands that take recordings understand by their options.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "preparation/prepare.h"

namespace vultus::cli {

/// A folder stands for the files in it, but for notes beside recordings.
std::vector<std::filesystem::path> expand(const std::vector<std::string>& inputs);

/// "25", "30000/1001" or "59.94", which stands for 60000/1001. Errors: kInvalidArgument.
void parse_fps(const std::string& text, preparation::PrepareOptions& options);

/// "largest", "left", "right" or "X,Y". Errors: kInvalidArgument.
void parse_face(const std::string& text, face::FaceWanted& wanted);

}  // namespace vultus::cli
