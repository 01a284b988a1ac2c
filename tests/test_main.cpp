// The main() of a room's test program: --file=foo_test.cpp runs the tests of one file only, beside what
// GoogleTest takes.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

bool lies_in(const testing::TestInfo& test, std::string_view file) {
    const std::string_view path = test.file() ? test.file() : "";
    return path.ends_with(file) && (path.size() == file.size() || path[path.size() - file.size() - 1] == '/');
}

std::string tests_in(std::string_view file) {
    std::string filter;
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
        const testing::TestSuite& suite = *all.GetTestSuite(i);
        for (int k = 0; k < suite.total_test_count(); ++k)
            if (lies_in(*suite.GetTestInfo(k), file))
                filter += std::string(suite.name()) + "." + suite.GetTestInfo(k)->name() + ":";
    }
    return filter;
}

}  // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    constexpr std::string_view kFile = "--file=";
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (!argument.starts_with(kFile)) continue;
        const std::string filter = tests_in(argument.substr(kFile.size()));
        if (filter.empty()) {
            std::fprintf(stderr, "%s: no test lies in this file\n", argv[i]);
            return 2;
        }
        GTEST_FLAG_SET(filter, filter);
    }
    return RUN_ALL_TESTS();
}
