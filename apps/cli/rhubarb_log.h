// What Rhubarb Lip Sync says on standard error and in its log file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace vultus::cli {

class RhubarbLog {
  public:
    enum class Level { kTrace, kDebug, kInfo, kWarning, kError, kFatal };
    enum class Console { kNice, kQuiet, kMachineReadable };

    /// "trace" ... "fatal" in any case. Errors: kInvalidArgument.
    static Level level_named(const std::string& name);

    RhubarbLog(Console console, Level console_level) : console_(console), console_level_(console_level) {}
    /// Entries of this weight go to a file, too. Errors: kIo.
    void open_file(const std::string& path, Level level);

    void start(const std::string& sound_file);
    void progress(double share);  ///< 0..1
    void success();
    void failure(const std::string& reason);
    void message(Level level, const std::string& text);

  private:
    void to_file(Level level, const std::string& text);
    void to_console(Level level, const std::string& text);
    /// A line of JSON: its own members, which may be none, and the log's.
    void json(const std::string& type, const std::string& members, Level level, const std::string& text);
    void end_bar();

    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    Console console_;
    Level console_level_, file_level_ = Level::kFatal;
    std::unique_ptr<std::FILE, Close> file_;
    std::string sound_file_;
    bool said_who_ = false, in_bar_ = false;
    int last_percent_ = -1;
};

}  // namespace vultus::cli
