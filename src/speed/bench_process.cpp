#include "speed/bench_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "base/error.h"

namespace vultus::speed {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Starts the program with its standard output in a pipe; returns the pipe's other end.
int start(const std::filesystem::path& program, const std::vector<std::string>& arguments, pid_t& child) {
    int pipe_ends[2];
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) fail(ErrorCode::kIo, "[bench] no pipe to a process");
    std::vector<std::string> words = {program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int result = ::posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_ends[1]);
    if (result == 0) return pipe_ends[0];
    ::close(pipe_ends[0]);
    fail(ErrorCode::kIo, "[bench] {}: cannot be run", program.string());
}

}  // namespace

ProcessFigures measure_process(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::size_t num_bytes) {
    const Clock::time_point begin = Clock::now();
    pid_t child = 0;
    const int out = start(program, arguments, child);
    ProcessFigures figures;
    std::vector<char> buffer(1 << 16);
    std::size_t count = 0;
    for (;;) {
        const ssize_t got = ::read(out, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        if (count < num_bytes && count + static_cast<std::size_t>(got) >= num_bytes)
            figures.first_bytes_s = seconds_since(begin);
        count += static_cast<std::size_t>(got);
    }
    ::close(out);
    int status = 0;
    rusage usage{};
    while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    figures.whole_s = seconds_since(begin);
    figures.peak_memory_mb = static_cast<double>(usage.ru_maxrss) * 1024e-6;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || count < num_bytes)
        fail(ErrorCode::kIo, "[bench] {} {}: expected success and {} bytes, got status {} and {}",
             program.string(), arguments.empty() ? "" : arguments.front(), num_bytes, status, count);
    return figures;
}

}  // namespace vultus::speed
