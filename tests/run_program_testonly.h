// For tests: runs one of our programs and collects what it says.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace vultus::test {

inline std::filesystem::path program_path(const std::string& name) {
    return std::filesystem::path(VULTUS_PROGRAM_DIR) / name;
}

struct Finished {
    int exit_code = -1;  ///< 128 + signal when one ended it
    std::string out, err;

    /// What it said on standard error, without empty lines and lines of progress.
    std::vector<std::string> complaints() const {
        std::vector<std::string> lines;
        std::istringstream text(err);
        for (std::string line; std::getline(text, line);)
            if (line.find("vultus: ") != std::string::npos) lines.push_back(line);
        return lines;
    }
};

/// A running program; killed if still there in the end.
class Program {
  public:
    struct Options {
        std::vector<std::string> environment;  ///< "NAME=value", added to ours
        std::string standard_input = "/dev/null";
        int standard_output = -1;  ///< a descriptor; -1: kept for Finished::out
    };

    Program(const std::string& name, std::vector<std::string> arguments)
        : Program(name, std::move(arguments), Options()) {}
    Program(const std::string& name, std::vector<std::string> arguments, const Options& options) {
        char folder[] = "/tmp/vultus-run-XXXXXX";
        if (!::mkdtemp(folder)) throw std::runtime_error("cannot make a folder for outputs");
        folder_ = folder;
        const std::string path = program_path(name).string();
        arguments.insert(arguments.begin(), path);
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        const std::string out = folder_ / "out", err = folder_ / "err";
        // A script starts its background jobs deaf to Ctrl-C, and so would be what they start.
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
        child_ = ::fork();
        if (child_ != 0) return;
        for (const std::string& entry : options.environment) ::putenv(const_cast<char*>(entry.c_str()));
        open_as(0, options.standard_input.c_str(), O_RDONLY);
        if (options.standard_output >= 0)
            ::dup2(options.standard_output, 1);
        else
            open_as(1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
        open_as(2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC);
        ::execv(path.c_str(), argv.data());
        ::_exit(127);
    }
    ~Program() {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void signal(int number) { ::kill(child_, number); }

    /// Waits until `ready` holds; false when the program ended first or the time is over.
    bool wait_for(const std::function<bool()>& ready, double seconds = 120) {
        for (const auto end = deadline(seconds); std::chrono::steady_clock::now() < end;) {
            if (ready()) return true;
            if (poll()) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }

    Finished wait(double seconds = 300) {
        for (const auto end = deadline(seconds); !poll();) {
            if (std::chrono::steady_clock::now() > end) {
                ::kill(child_, SIGKILL);
                ::waitpid(child_, &status_, 0);
                child_ = 0;
                throw std::runtime_error("the program did not end in time; it said: " + slurp("err"));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        Finished finished;
        finished.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
        finished.out = slurp("out");
        finished.err = slurp("err");
        return finished;
    }

    std::string said_so_far() const { return slurp("err"); }
    std::string out_so_far() const { return slurp("out"); }

  private:
    static void open_as(int descriptor, const char* path, int flags) {
        const int opened = ::open(path, flags, 0600);
        if (opened < 0) ::_exit(126);
        ::dup2(opened, descriptor);
        ::close(opened);
    }
    static std::chrono::steady_clock::time_point deadline(double seconds) {
        return std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<int>(1000 * seconds));
    }
    bool poll() {
        if (child_ > 0 && ::waitpid(child_, &status_, WNOHANG) == child_) child_ = 0;
        return child_ == 0;
    }
    std::string slurp(const char* name) const {
        std::ifstream file(folder_ / name, std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    std::filesystem::path folder_;
    pid_t child_ = 0;
    int status_ = 0;
};

inline Finished run(const std::string& program, std::vector<std::string> arguments) {
    return Program(program, std::move(arguments)).wait();
}

}  // namespace vultus::test
