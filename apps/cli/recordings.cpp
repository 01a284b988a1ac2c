#include "recordings.h"

#include <cmath>
#include <cstdio>

#include "base/error.h"

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
    int num = 0, den = 1;
    char rest = 0;
    double value = 0;
    if (std::sscanf(text.c_str(), "%d/%d%c", &num, &den, &rest) == 2 && num > 0 && den > 0) {
        options.fps_num = num;
        options.fps_den = den;
    } else if (std::sscanf(text.c_str(), "%lf%c", &value, &rest) == 1 && value >= 1 && value <= 240) {
        const double nearest = std::round(value);
        const bool ntsc =
            std::abs(value - nearest * 1000 / 1001) < 0.005 && std::abs(value - nearest) > 0.005;
        options.fps_num =
            ntsc ? static_cast<int>(nearest) * 1000 : static_cast<int>(std::lround(value * 1000));
        options.fps_den = ntsc ? 1001 : 1000;
        if (!ntsc && options.fps_num % 1000 == 0) {
            options.fps_num /= 1000;
            options.fps_den = 1;
        }
    } else {
        fail(ErrorCode::kInvalidArgument,
             "[prepare] --fps: expected a rate like 25, 59.94 or 30000/1001, got '{}'", text);
    }
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
