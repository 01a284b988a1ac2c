#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>
#include <utility>

#include "base/cancel.h"
#include "base/error.h"

extern char** environ;

namespace vultus {
namespace {

constexpr int kPollMs = 200;

/// `arguments` as exec and spawn take them; they must outlive it.
std::vector<char*> argument_list(const std::vector<std::string>& arguments) {
    require(!arguments.empty(), "[base] expected a program to start");
    std::vector<char*> list;
    for (const std::string& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
    list.push_back(nullptr);
    return list;
}

/// A started program; ended and waited for when the caller leaves early.
class Child {
  public:
    Child(const std::vector<std::string>& arguments, Keep keep) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) fail(ErrorCode::kIo, "[base] pipe: {}", std::strerror(errno));
        read_end_ = ends[0];
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        const int kept = keep == Keep::kOutput ? 1 : 2;
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 3 - kept, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, ends[1], kept);
        std::vector<char*> list = argument_list(arguments);
        const int error = ::posix_spawnp(&pid_, list[0], &actions, nullptr, list.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (error != 0) {
            pid_ = -1;
            ::close(read_end_);
            fail(ErrorCode::kIo, "[base] {}: cannot start: {}", arguments[0], std::strerror(error));
        }
    }
    ~Child() {
        ::close(read_end_);
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        wait();
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    std::string read_all() {
        std::string text;
        std::array<char, 65536> buffer;
        while (true) {
            throw_if_cancelled();
            pollfd waiting{read_end_, POLLIN, 0};
            if (::poll(&waiting, 1, kPollMs) <= 0) continue;
            const ssize_t count = ::read(read_end_, buffer.data(), buffer.size());
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return text;
            text.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    pid_t pid_ = -1;
    int read_end_ = -1;
};

/// A file without a name that holds the bytes, at its beginning.
int file_of(std::string_view bytes) {
    const int file = ::memfd_create("vultus-input", MFD_CLOEXEC);
    if (file < 0) fail(ErrorCode::kIo, "[base] memfd_create: {}", std::strerror(errno));
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            ::close(file);
            fail(ErrorCode::kIo, "[base] a program's input: {}", std::strerror(errno));
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    ::lseek(file, 0, SEEK_SET);
    return file;
}

/// A started program in a process group of its own, with both outputs; the whole group is killed when the
/// caller leaves early.
class FilterChild {
  public:
    FilterChild(const std::vector<std::string>& arguments, std::string_view input) {
        const int in = file_of(input);
        int out[2] = {-1, -1}, err[2] = {-1, -1};
        if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0)
            fail(ErrorCode::kIo, "[base] pipe: {}", std::strerror(errno));
        ends_ = {{{out[0], POLLIN, 0}, {err[0], POLLIN, 0}}};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in, 0);
        posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        posix_spawn_file_actions_adddup2(&actions, err[1], 2);
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        std::vector<char*> list = argument_list(arguments);
        const int error = ::posix_spawnp(&pid_, list[0], &actions, &attributes, list.data(), environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        for (const int end : {in, out[1], err[1]}) ::close(end);
        if (error == 0) return;
        pid_ = -1;
        close_ends();
        fail(ErrorCode::kIo, "[base] {}: cannot start: {}", arguments[0], std::strerror(error));
    }
    ~FilterChild() {
        close_ends();
        if (pid_ <= 0) return;
        ::kill(-pid_, SIGKILL);
        wait();
    }
    FilterChild(const FilterChild&) = delete;
    FilterChild& operator=(const FilterChild&) = delete;

    /// What there is within a moment, [output, errors]; false when both have ended.
    bool read_some(std::string& output, std::string& errors) {
        if (ends_[0].fd < 0 && ends_[1].fd < 0) return false;
        if (::poll(ends_.data(), ends_.size(), kPollMs) <= 0) return true;
        std::string* texts[2] = {&output, &errors};
        std::array<char, 65536> buffer;
        for (std::size_t i = 0; i < 2; ++i) {
            if (ends_[i].fd < 0 || ends_[i].revents == 0) continue;
            const ssize_t count = ::read(ends_[i].fd, buffer.data(), buffer.size());
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) {
                ::close(ends_[i].fd);
                ends_[i].fd = -1;
                continue;
            }
            texts[i]->append(buffer.data(), static_cast<std::size_t>(count));
        }
        return true;
    }
    /// Its exit code, once it has ended.
    std::optional<int> ended() {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    void close_ends() {
        for (pollfd& end : ends_)
            if (end.fd >= 0) ::close(std::exchange(end.fd, -1));
    }
    void wait() {
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

    pid_t pid_ = -1;
    std::array<pollfd, 2> ends_{{{-1, POLLIN, 0}, {-1, POLLIN, 0}}};
};

/// The end of what a program said, as one line.
std::string last_words(std::string text) {
    constexpr std::size_t kMost = 400;
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    while (!text.empty() && text.back() == ' ') text.pop_back();
    if (text.size() <= kMost) return text;
    std::size_t begin = text.size() - kMost;
    while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
    return "…" + text.substr(begin);
}

}  // namespace

std::optional<std::filesystem::path> find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::filesystem::path file = std::filesystem::path(folder) / name;
        if (std::filesystem::is_regular_file(file) && ::access(file.c_str(), X_OK) == 0) return file;
    }
    return std::nullopt;
}

ProgramResult run_program(const std::vector<std::string>& arguments, Keep keep) {
    require(!arguments.empty(), "[base] run_program: expected a program");
    if (arguments[0].find('/') == std::string::npos && !find_program(arguments[0]))
        fail(ErrorCode::kUnsupported, "[base] {}: no such program on PATH", arguments[0]);
    Child child(arguments, keep);
    ProgramResult result;
    result.output = child.read_all();
    result.exit_code = child.wait();
    return result;
}

FilterResult run_filter(const std::vector<std::string>& arguments, std::string_view input,
                        const FilterLimits& limits) {
    using Clock = std::chrono::steady_clock;
    constexpr std::size_t kKeptErrors = 65536;
    require(!arguments.empty(), "[base] run_filter: expected a program");
    if (arguments[0].find('/') == std::string::npos && !find_program(arguments[0]))
        fail(ErrorCode::kUnsupported, "[base] {}: no such program on PATH", arguments[0]);
    const auto end = Clock::now() + std::chrono::duration<double>(limits.seconds);
    FilterChild child(arguments, input);
    FilterResult result;
    std::optional<int> code;
    for (bool more = true; more || !code;) {
        throw_if_cancelled();
        if (Clock::now() > end)
            fail(ErrorCode::kIo, "[base] {}: did not end within {} s: {}", arguments[0], limits.seconds,
                 last_words(result.errors));
        if (more)
            more = child.read_some(result.output, result.errors);
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (result.output.size() > limits.output_bytes)
            fail(ErrorCode::kIo, "[base] {}: expected at most {} bytes, got more", arguments[0],
                 limits.output_bytes);
        if (result.errors.size() > 2 * kKeptErrors)
            result.errors.erase(0, result.errors.size() - kKeptErrors);
        if (!code) code = child.ended();
    }
    result.exit_code = *code;
    result.errors = last_words(std::move(result.errors));
    return result;
}

int run_attached(const std::vector<std::string>& arguments) {
    std::vector<char*> list = argument_list(arguments);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, list[0], nullptr, nullptr, list.data(), environ);
    if (error == ENOENT) fail(ErrorCode::kUnsupported, "[base] {}: no such program", arguments[0]);
    if (error != 0) fail(ErrorCode::kIo, "[base] {}: cannot start: {}", arguments[0], std::strerror(error));
    bool interrupted = false;
    for (int status = 0;;) {
        const pid_t ended = ::waitpid(pid, &status, WNOHANG);
        if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (cancel_requested() && !interrupted) {
            ::kill(pid, SIGINT);
            interrupted = true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
    }
}

int become_program(const std::vector<std::string>& arguments) {
    const std::vector<char*> list = argument_list(arguments);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        if (::signal(number, SIG_DFL) == SIG_IGN) ::signal(number, SIG_IGN);
    throw_if_cancelled();
    ::execv(list[0], list.data());
    return errno;
}

}  // namespace vultus
