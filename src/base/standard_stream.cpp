#include "base/standard_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "base/cancel.h"

namespace vultus {
namespace {

constexpr int kPollMs = 100;  ///< how long a cancelled program waits for input at most

}  // namespace

void survive_closed_pipes() {
    // A handler, not SIG_IGN: programs that this one starts would inherit that.
    std::signal(SIGPIPE, [](int) {});
}

void write_standard_output(const void* bytes, std::size_t size) {
    const bool whole = std::fwrite(bytes, 1, size, stdout) == size;
    flush_standard_output(whole ? 0 : errno);
}

void flush_standard_output(int known_error) {
    errno = known_error;
    std::cout.flush();
    if (std::fflush(stdout) == 0 && !std::ferror(stdout) && std::cout) return;
    if (errno == EPIPE) throw ReaderGone();
    fail(ErrorCode::kIo, "[output] standard output: cannot write: {}",
         std::strerror(errno != 0 ? errno : EIO));
}

std::string input_name(const std::filesystem::path& path) {
    return path == "-" ? "standard input" : path.string();
}

std::string describe_absent(const std::filesystem::path& path) {
    std::error_code ignored;
    const std::filesystem::path parent = path.parent_path();
    std::string text = "no such file";
    if (path.is_relative()) text += " in " + std::filesystem::current_path(ignored).string();
    if (!parent.empty() && !std::filesystem::is_directory(parent, ignored))
        text += ", and no folder " + parent.string();
    return text;
}

bool is_input_stream(const std::filesystem::path& path) {
    if (path == "-") return true;
    std::error_code ignored;
    return std::filesystem::is_other(std::filesystem::status(path, ignored));
}

InputStream::InputStream(const std::filesystem::path& path) : name_(input_name(path)) {
    owned_ = path != "-";
    std::error_code ignored;
    if (owned_ && !std::filesystem::exists(path, ignored))
        fail(ErrorCode::kIo, "[input] {}: {}", name_, describe_absent(path));
    descriptor_ = owned_ ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
        fail(ErrorCode::kIo, "[input] {}: cannot read: {}", name_, std::strerror(errno));
    if (S_ISDIR(status.st_mode)) fail(ErrorCode::kIo, "[input] {}: expected a file, got a folder", name_);
    can_seek_ = S_ISREG(status.st_mode);
}

InputStream::~InputStream() {
    if (owned_) ::close(descriptor_);
}

std::size_t InputStream::read(char* bytes, std::size_t size) {
    while (true) {
        throw_if_cancelled();
        pollfd waiting{descriptor_, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, kPollMs);
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        const ssize_t got = ::read(descriptor_, bytes, size);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR && errno != EAGAIN)
            fail(ErrorCode::kIo, "[input] {}: cannot read: {}", name_, std::strerror(errno));
    }
}

}  // namespace vultus
