#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <thread>

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
