// What the clips of a corpus are called.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vultus::preparation {

struct NamedInput {
    std::filesystem::path file;
    std::string name;  ///< unique
};

/// A clip is called as its file, without the extension. Of several with one name (cameras repeat names), each
/// is called after as many folders above it as tell them apart, "day2-clip"; files of one folder after their
/// extension, too, "clip-mov". A file that is given twice, by whatever path, is one. Sorted by name; the
/// order of `files` makes no difference.
std::vector<NamedInput> name_clips(const std::vector<std::filesystem::path>& files);

}  // namespace vultus::preparation
