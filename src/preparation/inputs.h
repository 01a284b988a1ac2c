// The recordings of a corpus before they are opened: names, leftovers, frame rates.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace vultus::preparation {

struct Input {
    std::filesystem::path path;
    std::string name;  ///< unique among the inputs: file stem, with its folder's name before it where needed
};

/// Sorted by name. A file that is given twice counts once; files of one name in several folders, as cameras
/// make them, get their folder's name in front.
std::vector<Input> name_inputs(std::vector<std::filesystem::path> paths);

/// The rate that a corpus of recordings of `num`/`den` frames a second has: one of the usual ones. Phones
/// record around 30 or 60, never quite.
std::pair<int, int> plain_rate(int num, int den);

/// Deletes files NAME.partial-PID.EXTENSION of processes that are no more.
void clear_leftovers(const std::filesystem::path& folder);

}  // namespace vultus::preparation
