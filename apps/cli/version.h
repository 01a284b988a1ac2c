// What `vultus --version` says.
#pragma once

#include <string>

namespace vultus::cli {

/// Of the sources: an abbreviated hash, perhaps with "-dirty", or "unknown". In a file that the build makes.
extern const char* const kCommit;

/// "vultus 0.1.0 (1a2b3c4d5e6f)", for scripts; then how it was built, what is there and what it runs on here.
std::string version_text();

}  // namespace vultus::cli
