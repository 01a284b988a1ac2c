// Outputs appear under their final name only when they are complete.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace vultus {

/// A file that is written under a temporary name beside its final one. Without commit() it is deleted.
///
///     OutputFile out("talk.mp4");
///     encode_to(out.temporary());   // "talk.partial-<pid>.mp4": the extension stays, muxers look at it
///     out.commit();
class OutputFile {
  public:
    /// Errors: kIo when the parent folder does not exist or is not writable.
    explicit OutputFile(std::filesystem::path final_path);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    const std::filesystem::path& temporary() const { return temporary_; }
    /// Renames to the final name. Errors: kIo.
    void commit();

  private:
    std::filesystem::path final_;
    std::filesystem::path temporary_;
    bool committed_ = false;
};

/// Writes a whole small file through OutputFile; a full disk is reported, nothing half-written stays.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Reads a whole file. Errors: kIo; kCorruptData when larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{1} << 32);

/// Holds an exclusive lock (`flock`) on `path` (created if absent) while alive.
/// Errors: kIo with a line that says that another process is writing there.
class WriteLock {
  public:
    explicit WriteLock(std::filesystem::path path);
    ~WriteLock();
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;

  private:
    int descriptor_ = -1;
};

}  // namespace vultus
