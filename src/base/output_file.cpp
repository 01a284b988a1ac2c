#include "base/output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/standard_stream.h"

namespace vultus {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPartial = ".partial-";

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

/// What can be written to but not replaced by another file.
bool is_device_or_pipe(const fs::path& path) {
    // Links to what is open as a descriptor: even a regular file behind one is not ours to replace.
    for (const char* place : {"/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/"})
        if (path.native().starts_with(place)) return true;
    std::error_code ignored;
    return fs::is_other(fs::status(path, ignored));
}

/// The process in "NAME.partial-PID" or "NAME.partial-PID.EXTENSION".
std::optional<pid_t> owner_of(const std::string& name) {
    const std::size_t at = name.rfind(kPartial);
    if (at == std::string::npos || at == 0) return std::nullopt;
    pid_t owner = 0;
    const char *begin = name.data() + at + kPartial.size(), *end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(begin, end, owner);
    if (error != std::errc() || owner <= 0 || (rest != end && *rest != '.')) return std::nullopt;
    return owner;
}

int open_locked(const fs::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0644);
    if (descriptor < 0) return -1;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    ::close(descriptor);
    return -1;
}

/// Neither a living process of that number nor, where process numbers mean another machine or container, a
/// lock.
bool is_abandoned(const fs::path& path, pid_t owner) {
    if (::kill(owner, 0) == 0 || errno != ESRCH) return false;
    const int descriptor = open_locked(path, O_RDONLY | O_NOFOLLOW);
    if (descriptor < 0) return false;
    ::close(descriptor);
    return true;
}

void remove_abandoned_once(const fs::path& folder) {
    static std::mutex mutex;
    static std::set<fs::path> seen;
    std::error_code ignored;
    const std::scoped_lock lock(mutex);
    if (seen.insert(fs::weakly_canonical(folder, ignored)).second) remove_abandoned_outputs(folder);
}

bool is_inside(const fs::path& path, const fs::path& folder) {
    const fs::path relative = path.lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

OutputFile::OutputFile(fs::path final_path, Kind kind) : final_(std::move(final_path)) {
    const fs::path parent = folder_of(final_);
    if (!fs::is_directory(parent))
        fail(ErrorCode::kIo, "[output] {}: folder {} does not exist", final_.string(), parent.string());
    if (is_device_or_pipe(final_))
        fail(ErrorCode::kInvalidArgument, "[output] {}: expected a file's name, got a device or pipe",
             final_.string());
    if (::access(parent.c_str(), W_OK) != 0)
        fail(ErrorCode::kIo, "[output] {}: folder {} is not writable", final_.string(), parent.string());
    remove_abandoned_once(parent);
    temporary_ = parent / fmt::format("{}{}{}{}", final_.stem().string(), kPartial, ::getpid(),
                                      final_.extension().string());
    if (kind == Kind::kFolder) fs::create_directories(temporary_);
    lock_ = open_locked(temporary_, kind == Kind::kFolder ? O_RDONLY : O_RDWR | O_CREAT);
}

OutputFile::~OutputFile() {
    std::error_code ignored;
    if (!committed_) fs::remove_all(temporary_, ignored);
    if (lock_ >= 0) ::close(lock_);
}

void OutputFile::commit() {
    std::error_code error;
    fs::rename(temporary_, final_, error);
    if (error)
        fail(ErrorCode::kIo, "[output] cannot rename {} to {}: {}", temporary_.string(), final_.string(),
             error.message());
    committed_ = true;
}

void require_not_input(const fs::path& output, const std::vector<fs::path>& inputs) {
    if (output.empty() || output == "-" || is_device_or_pipe(output)) return;
    std::error_code ignored;
    const fs::path place = fs::weakly_canonical(output, ignored);
    for (const fs::path& input : inputs) {
        if (input.empty() || input == "-") continue;
        const fs::path read_place = fs::weakly_canonical(input, ignored);
        if (read_place == place || fs::equivalent(input, output, ignored))
            fail(ErrorCode::kInvalidArgument,
                 "[output] {}: expected another file than the input {}, which would be lost; choose another "
                 "name",
                 output.string(), input.string());
        if (fs::is_directory(place, ignored) && is_inside(read_place, place))
            fail(ErrorCode::kInvalidArgument,
                 "[output] {}: expected a folder without inputs, got one that holds {}, which would be lost",
                 output.string(), input.string());
    }
}

void remove_abandoned_outputs(const fs::path& folder) {
    std::error_code ignored;
    std::vector<fs::path> abandoned;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        const auto owner = owner_of(entry.path().filename().string());
        if (owner && is_abandoned(entry.path(), *owner)) abandoned.push_back(entry.path());
    }
    for (const fs::path& path : abandoned) fs::remove_all(path, ignored);
}

void write_file(const fs::path& path, std::string_view bytes) {
    std::optional<OutputFile> out;
    if (!is_device_or_pipe(path)) out.emplace(path);
    std::ofstream stream(out ? out->temporary() : path, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream)
        fail(ErrorCode::kIo, "[output] {}: cannot write {} bytes: {}", path.string(), bytes.size(),
             std::strerror(errno));
    if (out) out->commit();
}

std::string read_file(const fs::path& path, std::size_t max_bytes) {
    const auto check_size = [&](std::size_t size) {
        if (size > max_bytes)
            fail(ErrorCode::kCorruptData, "[input] {}: expected at most {} bytes, got {} or more",
                 input_name(path), max_bytes, size);
    };
    std::error_code error;
    if (path != "-" && fs::is_regular_file(path, error)) {
        const auto size = fs::file_size(path, error);
        if (error) fail(ErrorCode::kIo, "[input] {}: cannot read: {}", path.string(), error.message());
        check_size(size);
        std::ifstream stream(path, std::ios::binary);
        std::string bytes(size, '\0');
        stream.read(bytes.data(), static_cast<std::streamsize>(size));
        if (!stream) fail(ErrorCode::kIo, "[input] {}: cannot read {} bytes", path.string(), size);
        return bytes;
    }
    InputStream stream(path);
    std::string bytes(65536, '\0');
    for (std::size_t size = 0;;) {
        const std::size_t got = stream.read(bytes.data() + size, bytes.size() - size);
        size += got;
        check_size(size);
        if (got == 0) {
            bytes.resize(size);
            return bytes;
        }
        if (size == bytes.size()) bytes.resize(2 * size);
    }
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
