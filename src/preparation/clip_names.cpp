#include "preparation/clip_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;

/// "a/b/clip.mkv" with one folder: "b-clip"; without the root.
std::string name_with_folders(const fs::path& place, int folders, bool extension) {
    std::string name = place.stem().string();
    if (extension && place.has_extension()) name += "-" + place.extension().string().substr(1);
    fs::path above = place.parent_path();
    for (; folders > 0 && above.has_relative_path(); --folders, above = above.parent_path())
        name = above.filename().string() + "-" + name;
    return name;
}

bool all_differ(const std::vector<fs::path>& places, int folders, bool extension,
                const std::set<std::string>& taken) {
    std::set<std::string> names = taken;
    return std::all_of(places.begin(), places.end(), [&](const fs::path& place) {
        return names.insert(name_with_folders(place, folders, extension)).second;
    });
}

/// Distinct names of files that share theirs, none of them in `taken`.
std::vector<std::string> tell_apart(const std::vector<fs::path>& places, const std::set<std::string>& taken) {
    int most = 0;
    for (const fs::path& place : places)
        most = std::max(most, static_cast<int>(std::distance(place.begin(), place.end())));
    std::vector<std::string> names;
    for (int folders = 0; folders <= most; ++folders)
        for (const bool extension : {false, true})
            if (all_differ(places, folders, extension, taken)) {
                for (const fs::path& place : places)
                    names.push_back(name_with_folders(place, folders, extension));
                return names;
            }
    // "a/b-c.mkv" and "a-b/c.mkv": numbers then.
    std::set<std::string> used = taken;
    for (const fs::path& place : places)
        for (int number = 1;; ++number) {
            const std::string name = fmt::format("{}-{}", place.stem().string(), number);
            if (!used.insert(name).second) continue;
            names.push_back(name);
            break;
        }
    return names;
}

/// Each file once, by its stem: places as they were given, from the root on.
std::map<std::string, std::vector<fs::path>> distinct_files(const std::vector<fs::path>& files) {
    std::map<std::string, std::map<fs::path, fs::path>>
        seen;  // of a stem: place by the file behind all links
    for (const fs::path& file : files) {
        std::error_code ignored;
        const fs::path place = fs::absolute(file).lexically_normal();
        const auto [at, fresh] =
            seen[place.stem().string()].emplace(fs::weakly_canonical(place, ignored), place);
        if (!fresh) at->second = std::min(at->second, place);
    }
    std::map<std::string, std::vector<fs::path>> by_stem;
    for (const auto& [stem, places] : seen) {
        for (const auto& [unused, place] : places) by_stem[stem].push_back(place);
        std::sort(by_stem[stem].begin(), by_stem[stem].end());
    }
    return by_stem;
}

}  // namespace

std::vector<NamedInput> name_clips(const std::vector<fs::path>& files) {
    std::map<fs::path, fs::path> given;  // by place
    for (const fs::path& file : files) given.emplace(fs::absolute(file).lexically_normal(), file);
    const auto by_stem = distinct_files(files);
    std::set<std::string> taken;
    for (const auto& [stem, places] : by_stem)
        if (places.size() == 1) taken.insert(stem);
    std::vector<NamedInput> inputs;
    for (const auto& [stem, places] : by_stem) {
        const std::vector<std::string> names =
            places.size() == 1 ? std::vector<std::string>{stem} : tell_apart(places, taken);
        for (std::size_t i = 0; i < places.size(); ++i) {
            taken.insert(names[i]);
            inputs.push_back({given[places[i]], names[i]});
        }
    }
    std::sort(inputs.begin(), inputs.end(),
              [](const NamedInput& a, const NamedInput& b) { return a.name < b.name; });
    return inputs;
}

}  // namespace vultus::preparation
