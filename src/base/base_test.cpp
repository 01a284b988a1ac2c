#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "base/rng.h"
#include "base/spelling.h"

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

TEST(Rng, NormalHasUnitVariance) {
    Rng rng(7);
    double sum = 0, square = 0;
    constexpr int kDraws = 100000;
    for (int i = 0; i < kDraws; ++i) {
        const double value = rng.normal();
        sum += value;
        square += value * value;
    }
    EXPECT_NEAR(sum / kDraws, 0, 0.02);
    EXPECT_NEAR(square / kDraws, 1, 0.02);
}

TEST(FormatDuration, UsesHoursOnlyWhenNeeded) {
    EXPECT_EQ(format_duration(7), "0:07");
    EXPECT_EQ(format_duration(3723), "1:02:03");
}

TEST(Spelling, Distances) {
    EXPECT_EQ(edit_distance("", ""), 0);
    EXPECT_EQ(edit_distance("abc", ""), 3);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
    EXPECT_EQ(edit_distance("tlak", "talk"), 1) << "neighbours that changed places";
    EXPECT_EQ(edit_distance("abcd", "badc"), 2);
}

TEST(Spelling, NearestWord) {
    const std::vector<std::string> known{"prepare", "train", "talk", "eval", "info"};
    EXPECT_EQ(nearest_word("tlak", known), "talk");
    EXPECT_EQ(nearest_word("trian", known), "train");
    EXPECT_EQ(nearest_word("perpar", known), "prepare");
    EXPECT_EQ(nearest_word("sing", known), "");
    EXPECT_EQ(nearest_word("x", {"y", "z"}), "y") << "the first of several";
    EXPECT_EQ(nearest_word("anything", {}), "");
}

}  // namespace
}  // namespace vultus
