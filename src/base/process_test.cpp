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

TEST(Process, AFilterGetsItsInputAndGivesBoth) {
    std::string long_text;
    for (int i = 0; i < 100000; ++i) long_text += "line\n";
    const FilterResult result = run_filter({"sh", "-c", "cat; echo hm >&2; exit 3"}, long_text);
    EXPECT_EQ(result.output, long_text);
    EXPECT_EQ(result.errors, "hm");
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(run_filter({"true"}, long_text).output, "");  // it need not read
    EXPECT_EQ(run_filter({"sh", "-c", "kill -9 $$"}, "").exit_code, 128 + 9);
    EXPECT_THROW(run_filter({"no-such-program-here"}, ""), Error);
}

TEST(Process, AFilterIsEndedAtItsLimits) {
    const auto expect_ended = [](const std::string& script, const FilterLimits& limits, const char* says) {
        const auto begin = std::chrono::steady_clock::now();
        try {
            run_filter({"sh", "-c", script}, "", limits);
            ADD_FAILURE() << script;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kIo);
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
        }
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    };
    expect_ended("echo last words >&2; sleep 60", {.seconds = 0.2}, "did not end within 0.2 s: last words");
    expect_ended("sleep 60 & wait", {.seconds = 0.2}, "did not end");  // nor does what it started
    expect_ended("yes", {.seconds = 20, .output_bytes = 100000}, "at most 100000 bytes");
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
