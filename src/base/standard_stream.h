// Standard input and output, and other pipes, as they come.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace vultus {

/// Whoever read standard output went away: the program ends, quietly.
class ReaderGone : public Error {
  public:
    ReaderGone() : Error(ErrorCode::kCancelled, "the reader of standard output went away") {}
};

/// Lets writing to a closed pipe fail instead of ending the process, so that temporary files are deleted.
/// Programs started later are not concerned.
void survive_closed_pipes();

/// Whoever reads has all of it afterwards. Errors: as flush_standard_output().
void write_standard_output(const void* bytes, std::size_t size);

/// Writes what standard output still holds. known_error: errno of a write that failed before, else 0.
/// Errors: ReaderGone; kIo when it takes no more (a full disk).
void flush_standard_output(int known_error = 0);

/// For messages: "standard input" for "-".
std::string input_name(const std::filesystem::path& path);

/// "no such file", with the folder where a relative path was looked for, and which folder is not there.
std::string describe_absent(const std::filesystem::path& path);

/// "-", or a pipe, terminal or socket: something that is read once, from its beginning, as it comes.
bool is_input_stream(const std::filesystem::path& path);

/// Bytes as they come.
class InputStream {
  public:
    /// "-": standard input. Errors: kIo.
    explicit InputStream(const std::filesystem::path& path);
    ~InputStream();
    InputStream(const InputStream&) = delete;
    InputStream& operator=(const InputStream&) = delete;

    /// Waits for at least one byte and takes what is there, at most `size`; 0 at the end. Errors: kIo,
    /// kCancelled.
    std::size_t read(char* bytes, std::size_t size);
    /// It is a file after all (`< file`): positions mean something.
    bool can_seek() const { return can_seek_; }
    int descriptor() const { return descriptor_; }

  private:
    std::string name_;
    int descriptor_ = -1;
    bool owned_ = false, can_seek_ = false;
};

}  // namespace vultus
