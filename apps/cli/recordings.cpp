#include "recordings.h"

#include <cstdio>

#include "base/error.h"
#include "frame_rate.h"

namespace vultus::cli {

namespace fs = std::filesystem;

namespace {

/// Notes that lie beside recordings.
bool is_note(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension == ".md" || extension == ".txt" || extension == ".json" ||
           path.filename().string()[0] == '.';
}

}  // namespace

std::vector<fs::path> expand(const std::vector<std::string>& inputs) {
    std::vector<fs::path> files;
    for (const fs::path input : inputs) {
        if (!fs::is_directory(input)) {
            files.push_back(input);
            continue;
        }
        for (const auto& entry : fs::directory_iterator(input)) {
            if (entry.is_regular_file() && !is_note(entry.path())) files.push_back(entry.path());
        }
    }
    return files;
}

void parse_fps(const std::string& text, preparation::PrepareOptions& options) {
    const FrameRate rate = parse_frame_rate(text, "prepare");
    options.fps_num = rate.num;
    options.fps_den = rate.den;
}

void parse_face(const std::string& text, face::FaceWanted& wanted) {
    using Rule = face::FaceWanted::Rule;
    char rest = 0;
    if (text == "largest") {
        wanted.rule = Rule::kLargest;
    } else if (text == "left") {
        wanted.rule = Rule::kLeft;
    } else if (text == "right") {
        wanted.rule = Rule::kRight;
    } else if (std::sscanf(text.c_str(), "%lf,%lf%c", &wanted.x_px, &wanted.y_px, &rest) == 2) {
        wanted.rule = Rule::kAt;
    } else {
        fail(ErrorCode::kInvalidArgument,
             "[prepare] --face: expected largest, left, right or a place X,Y in pixels, got '{}'", text);
    }
}

}  // namespace vultus::cli
