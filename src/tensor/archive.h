// Named tensors with text metadata in one file: the safetensors format
// (https://github.com/huggingface/safetensors): u64 header length, JSON header, raw data; or that through
// gzip.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tensor/host_tensor.h"

namespace vultus {

struct Archive {
    std::map<std::string, HostTensor> tensors;
    std::map<std::string, std::string> metadata;

    /// The tensor named `name`. Errors: kCorruptData naming what is missing.
    const HostTensor& at(const std::string& name) const;
    bool has(const std::string& name) const { return tensors.count(name) != 0; }
};

/// Whether a file begins as one; false when it cannot be read.
bool is_archive(const std::filesystem::path& path);

/// Reads an archive; every size is checked against the file before anything is allocated.
/// Errors: kIo; kCorruptData when damaged, cut short, overlapping or of an unknown dtype.
Archive load_archive(const std::filesystem::path& path);

enum class Compression { kNone, kGzip };

/// Writes through a temporary file. The same content gives the same bytes. Through gzip, bf16 weights take
/// three quarters of the room.
void save_archive(const std::filesystem::path& path, const Archive& archive,
                  Compression compression = Compression::kNone);

/// The same on bytes in memory.
Archive parse_archive(std::string_view bytes, const std::string& name_for_errors);
std::string serialize_archive(const Archive& archive);

}  // namespace vultus
