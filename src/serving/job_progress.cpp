#include "serving/job_progress.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string_view>

namespace vultus::serving {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLogEnd = 65536;

std::string end_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    if (!in) return "";
    const auto size = static_cast<std::size_t>(std::max<std::streamoff>(0, in.tellg()));
    const std::size_t begin = size > kLogEnd ? size - kLogEnd : 0;
    std::string text(size - begin, '\0');
    in.seekg(static_cast<std::streamoff>(begin));
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
}

/// "1:02:03" or "4:05" to seconds.
double seconds_of(const std::string& duration) {
    double seconds = 0;
    std::istringstream parts(duration);
    for (std::string part; std::getline(parts, part, ':');) seconds = 60 * seconds + std::atof(part.c_str());
    return seconds;
}

}  // namespace

std::vector<std::string> files_of(const fs::path& folder, const std::set<std::string>& extensions) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (at.depth() > 1) at.disable_recursion_pending();
        const std::string name = fs::relative(at->path(), folder, error).generic_string();
        if (at->is_regular_file(error) && !at->is_symlink(error) &&
            name.find(".partial-") == std::string::npos && name != "job.json" &&
            extensions.contains(at->path().extension().string()))
            names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

JobProgress read_job_log(const fs::path& log) {
    JobProgress now;
    static const std::regex step(R"(^\[(\d) of (\d)\] (.*)$)");
    static const std::regex percent(R"(^(\S+) +(\d+) %(?:.* ([\d:]+) left)?)");
    // Of `learn`, training takes nearly all the time.
    constexpr double kBegins[] = {0, 0.1, 0.85, 0.9, 1};
    double begin = 0, end = 1, fraction = 0;
    std::istringstream lines(end_of(log));
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (line.size() > 500) continue;
        if (line.find_first_not_of(" \r") != std::string::npos) now.message = line;
        constexpr std::string_view kLeftOut = "left out  ";
        if (line.rfind(kLeftOut, 0) == 0) now.left_out.push_back(line.substr(kLeftOut.size()));
        if (std::regex_search(line, match, step)) {
            const int number = std::clamp(std::atoi(match[1].str().c_str()), 1, 4);
            begin = kBegins[number - 1];
            end = kBegins[number];
            fraction = 0;
            now.seconds_left = -1;
            now.step = match[3];
        } else if (std::regex_search(line, match, percent)) {
            fraction = std::min(1.0, std::atof(match[2].str().c_str()) / 100);
            if (match[3].matched) now.seconds_left = seconds_of(match[3]);
        }
    }
    now.progress = begin + fraction * (end - begin);
    return now;
}

}  // namespace vultus::serving
