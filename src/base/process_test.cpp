#include "base/process.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "base/cancel.h"
#include "base/error.h"

namespace vultus {
namespace {

TEST(Process, OutputAndExitCodeComeBack) {
    const ProgramResult result = run_program({"sh", "-c", "echo one; echo two >&2; exit 3"});
    EXPECT_EQ(result.output, "one\n");
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(run_program({"sh", "-c", "echo one; echo two >&2"}, Keep::kErrors).output, "two\n");
}

TEST(Process, ArgumentsAreNotReadByAShell) {
    EXPECT_EQ(run_program({"printf", "%s", "$HOME; `id` 'x"}).output, "$HOME; `id` 'x");
}

TEST(Process, LongOutputComesWhole) {
    EXPECT_EQ(run_program({"head", "-c", "1000000", "/dev/zero"}).output.size(), 1000000u);
}

TEST(Process, AMissingProgramIsNamed) {
    EXPECT_FALSE(find_program("no-such-program-here"));
    EXPECT_TRUE(find_program("sh"));
    try {
        run_program({"no-such-program-here"});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
        EXPECT_NE(std::string(error.what()).find("no-such-program-here"), std::string::npos);
    }
}

TEST(Process, CancellationEndsIt) {
    int asked = 0;
    const CancelScope scope([&] { return ++asked > 2; });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THROW(run_program({"sleep", "60"}), Error);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(Process, AnInterruptionBeforeAnotherProgramTakesOverIsObeyed) {
    const auto become = [](const char* program) {
        install_cancel_handler();
        if (program == std::string("/bin/true")) std::raise(SIGINT);
        try {
            std::_Exit(become_program({program}) == ENOENT ? 3 : 4);
        } catch (const Error& error) {
            std::_Exit(error.code() == ErrorCode::kCancelled ? 130 : 5);
        }
    };
    EXPECT_EXIT(become("/bin/true"), testing::ExitedWithCode(130), "");
    EXPECT_EXIT(become("/no/such/program"), testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace vultus
