// How far a job is, from what its program says, and which of its files are for people.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace vultus::serving {

struct JobProgress {
    std::string step, message;          ///< of `learn`: "looking at the footage"; the last line
    std::vector<std::string> left_out;  ///< parts of footage, and why
    double progress = 0;                ///< 0..1
    double seconds_left = -1;           ///< of the step; -1: nobody knows
};
/// log: standard error of the program.
JobProgress read_job_log(const std::filesystem::path& log);

/// Names, relative to the folder, of files with one of the extensions, two folders deep; links and what is
/// being written are left out.
std::vector<std::string> files_of(const std::filesystem::path& folder,
                                  const std::set<std::string>& extensions);

}  // namespace vultus::serving
