#include "preparation/clip_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/scratch_folder.h"

namespace vultus::preparation {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::vector<fs::path>& files) {
    std::vector<std::string> names;
    for (const NamedInput& input : name_clips(files)) names.push_back(input.name);
    return names;
}

using Names = std::vector<std::string>;

TEST(ClipNames, FilesWithNamesOfTheirOwnKeepThem) {
    EXPECT_EQ(names_of({"/x/b.mkv", "/y/a.mp4"}), (Names{"a", "b"}));
    EXPECT_EQ(name_clips({"/x/b.mkv", "/y/a.mp4"})[0].file, "/y/a.mp4");
}

TEST(ClipNames, RepeatedOnesAreCalledAfterTheirFolders) {
    EXPECT_EQ(names_of({"/d/2/c.mp4", "/d/1/c.mp4", "/d/1/e.mp4"}), (Names{"1-c", "2-c", "e"}));
    EXPECT_EQ(names_of({"/a/x/c.mp4", "/b/x/c.mp4"}), (Names{"a-x-c", "b-x-c"}));
    EXPECT_EQ(names_of({"/a/c.mp4", "/a/c.mkv"}), (Names{"c-mkv", "c-mp4"}));
    EXPECT_EQ(names_of({"/a/c.mp4", "/b/c.mp4", "/z/a-c.mp4"}), (Names{"a-c", "a-c-mp4", "b-c-mp4"}));
}

TEST(ClipNames, AlwaysDifferAndDoNotDependOnTheOrder) {
    std::vector<fs::path> files{"/a/b-c.mp4", "/a/b/c.mp4", "/a-b/c.mp4", "/b-c.mp4", "/c.mp4",
                                "/c.mkv",     "/a/c-1.mp4", "/b/c-1.mp4", "/c-1.mp4", "/a-b-c.mp4"};
    const Names names = names_of(files);
    EXPECT_EQ(names.size(), files.size());
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    std::sort(files.begin(), files.end());
    do ASSERT_EQ(names_of(files), names);
    while (std::next_permutation(files.begin(), files.begin() + 5));
}

TEST(ClipNames, AFileGivenTwiceIsOne) {
    const ScratchFolder scratch("names");
    fs::create_directories(scratch / "clips");
    std::ofstream(scratch / "clips/a.mkv") << "film";
    fs::create_directory_symlink(scratch / "clips", scratch / "link");
    EXPECT_EQ(names_of({scratch / "clips/a.mkv", scratch / "clips/../clips/a.mkv", scratch / "link/a.mkv"}),
              Names{"a"});
}

}  // namespace
}  // namespace vultus::preparation
