#include "base/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/error.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;

fs::path scratch(const char* name) {
    const fs::path folder = fs::path(::testing::TempDir()) / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    return folder;
}

TEST(OutputFile, LeavesNothingWithoutCommit) {
    const fs::path folder = scratch("vultus_output");
    {
        OutputFile out(folder / "a.mp4");
        EXPECT_EQ(out.temporary().extension(), ".mp4");
        write_file(out.temporary(), "half");
    }
    EXPECT_TRUE(fs::is_empty(folder));
}

TEST(OutputFile, ReplacesTheOldFileOnCommit) {
    const fs::path path = scratch("vultus_replace") / "a.txt";
    write_file(path, "old");
    write_file(path, "new");
    EXPECT_EQ(read_file(path), "new");
}

TEST(OutputFile, SaysWhichFolderIsMissing) {
    try {
        OutputFile out("/nonexistent/folder/a.mp4");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kIo);
        EXPECT_NE(std::string(error.what()).find("/nonexistent/folder"), std::string::npos);
    }
}

TEST(OutputFile, AFullDiskIsAnError) {
    if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
    const fs::path folder = scratch("vultus_full");
    fs::create_symlink("/dev/full", folder / ("a.partial-" + std::to_string(::getpid())));
    EXPECT_THROW(write_file(folder / "a", std::string(1 << 20, 'x')), Error);
    EXPECT_FALSE(fs::exists(folder / "a"));
}

TEST(WriteLock, RefusesASecondWriter) {
    const fs::path path = scratch("vultus_lock") / "lock";
    WriteLock first(path);
    EXPECT_THROW(WriteLock second(path), Error);
}

/// A process number that no living process has.
pid_t dead_process() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
}

TEST(OutputFile, ClearsWhatKilledProcessesLeft) {
    const fs::path folder = scratch("vultus_abandoned");
    const std::string dead = std::to_string(dead_process());
    write_file(folder / ("clip.partial-" + dead + ".mp4"), "half");
    write_file(folder / ("notes.partial-" + dead), "half");
    fs::create_directories(folder / ("frames.partial-" + dead));
    write_file(folder / ("frames.partial-" + dead) / "frame-000000.png", "half");
    const std::vector<std::string> others{"a.partial-1.mp4",
                                          "b.partial-.mp4",
                                          "c.partial-x",
                                          "partial-" + dead,
                                          "d.partial-" + dead + "0000000000",
                                          "e.partial-" + dead + "mp4"};
    for (const std::string& kept : others) write_file(folder / kept, "theirs");
    remove_abandoned_outputs(folder);
    std::set<std::string> left;
    for (const auto& entry : fs::directory_iterator(folder)) left.insert(entry.path().filename());
    EXPECT_EQ(left, std::set<std::string>(others.begin(), others.end()));
}

TEST(OutputFile, AWriterIsNotAbandonedEvenWhereItsProcessNumberMeansNothing) {
    const fs::path folder = scratch("vultus_locked");
    OutputFile out(folder / "a.mp4");
    // As from another container: the number is no process here, the lock still is.
    const fs::path elsewhere = folder / ("a.partial-" + std::to_string(dead_process()) + ".mp4");
    fs::rename(out.temporary(), elsewhere);
    remove_abandoned_outputs(folder);
    EXPECT_TRUE(fs::exists(elsewhere));
    fs::rename(elsewhere, out.temporary());
}

TEST(OutputFile, DevicesAndPipesAreWrittenToAndStay) {
    write_file("/dev/null", "nothing");
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_THROW(OutputFile("/dev/null"), Error);
    const fs::path pipe = scratch("vultus_fifo") / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::thread writer([&] { write_file(pipe, std::string(100000, 'x')); });
    EXPECT_EQ(read_file(pipe), std::string(100000, 'x'));
    writer.join();
    EXPECT_TRUE(fs::is_fifo(pipe));
}

TEST(ReadFile, APipeThatIsTooLongIsRefused) {
    const fs::path pipe = scratch("vultus_long") / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    std::thread writer([&] { std::ofstream(pipe) << std::string(1000, 'x'); });
    EXPECT_THROW(read_file(pipe, 999), Error);
    writer.join();
}

TEST(RequireNotInput, TheSameFileByAnyName) {
    const fs::path folder = scratch("vultus_inputs"), input = folder / "s.wav";
    write_file(input, "sound");
    write_file(folder / "other.wav", "other");
    fs::create_symlink(input, folder / "link.wav");
    fs::create_hard_link(input, folder / "hard.wav");
    fs::create_directories(folder / "deep");
    fs::create_directory_symlink(folder, folder / "deep" / "up");
    const fs::path relative = fs::proximate(input);
    for (const fs::path& same : {input, folder / "link.wav", folder / "hard.wav", folder / "deep/../s.wav",
                                 folder / "deep/up/s.wav", folder / "./s.wav", relative}) {
        EXPECT_THROW(require_not_input(same, {folder / "other.wav", input}), Error) << same;
        EXPECT_THROW(require_not_input(input, {same}), Error) << same;
    }
    for (const fs::path& fresh : {folder / "other.wav", folder / "new.wav", fs::path("s.wav"), fs::path("-"),
                                  fs::path(), fs::path("/dev/null")})
        EXPECT_NO_THROW(require_not_input(fresh, {input, "-", "", "/dev/null", folder / "absent.wav"}))
            << fresh;
}

TEST(RequireNotInput, AFolderThatHoldsIt) {
    const fs::path folder = scratch("vultus_holds");
    fs::create_directories(folder / "report");
    write_file(folder / "report" / "voice.wav", "sound");
    EXPECT_THROW(require_not_input(folder / "report", {folder / "report" / "voice.wav"}), Error);
    EXPECT_THROW(require_not_input(folder / "report/", {folder / "report" / "voice.wav"}), Error);
    EXPECT_NO_THROW(require_not_input(folder / "report2", {folder / "report" / "voice.wav"}));
}

}  // namespace
}  // namespace vultus
