#include "person/bundled.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <set>
#include <vector>

#include "base/error.h"

namespace vultus::person {

namespace fs = std::filesystem;

namespace {

/// The file that this code runs from: a program, or libvultus.so in somebody else's. Empty if nobody knows.
fs::path own_file() {
    Dl_info info{};
    std::error_code none;
    if (dladdr(reinterpret_cast<void*>(&find_bundled), &info) != 0 && info.dli_fname)
        return fs::canonical(info.dli_fname, none);
    return {};
}

}  // namespace

fs::path find_bundled(const std::string& file) {
    std::vector<fs::path> places;
    if (const char* folder = std::getenv("VULTUS_MODELS")) places.emplace_back(folder);
    std::error_code none;
    const fs::path program = fs::read_symlink("/proc/self/exe", none).parent_path();
    // PREFIX/bin and PREFIX/lib/..., build/release/vultus, or a test some folders below.
    std::set<fs::path> seen;
    for (fs::path folder : {program, own_file().parent_path()})
        for (; folder.has_relative_path() && seen.insert(folder).second; folder = folder.parent_path()) {
            places.push_back(folder / "share" / "vultus");
            places.push_back(folder / "models");
        }
    std::vector<std::string> names;
    for (const fs::path& place : places) {
        if (fs::is_regular_file(place / file, none)) return fs::weakly_canonical(place / file, none);
        names.push_back(place.string());
    }
    fail(ErrorCode::kIo, "[person] {}: not found in {}; VULTUS_MODELS names another folder", file,
         fmt::join(names, ", "));
}

}  // namespace vultus::person
