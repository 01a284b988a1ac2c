// What the program writes and where: nothing over what it reads, nothing lost in silence, nothing left
// behind.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/output_file.h"
#include "media/audio_reader.h"
#include "media/test_media.h"
#include "run_program_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using media::test::write_wav;
using test::Finished;
using test::Program;

class Outputs : public testing::Test {
  protected:
    Outputs() {
        person::save_person(path("nobody.vultus"), test::tiny_person());
        write_wav(path("s.wav"), 16000, 16, media::test::tone(16000, 16000, 220));
        write_wav(path("long.wav"), 16000, 16, media::test::tone(16000 * 600, 16000, 220));
    }

    std::string path(const std::string& name) const { return (scratch_ / name).string(); }

    /// Refused in one line, and `kept` is as it was.
    void expect_kept(const std::string& kept, const std::vector<std::string>& arguments) {
        const std::string before = read_file(kept);
        const Finished end = test::run("vultus", arguments);
        EXPECT_EQ(end.exit_code, 1) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find("which would be lost"), std::string::npos) << end.err;
        EXPECT_TRUE(read_file(kept) == before) << kept;
        EXPECT_FALSE(has_partial());
    }

    bool has_partial() const {
        for (const auto& entry : fs::directory_iterator(scratch_.path()))
            if (entry.path().filename().string().find(".partial-") != std::string::npos) return true;
        return false;
    }

    /// What a shell says to `script`, in which $V is the program; and the status it ends with.
    Finished shell(const std::string& script) {
        write_file(path("script"), "V='" + test::program_path("vultus").string() + "'\n" + script);
        const std::string command = "cd '" + scratch_.path().string() + "' && sh ./script > said 2>&1";
        const int status = std::system(command.c_str());
        return {WEXITSTATUS(status), read_file(path("said")), ""};
    }

    std::vector<std::string> talk(const std::string& wav, const std::string& out) {
        return {"talk", path("nobody.vultus"), path(wav), "-o", path(out), "--threads", "1"};
    }

    media::test::Scratch scratch_;
};

TEST_F(Outputs, NothingIsWrittenOverWhatIsRead) {
    media::test::write_clip(path("m.mp4"), {.audio_seconds = 1});
    fs::create_symlink("m.mp4", path("link.mp4"));
    fs::create_hard_link(path("m.mp4"), path("hard.mp4"));
    fs::create_directories(path("deep"));
    for (const char* name : {"m.mp4", "link.mp4", "hard.mp4", "deep/../m.mp4"}) {
        expect_kept(path("m.mp4"), talk("m.mp4", name));
        expect_kept(path("m.mp4"), talk(name, "m.mp4"));
    }
    fs::copy_file(path("nobody.vultus"), path("person.mp4"));
    expect_kept(path("person.mp4"), {"talk", path("person.mp4"), path("s.wav"), "-o", path("person.mp4")});
    write_file(path("pose.mp4"), "0,0,0\n");
    std::vector<std::string> posed = talk("s.wav", "pose.mp4");
    posed.insert(posed.end(), {"--pose", path("pose.mp4")});
    expect_kept(path("pose.mp4"), posed);

    write_file(path("h.txt"), "hello");
    expect_kept(path("s.wav"), {"phones", path("s.wav"), "-o", path("s.wav")});
    expect_kept(path("h.txt"), {"phones", path("s.wav"), "--text-file", path("h.txt"), "-o", path("h.txt")});
    expect_kept(path("h.txt"),
                {"phones", path("s.wav"), "--text", "a", "--dictionary", path("h.txt"), "-o", path("h.txt")});
    expect_kept(path("s.wav"), {"speech", "features", path("s.wav"), "-o", path("s.wav")});
    expect_kept(path("nobody.vultus"), {"bench", path("nobody.vultus"), "--json", path("nobody.vultus")});
    fs::create_directories(path("report"));
    write_file(path("report/metrics.json"), "{}");
    fs::rename(path("nobody.vultus"), path("report/me.vultus"));
    expect_kept(path("report/me.vultus"),
                {"eval", path("report/me.vultus"), path("absent.corpus"), "-o", path("report")});
}

TEST_F(Outputs, RecordingsWhereTheCorpusKeepsItsClips) {
    fs::create_directories(path("me.corpus/clips"));
    media::test::write_clip(path("me.corpus/clips/a.mp4"), {.audio_seconds = 1});
    expect_kept(path("me.corpus/clips/a.mp4"),
                {"prepare", path("me.corpus/clips/a.mp4"), "-o", path("me.corpus")});
    fs::create_symlink(path("me.corpus/clips/a.mp4"), path("elsewhere.mp4"));
    expect_kept(path("me.corpus/clips/a.mp4"), {"prepare", path("elsewhere.mp4"), "-o", path("me.corpus")});
}

TEST_F(Outputs, TheVideosSoundIsTheUsersOwn) {
    // Two channels at 44.1 kHz: the header of one channel is made to say so.
    std::vector<float> both;
    const std::vector<float> left = media::test::tone(44100, 44100, 300),
                             right = media::test::tone(44100, 44100, 900);
    for (std::size_t i = 0; i < left.size(); ++i) both.insert(both.end(), {left[i], right[i]});
    write_wav(path("stereo.wav"), 44100, 16, both);
    std::string bytes = read_file(path("stereo.wav"));
    bytes[22] = 2, bytes[32] = 4;
    const std::uint32_t bytes_per_second = 176400;
    std::memcpy(&bytes[28], &bytes_per_second, 4);
    write_file(path("stereo.wav"), bytes);
    for (const char* name : {"v.mp4", "v.MP4", "v.mov", "v.mkv"}) {
        const Finished end = test::run("vultus", talk("stereo.wav", name));
        ASSERT_EQ(end.exit_code, 0) << end.err;
        const media::AudioReader reader(path(name), media::AudioOptions{.keep_original = true});
        EXPECT_EQ(reader.original_rate_hz(), 44100) << name;
        EXPECT_EQ(reader.original_channels(), 2) << name;
    }
}

/// Raw frames of the bundled person, [n, S, S, channels].
std::string frames_of_bundled(const std::string& wav, const std::vector<std::string>& options) {
    std::vector<std::string> arguments{
        "talk", std::string(VULTUS_SOURCE_DIR) + "/models/grid-s1.vultus", wav, "-o", "-", "--no-mark"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Finished end = test::run("vultus", arguments);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return end.out;
}

TEST_F(Outputs, AnotherBackgroundLiesBehindThePerson) {
    constexpr std::size_t kSide = 256, kFrame = 3 * kSide * kSide;
    write_wav(path("short.wav"), 16000, 16, media::test::tone(16000 / 5, 16000, 220));
    const std::string plain = frames_of_bundled(path("short.wav"), {}),
                      orange = frames_of_bundled(path("short.wav"), {"--background", "#ff8020"}),
                      clear = frames_of_bundled(path("short.wav"), {"--background", "transparent"});
    ASSERT_EQ(plain.size(), 5 * kFrame);
    ASSERT_EQ(orange.size(), plain.size());
    ASSERT_EQ(clear.size(), plain.size() / 3 * 4);
    const auto byte = [](const std::string& all, std::size_t i) {
        return int(static_cast<unsigned char>(all[i]));
    };
    std::size_t seen_through = 0, replaced = 0, kept = 0, same = 0;
    for (std::size_t i = 0; i < plain.size() / 3; ++i) {
        const int alpha = byte(clear, 4 * i + 3);
        if (alpha == 0) {
            ++seen_through;
            replaced += byte(orange, 3 * i) == 0xff && byte(orange, 3 * i + 1) == 0x80 &&
                        byte(orange, 3 * i + 2) == 0x20;
        } else if (alpha == 255) {
            ++kept;
            bool equal = true;
            for (std::size_t c = 0; c < 3; ++c) equal &= byte(orange, 3 * i + c) == byte(plain, 3 * i + c);
            same += equal;
        }
    }
    const std::size_t pixels = plain.size() / 3;
    EXPECT_EQ(replaced, seen_through);
    EXPECT_EQ(same, kept);
    EXPECT_GT(seen_through, pixels / 2) << "GRID's speaker sits before a wide wall";
    EXPECT_GT(kept, pixels / 4);
    EXPECT_GT(seen_through + kept, pixels * 95 / 100) << "the edge is narrow";
    EXPECT_EQ(byte(clear, 3), 0) << "a corner";
    EXPECT_EQ(byte(clear, 4 * (kSide * kSide / 2 + kSide / 2) + 3), 255) << "the nose";
}

TEST_F(Outputs, BackgroundsThatCannotBe) {
    write_file(path("no.png"), "no picture");
    for (const auto& [background, out, expected] :
         {std::tuple{"blurred", "o.mp4", "expected a colour"},
          std::tuple{"#12345", "o.mp4", "expected a colour"},
          std::tuple{"transparent", "o.mp4", "no transparency"}, std::tuple{"no.png", "o.mp4", "no.png"}}) {
        std::vector<std::string> arguments = talk("s.wav", out);
        const std::string what = background == std::string("no.png") ? path(background) : background;
        arguments.insert(arguments.end(), {"--background", what});
        const Finished end = test::run("vultus", arguments);
        EXPECT_EQ(end.exit_code, 1) << background;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find(expected), std::string::npos) << end.err;
        EXPECT_FALSE(fs::exists(path(out)));
    }
    media::test::write_clip(path("b.mp4"), {.audio_seconds = 1});
    std::vector<std::string> over = talk("s.wav", "b.mp4");
    over.insert(over.end(), {"--background", path("b.mp4")});
    expect_kept(path("b.mp4"), over);
    std::vector<std::string> both = talk("s.wav", "o.mp4");
    both.insert(both.end(), {"--background", "white", "--into", path("b.mp4")});
    EXPECT_EQ(test::run("vultus", both).exit_code, 1);
}

TEST_F(Outputs, DevicesStayDevices) {
    EXPECT_EQ(test::run("vultus", {"phones", path("s.wav"), "-o", "/dev/null"}).exit_code, 0);
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
    EXPECT_NE(test::run("vultus", {"phones", path("s.wav"), "-o", "/dev/stdout"}).out.find("SIL"),
              std::string::npos);
    EXPECT_TRUE(fs::is_symlink("/dev/stdout"));
}

TEST_F(Outputs, AFullStandardOutputIsAnError) {
    for (const char* command :
         {"phones s.wav", "phones s.wav -f json", "info nobody.vultus", "--version", "--help", "talk --help",
          "train --help", "manual", "completion bash", "talk nobody.vultus s.wav --threads 1 -o -"}) {
        const Finished end = shell(std::string("exec \"$V\" -q ") + command + " > /dev/full\n");
        EXPECT_EQ(end.exit_code, 1) << command << ": " << end.out;
        EXPECT_NE(end.out.find("vultus: [output] standard output: cannot write: No space left"),
                  std::string::npos)
            << command << ": " << end.out;
    }
}

TEST_F(Outputs, AClosedPipeEndsQuietly) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);  // nobody reads
    const Program::Options closed{.environment = {}, .standard_output = ends[1]};
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"manual"},
             {"phones", path("s.wav")},
             {"--help"},
             {"talk", path("nobody.vultus"), path("long.wav"), "-o", "-", "--frames", path("frames")}}) {
        const Finished end = Program("vultus", command, closed).wait(60);
        EXPECT_EQ(end.exit_code, 128 + SIGPIPE) << command[0];
        EXPECT_EQ(end.err, "") << command[0];
        EXPECT_FALSE(has_partial()) << command[0];
    }
    ::close(ends[1]);
}

TEST_F(Outputs, AHangUpLeavesNothing) {
    Program program("vultus", talk("long.wav", "video.mp4"));
    ASSERT_TRUE(program.wait_for([&] { return has_partial(); })) << program.said_so_far();
    program.signal(SIGHUP);
    EXPECT_EQ(program.wait(60).exit_code, 130);
    EXPECT_FALSE(has_partial());
    EXPECT_FALSE(fs::exists(path("video.mp4")));
}

TEST_F(Outputs, UnderNohupAHangUpIsIgnored) {
    // The program waits for its sound when the hang-up comes.
    const Finished end = shell(
        "mkfifo pipe; trap '' HUP\n"
        "\"$V\" talk nobody.vultus - --threads 1 -o video.mp4 < pipe & running=$!\n"
        "exec 3> pipe; head -c 3000 s.wav >&3; sleep 1; kill -HUP $running; sleep 0.3\n"
        "tail -c +3001 s.wav >&3; exec 3>&-; wait $running\n");
    EXPECT_EQ(end.exit_code, 0) << end.out;
    EXPECT_TRUE(fs::exists(path("video.mp4")));
}

TEST_F(Outputs, WhatAKilledRunLeftIsCleared) {
    {
        Program program("vultus", talk("long.wav", "video.mp4"));
        ASSERT_TRUE(program.wait_for([&] { return has_partial(); })) << program.said_so_far();
        program.signal(SIGKILL);
        program.wait(60);
    }
    ASSERT_TRUE(has_partial());
    EXPECT_EQ(test::run("vultus", talk("s.wav", "other.mp4")).exit_code, 0);
    EXPECT_FALSE(has_partial());
}

}  // namespace
}  // namespace vultus
