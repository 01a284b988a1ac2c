#include "person/bundled.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <vector>

#include "base/error.h"

namespace vultus::person {

namespace fs = std::filesystem;

fs::path find_bundled(const std::string& file) {
    std::vector<fs::path> places;
    if (const char* folder = std::getenv("VULTUS_MODELS")) places.emplace_back(folder);
    std::error_code none;
    const fs::path program = fs::read_symlink("/proc/self/exe", none).parent_path();
    places.push_back(program / ".." / "share" / "vultus");
    // build/release/vultus, or a test some folders below.
    for (fs::path folder = program; folder.has_relative_path(); folder = folder.parent_path())
        places.push_back(folder / "models");
    std::vector<std::string> names;
    for (const fs::path& place : places) {
        if (fs::is_regular_file(place / file, none)) return fs::weakly_canonical(place / file, none);
        names.push_back(place.string());
    }
    fail(ErrorCode::kIo, "[person] {}: not found in {}; VULTUS_MODELS names another folder", file,
         fmt::join(names, ", "));
}

}  // namespace vultus::person
