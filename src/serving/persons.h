// The persons that a server has, by id.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "speaking/talker.h"

namespace vultus::serving {

/// A person in memory, whose weights all its sessions share.
struct OpenPerson {
    std::string id;
    std::filesystem::path path;
    std::filesystem::file_time_type time;      ///< of the file that was read
    std::unique_ptr<speaking::Talker> talker;  ///< only to be shared from
    double frame_ms = 0;                       ///< one picture on one core of this machine
    std::string picture_png;
};

/// Threads  any.
class PersonLibrary {
  public:
    /// files: persons by name; folder: where more of them lie and come to lie (made if absent). An id is the
    /// file's name without .vultus. Errors: kIo, kInvalidArgument (two of one name).
    PersonLibrary(const std::vector<std::filesystem::path>& files, std::filesystem::path folder);

    /// [{id, name, licence, attribution, consent, size_px, fps, can_speak, ...}], by id.
    nlohmann::json list();
    /// Null when there is none. Errors: those of load_person().
    std::shared_ptr<OpenPerson> open(const std::string& id);
    /// PNG; empty when there is none. Errors: as open().
    std::string picture(const std::string& id);
    /// Empty when there is none.
    std::filesystem::path path_of(const std::string& id);
    const std::filesystem::path& folder() const { return folder_; }

  private:
    std::map<std::string, std::filesystem::path> files();

    std::vector<std::filesystem::path> given_;
    std::filesystem::path folder_;
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<OpenPerson>> open_;  ///< the last used first; sessions hold theirs themselves
    std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>> pictures_;
    std::map<std::string, std::pair<std::filesystem::file_time_type, nlohmann::json>> cards_;
};

/// Letters, digits, - and _, at most 64: fit for addresses and file names.
bool is_id(const std::string& text);
/// Not to be guessed, 128 bits.
std::string new_id();

}  // namespace vultus::serving
