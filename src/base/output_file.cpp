#include "base/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace vultus {

namespace fs = std::filesystem;

OutputFile::OutputFile(fs::path final_path) : final_(std::move(final_path)) {
    const fs::path parent = final_.has_parent_path() ? final_.parent_path() : fs::path(".");
    if (!fs::is_directory(parent))
        fail(ErrorCode::kIo, "[output] {}: folder {} does not exist", final_.string(), parent.string());
    if (::access(parent.c_str(), W_OK) != 0)
        fail(ErrorCode::kIo, "[output] {}: folder {} is not writable", final_.string(), parent.string());
    temporary_ = parent / (final_.stem().string() + ".partial-" + std::to_string(::getpid()) +
                           final_.extension().string());
}

OutputFile::~OutputFile() {
    std::error_code ignored;
    if (!committed_) fs::remove_all(temporary_, ignored);
}

void OutputFile::commit() {
    std::error_code error;
    fs::rename(temporary_, final_, error);
    if (error)
        fail(ErrorCode::kIo, "[output] cannot rename {} to {}: {}", temporary_.string(), final_.string(),
             error.message());
    committed_ = true;
}

void write_file(const fs::path& path, std::string_view bytes) {
    OutputFile out(path);
    std::ofstream stream(out.temporary(), std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream)
        fail(ErrorCode::kIo, "[output] {}: cannot write {} bytes: {}", path.string(), bytes.size(),
             std::strerror(errno));
    out.commit();
}

std::string read_file(const fs::path& path, std::size_t max_bytes) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) fail(ErrorCode::kIo, "[input] {}: cannot read: {}", path.string(), error.message());
    if (size > max_bytes)
        fail(ErrorCode::kCorruptData, "[input] {}: expected at most {} bytes, got {}", path.string(),
             max_bytes, size);
    std::ifstream stream(path, std::ios::binary);
    std::string bytes(size, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(size));
    if (!stream) fail(ErrorCode::kIo, "[input] {}: cannot read {} bytes", path.string(), size);
    return bytes;
}

WriteLock::WriteLock(fs::path path) {
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0)
        fail(ErrorCode::kIo, "[output] {}: cannot create lock: {}", path.string(), std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor_);
        fail(ErrorCode::kIo,
             "[output] {}: another process is writing here; wait for it or choose another place",
             path.string());
    }
}

WriteLock::~WriteLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace vultus
