// `vultus say` from outside: texts from anywhere, voices that fail, and what stays then.
#include <gtest/gtest.h>

#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/test_media.h"
#include "run_program_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using test::Finished;
using test::Program;

class SayCommand : public testing::Test {
  protected:
    SayCommand() {
        person::save_person(path("nobody.vultus"), test::tiny_person());
        media::test::write_wav(path("s.wav"), 16000, 16, media::test::tone(16000, 16000, 220));
    }
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }

    /// Says with a voice that gives a second of sound for each sentence, unless another is named.
    Finished say(std::vector<std::string> arguments, const std::string& voice = "",
                 const std::string& input = "/dev/null") {
        arguments.insert(arguments.begin(), {"say", path("nobody.vultus")});
        arguments.insert(arguments.end(), {"--voice", voice.empty() ? "cmd:cat " + path("s.wav") : voice});
        return Program("vultus", arguments, {.environment = {}, .standard_input = input}).wait();
    }
    double seconds(const std::string& name) const {
        return static_cast<double>(media::read_audio(path(name), 1 << 22).size()) / 16000;
    }
    void expect_refused(const Finished& end, const std::string& says) {
        EXPECT_EQ(end.exit_code, 1) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find(says), std::string::npos) << end.complaints()[0];
        for (const auto& entry : fs::directory_iterator(scratch_.path()))
            EXPECT_EQ(entry.path().filename().string().find("out"), std::string::npos) << entry.path();
    }
    media::test::Scratch scratch_;
};

TEST_F(SayCommand, TextsComeFromAnywhere) {
    EXPECT_EQ(say({"One. [pause 500] Two.", "-o", path("a.mp4")}).exit_code, 0);
    EXPECT_NEAR(seconds("a.mp4"), 2.5, 0.05);
    write_file(path("t.txt"), "One. Two. Three.");
    EXPECT_EQ(say({"--text-file", path("t.txt"), "-o", path("b.mp4")}).exit_code, 0);
    EXPECT_NEAR(seconds("b.mp4"), 3, 0.05);
    EXPECT_EQ(say({"-", "-o", path("c.mp4")}, "", path("t.txt")).exit_code, 0);
    EXPECT_TRUE(read_file(path("b.mp4")) == read_file(path("c.mp4")));
    EXPECT_NE(
        read_file(path("a.mp4")).find("Synthetic video, made with Vultus from the person file nobody.vultus"),
        std::string::npos);
}

TEST_F(SayCommand, WhatFailsLeavesNothing) {
    const std::string out = path("out.mp4");
    expect_refused(say({"-o", out}), "text: expected one");
    expect_refused(say({"...", "-o", out}), "it holds no words");
    expect_refused(say({"One.", "-o", out}, "cmd:no-such-program-here"), "no such program");
    expect_refused(say({"One.", "-o", out}, "cmd:echo rubbish"), "expected sound, got something else");
    expect_refused(say({"One.", "--voice-limit", "0.2", "-o", out}, "cmd:sh -c 'echo so slow >&2; sleep 60'"),
                   "so slow");
    // The second sentence fails when the first is drawn already.
    expect_refused(
        say({"One. Two.", "-o", out},
            "cmd:sh -c 'read text; case $text in One*) cat \"$0\";; *) echo no two >&2; exit 4;; esac' " +
                path("s.wav")),
        "ended with 4: no two");
    expect_refused(say({"One.", "-o", out}, "espeak/nobody"), "espeak");
    write_file(path("t.mp4"), "One.");
    const Finished end = say({"--text-file", path("t.mp4"), "-o", path("t.mp4")});
    EXPECT_EQ(end.exit_code, 1);
    EXPECT_EQ(read_file(path("t.mp4")), "One.");
}

TEST_F(SayCommand, VoicesAreListed) {
    const Finished end = test::run("vultus", {"voices"});
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_NE((end.out + end.err).find("cmd:"), std::string::npos);
}

}  // namespace
}  // namespace vultus
