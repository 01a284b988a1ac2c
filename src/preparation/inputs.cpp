#include "preparation/inputs.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const fs::path& path) {
    std::error_code ignored;
    return fs::absolute(path, ignored).lexically_normal().parent_path().filename().string();
}

}  // namespace

std::vector<Input> name_inputs(std::vector<fs::path> paths) {
    std::error_code ignored;
    std::set<fs::path> seen;
    std::erase_if(paths, [&](const fs::path& path) {
        return !seen.insert(fs::absolute(path, ignored).lexically_normal()).second;
    });
    // Not the order that they were given in: the same recordings make the same corpus.
    std::sort(paths.begin(), paths.end());
    std::map<std::string, int> stems, names;
    for (const fs::path& path : paths) ++stems[path.stem().string()];
    std::vector<Input> inputs;
    for (const fs::path& path : paths) {
        std::string name = path.stem().string();
        if (stems[name] > 1) name = folder_of(path) + "-" + name;
        if (const int before = names[name]++; before > 0) name += fmt::format("-{}", before + 1);
        inputs.push_back({path, name});
    }
    std::sort(inputs.begin(), inputs.end(), [](const Input& a, const Input& b) { return a.name < b.name; });
    return inputs;
}

std::pair<int, int> plain_rate(int num, int den) {
    static constexpr std::pair<int, int> kUsual[] = {
        {10, 1},       {12, 1}, {15, 1}, {20, 1}, {24000, 1001}, {24, 1}, {25, 1},
        {30000, 1001}, {30, 1}, {48, 1}, {50, 1}, {60000, 1001}, {60, 1}};
    const double rate = static_cast<double>(num) / den;
    if (rate > 60.5) return {60, 1};
    std::pair<int, int> best{25, 1};
    double least = 1e9;
    for (const auto& usual : kUsual) {
        double away = std::abs(std::log(rate * usual.second / usual.first));
        // 1001ths only where they are meant: a phone's 29.9 is 30.
        if (usual.second != 1 && away > 2e-4) away += 0.01;
        if (away < least) {
            least = away;
            best = usual;
        }
    }
    return best;
}

void clear_leftovers(const fs::path& folder) {
    std::error_code ignored;
    std::vector<fs::path> leftovers;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const std::string name = entry.path().filename().string();
        const std::size_t at = name.rfind(".partial-");
        if (at == std::string::npos) continue;
        const long pid = std::strtol(name.c_str() + at + 9, nullptr, 10);
        if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH)
            leftovers.push_back(entry.path());
    }
    for (const fs::path& leftover : leftovers) fs::remove(leftover, ignored);
}

}  // namespace vultus::preparation
