// Outputs appear under their final name only when they are complete.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vultus {

/// A file that is written under a temporary name beside its final one. Without commit() it is deleted.
///
///     OutputFile out("talk.mp4");
///     encode_to(out.temporary());   // "talk.partial-<pid>.mp4": the extension stays, muxers look at it
///     out.commit();
class OutputFile {
  public:
    enum class Kind { kFile, kFolder };

    /// Makes the temporary file (empty) or folder, which stays locked while this lives: nobody takes it for
    /// an abandoned one. Errors: kIo when the parent folder does not exist or is not writable;
    /// kInvalidArgument when the final name is that of a device or pipe, which cannot be replaced.
    explicit OutputFile(std::filesystem::path final_path, Kind kind = Kind::kFile);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    const std::filesystem::path& temporary() const { return temporary_; }
    /// Renames to the final name. Errors: kIo.
    void commit();

  private:
    std::filesystem::path final_;
    std::filesystem::path temporary_;
    int lock_ = -1;
    bool committed_ = false;
};

/// Fails (kInvalidArgument) when writing `output` would destroy one of `inputs`: the same file by any name
/// (links, relative paths), or one inside of the folder `output`. Empty paths and "-" are no files.
void require_not_input(const std::filesystem::path& output, const std::vector<std::filesystem::path>& inputs);

/// Deletes what OutputFiles of processes that were killed left in a folder. Every OutputFile does it for its
/// own, once for each folder and process.
void remove_abandoned_outputs(const std::filesystem::path& folder);

/// Writes a whole small file through OutputFile; a full disk is reported, nothing half-written stays.
/// Devices and pipes (/dev/null, /dev/stdout, >(...)) are written to as they are.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Reads a whole file; "-" is standard input, and pipes are read to their end. Errors: kIo; kCorruptData when
/// larger than `max_bytes`.
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
