// Sound and texts that come through pipes, and sound that is not as it should be.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/output_file.h"
#include "media/test_media.h"
#include "pronunciation/pronunciations.h"
#include "run_program_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using media::test::write_wav;
using test::Finished;
using test::Program;

const std::string kSample = std::string(VULTUS_SOURCE_DIR) + "/samples/bgwo2n.mkv";
constexpr std::size_t kFrameBytes = 3 * 64 * 64;

class Pipes : public testing::Test {
  protected:
    Pipes() {
        person::save_person(path("nobody.vultus"), test::tiny_person());
        write_wav(path("s.wav"), 16000, 16, media::test::tone(16000, 16000, 220));
    }

    std::string path(const std::string& name) const { return (scratch_ / name).string(); }

    /// What bash says to `script`, in which $V is the program.
    Finished shell(const std::string& script) {
        write_file(path("script"),
                   "V='" + test::program_path("vultus").string() + "'; set -o pipefail\n" + script);
        const std::string command = "cd '" + scratch_.path().string() + "' && bash ./script > said 2>&1";
        const int status = std::system(command.c_str());
        return {WEXITSTATUS(status), read_file(path("said")), ""};
    }

    media::test::Scratch scratch_;
};

TEST_F(Pipes, AFileThroughAPipeIsThatFile) {
    ASSERT_EQ(shell("$V talk nobody.vultus s.wav -o plain.mp4").exit_code, 0);
    const std::string plain = read_file(path("plain.mp4"));
    for (const char* command :
         {"cat s.wav | $V talk nobody.vultus - -o x.mp4", "$V talk nobody.vultus - -o x.mp4 < s.wav",
          "cat s.wav | $V talk nobody.vultus /dev/stdin -o x.mp4",
          "$V talk nobody.vultus <(cat s.wav) -o x.mp4",
          "tail -c 32000 s.wav | $V talk nobody.vultus - --raw s16le:16000:1 -o x.mp4",
          "tail -c 32000 s.wav > s.raw; $V talk nobody.vultus s.raw --raw s16le:16000:1 -o x.mp4"}) {
        const Finished end = shell(command);
        EXPECT_EQ(end.exit_code, 0) << command << ": " << end.out;
        EXPECT_TRUE(read_file(path("x.mp4")) == plain) << command;
        fs::remove(path("x.mp4"));
    }
}

TEST_F(Pipes, SamplesWithoutAHeaderAreNotGuessed) {
    const Finished end = shell("tail -c 32000 s.wav | $V talk nobody.vultus - -o x.mp4");
    EXPECT_EQ(end.exit_code, 1);
    EXPECT_NE(end.out.find("--raw s16le:16000:1"), std::string::npos) << end.out;
    EXPECT_FALSE(fs::exists(path("x.mp4")));
}

TEST_F(Pipes, TextsComeThroughPipes) {
    if (pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary";
    const std::string speech = "'" + kSample + "'", text = "bin green with o two now";
    const Finished plain = shell("$V phones " + speech + " --text '" + text + "'");
    ASSERT_EQ(plain.exit_code, 0) << plain.out;
    for (const std::string& command :
         {"echo '" + text + "' | $V phones " + speech + " --text-file -",
          "echo '" + text + "' | $V phones " + speech + " --text-file /dev/stdin",
          "$V phones " + speech + " --text-file <(echo '" + text + "')",
          "cat " + speech + " | $V phones - --text-file <(echo '" + text + "')"}) {
        const Finished end = shell(command);
        EXPECT_EQ(end.exit_code, 0) << command << ": " << end.out;
        EXPECT_EQ(end.out, plain.out) << command;
    }
    EXPECT_NE(shell("$V phones - --text-file - < /dev/null").out.find("got both"), std::string::npos);
}

/// Live: no more sound is sent before the frames of what was sent are there.
TEST_F(Pipes, FramesComeAsSoonAsTheirSoundIsThere) {
    const std::string wav = read_file(path("s.wav"));
    const std::size_t header = wav.size() - 32000;
    for (const bool raw : {false, true}) {
        fs::remove(path("pipe"));
        ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
        std::vector<std::string> arguments{"talk", path("nobody.vultus"), "-", "-o",
                                           "-",    "--look-ahead",        "0"};
        if (raw) arguments.insert(arguments.end(), {"--raw", "s16le:16000:1"});
        Program::Options options;
        options.standard_input = path("pipe");
        Program program("vultus", arguments, options);
        std::ofstream writer(path("pipe"), std::ios::binary);
        if (!raw) writer << wav.substr(0, header);
        for (std::size_t sent = 0; sent < 32000;) {
            writer << wav.substr(header + sent, 1280) << std::flush;
            sent += 1280;
            // A frame needs the 72.5 ms after it that its features hear, and itself.
            const double heard_s = static_cast<double>(sent) / 32000;
            const auto due = static_cast<std::size_t>(std::max(0.0, (heard_s - 0.1125) * 25));
            ASSERT_TRUE(
                program.wait_for([&] { return program.out_so_far().size() >= due * kFrameBytes; }, 20))
                << due << " frames are due after " << heard_s << " s, there are "
                << program.out_so_far().size() / kFrameBytes;
        }
        writer.close();
        const Finished end = program.wait(60);
        EXPECT_EQ(end.exit_code, 0) << end.err;
        EXPECT_EQ(end.out.size(), 25 * kFrameBytes);
    }
}

TEST_F(Pipes, NoSoundSaysWhichKindOfNone) {
    const std::pair<const char*, const char*> cases[] = {
        {"$V phones - < /dev/null", "standard input: expected a media file, it is empty (0 bytes)"},
        {"$V phones - --raw s16le:16000:1 < /dev/null",
         "standard input: expected samples, it is empty (0 bytes)"},
        {"head -c 44 s.wav > h.wav; $V phones h.wav",
         "h.wav: expected sound, it has a header and no samples"},
        {"head -c 44 s.wav | $V phones -", "standard input: expected sound, it has a header and no samples"},
        {": > e.wav; $V phones e.wav", "e.wav: expected a media file, it is empty (0 bytes)"},
        {"head -c 44 s.wav > h.wav; $V speech features h.wav -o x.npy", "a header and no samples"},
    };
    for (const auto& [command, says] : cases) {
        const Finished end = shell(command);
        EXPECT_EQ(end.exit_code, 1) << command;
        EXPECT_NE(end.out.find(says), std::string::npos) << command << ": " << end.out;
    }
}

TEST_F(Pipes, WhatIsWrongWithSoundIsSaid) {
    for (const std::string& command :
         {"$V phones half.wav -o out.txt", "$V talk nobody.vultus half.wav -o out.mp4",
          "$V speech features half.wav -o out.npy"}) {
        const Finished end = shell("head -c 16000 s.wav > half.wav; " + command);
        EXPECT_EQ(end.exit_code, 0) << end.out;
        EXPECT_NE(end.out.find("warning: [media] half.wav: cut short"), std::string::npos) << end.out;
        const Finished strict = shell("rm -f out.*; " + command + " --strict");
        EXPECT_EQ(strict.exit_code, 1) << strict.out;
        EXPECT_NE(strict.out.find("vultus: [media] half.wav: cut short"), std::string::npos) << strict.out;
        for (const char* out : {"out.txt", "out.mp4", "out.npy"}) EXPECT_FALSE(fs::exists(path(out))) << out;
    }
    EXPECT_EQ(shell("$V phones s.wav -o out.txt --strict").out, "");
}

}  // namespace
}  // namespace vultus
