#include "rhubarb_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace vultus::cli {
namespace {

constexpr const char* kNames[] = {"Trace", "Debug", "Info", "Warning", "Error", "Fatal"};

std::string name_of(RhubarbLog::Level level) { return kNames[static_cast<int>(level)]; }

/// With its quotes; what is no UTF-8 is replaced.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

RhubarbLog::Level RhubarbLog::level_named(const std::string& name) {
    for (int level = 0; level < 6; ++level) {
        const std::string known = kNames[level];
        if (std::equal(known.begin(), known.end(), name.begin(), name.end(),
                       [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }))
            return static_cast<Level>(level);
    }
    fail(ErrorCode::kInvalidArgument,
         "[rhubarb] level: expected trace, debug, info, warning, error or fatal, got {}", name);
}

void RhubarbLog::open_file(const std::string& path, Level level) {
    file_.reset(std::fopen(path.c_str(), "w"));
    if (!file_) fail(ErrorCode::kIo, "[rhubarb] {}: cannot open the log file", path);
    file_level_ = level;
}

void RhubarbLog::start(const std::string& sound_file) {
    sound_file_ = sound_file;
    const std::string text = fmt::format("Application startup. Input file: {}.", sound_file);
    to_file(Level::kInfo, text);
    if (console_ == Console::kMachineReadable)
        json("start", fmt::format(" \"file\": {},", quoted(sound_file)), Level::kInfo, text);
    else if (console_ == Console::kNice)
        fmt::print(stderr, "Generating lip sync data for {}.\nProgress: ", sound_file);
    else
        to_console(Level::kInfo, text);
    in_bar_ = console_ == Console::kNice;
}

void RhubarbLog::progress(double share) {
    const int percent = static_cast<int>(100 * share);
    if (percent <= last_percent_) return;
    last_percent_ = percent;
    const std::string text = fmt::format("Progress: {}%", percent);
    to_file(Level::kTrace, text);
    if (console_ == Console::kMachineReadable)
        json("progress", fmt::format(" \"value\": {:.2f},", share), Level::kTrace, text);
    else if (console_ == Console::kQuiet)
        to_console(Level::kTrace, text);
}

void RhubarbLog::end_bar() {
    constexpr int kBlocks = 20;
    if (!in_bar_) return;
    in_bar_ = false;
    const int percent = std::max(last_percent_, 0), blocks = percent * kBlocks / 100;
    fmt::print(stderr, "[{}{}] {:3}% \n", std::string(static_cast<std::size_t>(blocks), '#'),
               std::string(static_cast<std::size_t>(kBlocks - blocks), '-'), percent);
}

void RhubarbLog::success() {
    const std::string text = "Application terminating normally.";
    to_file(Level::kInfo, text);
    end_bar();
    if (console_ == Console::kMachineReadable)
        json("success", "", Level::kInfo, text);
    else if (console_ == Console::kNice)
        fmt::print(stderr, "Done.\n");
    else
        to_console(Level::kInfo, text);
}

void RhubarbLog::failure(const std::string& reason) {
    const std::string text = fmt::format("Application terminating with error: {}", reason);
    to_file(Level::kFatal, text);
    if (console_ == Console::kMachineReadable)
        json("failure", fmt::format(" \"reason\": {},", quoted(reason)), Level::kFatal, text);
    else
        to_console(Level::kFatal, text);
}

void RhubarbLog::message(Level level, const std::string& text) {
    to_file(level, text);
    if (level < console_level_) return;
    if (console_ == Console::kMachineReadable)
        json("log", "", level, text);
    else
        to_console(level, text);
}

void RhubarbLog::to_console(Level level, const std::string& text) {
    if (level < console_level_) return;
    end_bar();
    if (console_ == Console::kQuiet && !said_who_)
        fmt::print(stderr, "Rhubarb Lip Sync 1.14.0{}{}:\n", sound_file_.empty() ? "" : " processing file ",
                   sound_file_);
    said_who_ = true;
    fmt::print(stderr, "[{}] {}\n", name_of(level), text);
}

void RhubarbLog::to_file(Level level, const std::string& text) {
    if (!file_ || level < file_level_) return;
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    fmt::print(file_.get(), "[{:%F %H:%M:%S}] 1 [{}] {}\n", fmt::localtime(now), name_of(level), text);
    std::fflush(file_.get());
}

void RhubarbLog::json(const std::string& type, const std::string& members, Level level,
                      const std::string& text) {
    fmt::print(stderr, "{{ \"type\": \"{}\",{} \"log\": {{ \"level\": \"{}\", \"message\": {} }} }}\n", type,
               members, name_of(level), quoted(text));
}

}  // namespace vultus::cli
