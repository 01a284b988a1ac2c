// A file as memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

namespace vultus::corpus {

/// Maps the whole file; the map outlives the descriptor. hint: how such a file is made, for the message.
/// Errors: kIo when it is missing; kCorruptData when it hasn't `expected_bytes`.
std::shared_ptr<const std::uint8_t> map_file(const std::filesystem::path& path, std::uint64_t expected_bytes,
                                             const char* hint);

}  // namespace vultus::corpus
