// Arguments in the wrong order.
#pragma once

#include <filesystem>
#include <string>

namespace vultus::cli {

/// Fails when `person` is no person file and `other` looks like one. what: the other argument is expected to
/// be.
void require_person_first(const std::string& command, const std::filesystem::path& person,
                          const std::filesystem::path& other, const std::string& what);

}  // namespace vultus::cli
