// What people give a program by mistake: one clear line, a non-zero exit, nothing under the final name.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cmath>
#include <limits>

#include "base/output_file.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "run_program_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using media::test::write_wav;
using test::Finished;
using test::Program;

/// A file system of `bytes` bytes; only root may make one.
class SmallDisk {
  public:
    SmallDisk(fs::path folder, int bytes) : folder_(std::move(folder)) {
        fs::create_directories(folder_);
        const std::string size = "size=" + std::to_string(bytes);
        mounted_ = ::geteuid() == 0 && ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

  private:
    fs::path folder_;
    bool mounted_ = false;
};

person::Stats with_pictures_only(const person::Stats& stats) {
    person::Stats only;
    only.mean_image = stats.mean_image;
    return only;
}

class BadInput : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }

    /// The tiny person, and a second of sound for it.
    std::string person() {
        if (!fs::exists(path("nobody.vultus")))
            person::save_person(path("nobody.vultus"), test::tiny_person());
        return path("nobody.vultus");
    }
    std::string speech() {
        write_wav(path("speech.wav"), 16000, 16, media::test::tone(16000, 16000, 220));
        return path("speech.wav");
    }

    Finished talk(const std::string& wav, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"talk", person(), wav, "-o", path("out.mp4"), "--threads", "1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return test::run("vultus", arguments);
    }

    /// One line that names what is wrong, a non-zero exit, nothing written.
    void expect_refused(const Finished& end, const std::string& says, int exit_code = 1) {
        EXPECT_EQ(end.exit_code, exit_code) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find(says), std::string::npos) << end.complaints()[0];
        // The complaint ends what it says: no second line, no trace.
        EXPECT_EQ(end.err.find('\n', end.err.find("vultus: ")), end.err.size() - 1) << end.err;
        expect_no_outputs();
    }
    void expect_no_outputs() {
        for (const auto& entry : fs::directory_iterator(scratch_.path())) {
            const std::string name = entry.path().filename().string();
            EXPECT_EQ(name.find("out"), std::string::npos) << name << " was left behind";
            EXPECT_EQ(name.find("partial"), std::string::npos) << name << " was left behind";
        }
    }

    media::test::Scratch scratch_;
};

TEST_F(BadInput, GoodInputWorks) {
    const Finished end = talk(speech());
    EXPECT_EQ(end.exit_code, 0) << end.err;
    media::VideoReader video(path("out.mp4"));
    media::Image frame;
    int frames = 0;
    while (video.read(frame)) ++frames;
    EXPECT_EQ(frames, 25);
}

TEST_F(BadInput, TextCalledWav) {
    write_file(path("text.wav"), "Dear diary, today I learnt nothing about sound.\n");
    expect_refused(talk(path("text.wav")), "text.wav");
}

TEST_F(BadInput, TruncatedMp4) {
    media::test::ClipOptions clip;
    clip.audio_seconds = 1;
    media::test::write_clip(path("whole.mp4"), clip);
    const std::string bytes = read_file(path("whole.mp4"));
    write_file(path("cut.mp4"), bytes.substr(0, 300));  // in the middle of its index
    expect_refused(talk(path("cut.mp4")), "cut.mp4");
    write_file(path("half.mp4"), bytes.substr(0, bytes.size() / 2));
    const Finished half = talk(path("half.mp4"));  // its beginning may still be heard
    if (half.exit_code == 0)
        EXPECT_TRUE(fs::exists(path("out.mp4")));
    else
        expect_refused(half, "half.mp4");
}

TEST_F(BadInput, MissingFiles) {
    expect_refused(talk(path("absent.wav")), "absent.wav");
    expect_refused(talk(scratch_.path().string()), "");
    speech();
    expect_refused(test::run("vultus", {"talk", path("absent.vultus"), speech(), "-o", path("out.mp4")}),
                   "absent.vultus");
    expect_refused(test::run("vultus", {"talk", person(), speech(), "-o", path("nowhere/out.mp4")}),
                   "nowhere");
    expect_refused(test::run("vultus", {"talk", person(), speech(), "-o", path("out.avi")}), ".mp4");
    expect_refused(test::run("vultus", {"talk", person(), speech()}), "nothing to write");
    expect_refused(test::run("vultus", {"info", path("absent.vultus")}), "absent.vultus");
    expect_refused(test::run("vultus", {"eval", person(), path("absent.corpus"), "-o", path("out")}),
                   "absent.corpus");
}

TEST_F(BadInput, NoSoundAtAll) {
    write_wav(path("empty.wav"), 16000, 16, {});
    expect_refused(talk(path("empty.wav")), "empty");
    Program program("vultus", {"talk", person(), "-", "-o", path("out.mp4"), "--threads", "1"});
    expect_refused(program.wait(), "empty");
    media::test::write_clip(path("mute.mp4"), {});
    expect_refused(talk(path("mute.mp4")), "mute.mp4");
}

TEST_F(BadInput, UnusualSoundWorks) {
    write_wav(path("eight.wav"), 11025, 8, media::test::tone(11025, 11025, 300));
    write_wav(path("fast.wav"), 192000, 16, media::test::tone(192000, 192000, 300));
    write_wav(path("silent.wav"), 44100, 16, std::vector<float>(44100, 0.0f));
    for (const char* name : {"eight.wav", "fast.wav", "silent.wav"}) {
        const Finished end = talk(path(name));
        EXPECT_EQ(end.exit_code, 0) << name << ": " << end.err;
        EXPECT_NE(end.err.find("25 frames for 1.00 s"), std::string::npos) << name << ": " << end.err;
        EXPECT_TRUE(fs::remove(path("out.mp4")));
    }
}

TEST_F(BadInput, OneSampleGivesOneFrame) {
    write_wav(path("one.wav"), 16000, 16, {0.5f});
    const Finished end = talk(path("one.wav"));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_NE(end.err.find("1 frames"), std::string::npos) << end.err;
    EXPECT_EQ(end.err.find("per second of speech"), std::string::npos) << end.err;
}

TEST_F(BadInput, TheWrongWayRound) {
    const std::string wav = speech();
    expect_refused(test::run("vultus", {"talk", wav, person(), "-o", path("out.mp4")}),
                   "the other way round; try: vultus talk " + person() + " " + wav);
    expect_refused(test::run("vultus", {"eval", scratch_.path().string(), person(), "-o", path("out")}),
                   "expected a person file and then a corpus folder");
    expect_refused(test::run("vultus", {"calibrate", scratch_.path().string(), person()}),
                   "the other way round");
}

TEST_F(BadInput, WhatIsNotThereIsSaidToBeLookedForWhere) {
    const std::string here = fs::current_path().string();
    expect_refused(test::run("vultus", {"phones", "absent.wav"}), "absent.wav: no such file in " + here);
    expect_refused(talk("no/absent.wav"), "no such file in " + here + ", and no folder no");
    expect_refused(test::run("vultus", {"info", "absent.vultus"}), "absent.vultus: no such file in " + here);
    expect_refused(talk(path("no/absent.wav")), "no folder " + path("no"));
}

TEST_F(BadInput, FrameRatesAsFractions) {
    const std::string wav = speech();
    for (const char* rate : {"30000/1001", "29.97"}) {
        const Finished end = talk(wav, {"--fps", rate});
        EXPECT_EQ(end.exit_code, 0) << end.err;
        const media::VideoReader video(path("out.mp4"));
        EXPECT_EQ(video.fps_num(), 30000) << rate;
        EXPECT_EQ(video.fps_den(), 1001) << rate;
        fs::remove(path("out.mp4"));
    }
    for (const char* rate : {"30000/0", "1/1001", "x", "25fps", "1e9"})
        expect_refused(talk(wav, {"--fps", rate}), "like 25, 59.94 or 30000/1001, got '" + std::string(rate));
}

TEST_F(BadInput, SamplesThatAreNoNumbers) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        std::vector<float> samples = media::test::tone(32000, 16000, 220);
        samples[20000] = bad;  // after a second of good ones, when images are already there
        write_wav(path("nan.wav"), 16000, 32, samples);
        expect_refused(talk(path("nan.wav")), "nan.wav");
    }
}

TEST_F(BadInput, PersonFiles) {
    const std::string bytes = read_file(person());
    write_file(path("half.vultus"), bytes.substr(0, bytes.size() / 2));
    write_file(path("text.vultus"), "not a person\n");
    Archive archive = parse_archive(bytes, "test");
    archive.metadata["version"] = "9";
    write_file(path("newer.vultus"), serialize_archive(archive));
    archive = parse_archive(bytes, "test");
    archive.tensors.erase("speech.out.weight");
    write_file(path("gap.vultus"), serialize_archive(archive));
    archive = parse_archive(bytes, "test");
    archive.tensors["unet.in.weight"] = HostTensor::from_f32({1}, std::vector<float>{0});
    write_file(path("shape.vultus"), serialize_archive(archive));
    person::Person mute = test::tiny_person();
    mute.stats = with_pictures_only(mute.stats);
    person::save_person(path("mute.vultus"), mute);

    const std::string wav = speech();
    const std::pair<const char*, const char*> cases[] = {
        {"half.vultus", "half.vultus"},     {"text.vultus", "safetensors"},
        {"newer.vultus", "newer version"},  {"gap.vultus", "speech.out.weight"},
        {"shape.vultus", "unet.in.weight"}, {"mute.vultus", "no speech yet"},
        {"speech.wav", "safetensors"},
    };
    for (const auto& [name, says] : cases)
        expect_refused(test::run("vultus", {"talk", path(name), wav, "-o", path("out.mp4")}), says);
    for (const char* name : {"half.vultus", "text.vultus", "newer.vultus"})
        expect_refused(test::run("vultus", {"info", path(name)}), "");
}

TEST_F(BadInput, PoseTables) {
    const std::string wav = speech();
    const std::pair<std::string, const char*> cases[] = {
        {"", "found none"},
        {"yaw,pitch,roll\n", "found none"},
        {"yaw,pitch,roll\n1,2\n", "line 2"},
        {"1,2,3\n4,x,6\n", "line 2"},
        {"1,2,3\n1,2,nan\n", "line 2"},
        {"1,2,3,4\n", "line 1"},
        {std::string(200, '\xFF') + "\n1,2,3,4\n", "line 2"},
    };
    for (const auto& [text, says] : cases) {
        write_file(path("pose.csv"), text);
        expect_refused(talk(wav, {"--pose", path("pose.csv")}), says);
    }
    expect_refused(talk(wav, {"--pose", path("absent.csv")}), "absent.csv");
    write_file(path("pose.csv"), "yaw,pitch,roll\r\n0,0,0\r\n10,5,-3\r\n");
    const Finished end = talk(wav, {"--pose", path("pose.csv")});
    EXPECT_EQ(end.exit_code, 0) << end.err;
}

TEST_F(BadInput, OptionsOutOfRange) {
    const std::string wav = speech();
    for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{{"--steps", "0"},
                                                                                      {"--fps", "0.1"},
                                                                                      {"--fps", "-25"},
                                                                                      {"--crf", "99"},
                                                                                      {"--head", "backwards"},
                                                                                      {"--threads", "-1"},
                                                                                      {"--seed", "-3"},
                                                                                      {"--unheard-of"}}) {
        const Finished end = talk(wav, more);
        EXPECT_NE(end.exit_code, 0) << more[0];
        EXPECT_FALSE(end.err.empty()) << more[0];
        expect_no_outputs();
    }
    EXPECT_EQ(test::run("vultus", {}).exit_code, 2);
    EXPECT_EQ(test::run("vultus", {"sing"}).exit_code, 2);
}

TEST_F(BadInput, FullDiskWhileTalking) {
    const SmallDisk disk(scratch_ / "disk", 16384);
    if (!disk.mounted()) GTEST_SKIP() << "mounting a small file system needs root";
    write_wav(path("long.wav"), 16000, 16, media::test::tone(160000, 16000, 220));
    const auto expect_full = [&](const Finished& end) {
        EXPECT_EQ(end.exit_code, 1) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find("No space left"), std::string::npos) << end.err;
        EXPECT_TRUE(fs::is_empty(path("disk"))) << *fs::directory_iterator(path("disk"));
    };
    expect_full(test::run(
        "vultus", {"talk", person(), path("long.wav"), "-o", path("disk/out.mp4"), "--threads", "1"}));
    expect_full(test::run(
        "vultus", {"talk", person(), path("long.wav"), "--frames", path("disk/frames"), "--threads", "1"}));
}

TEST_F(BadInput, FullStandardOutput) {
    const std::string wav = speech();
    // Raw frames into a device that takes nothing.
    const std::string command = "exec '" + test::program_path("vultus").string() + "' talk '" + person() +
                                "' '" + wav + "' -o - > /dev/full 2> '" + path("said") + "'";
    const int status = std::system(command.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 1);
    EXPECT_NE(read_file(path("said")).find("standard output"), std::string::npos) << read_file(path("said"));
}

TEST_F(BadInput, CtrlCWhileTalking) {
    write_wav(path("long.wav"), 16000, 16, media::test::tone(16000 * 600, 16000, 220));
    Program program("vultus",
                    {"talk", person(), path("long.wav"), "-o", path("video.mp4"), "--threads", "1"});
    const auto started = [&] {
        for (const auto& entry : fs::directory_iterator(scratch_.path()))
            if (entry.path().filename().string().find("partial") != std::string::npos) return true;
        return false;
    };
    ASSERT_TRUE(program.wait_for(started)) << program.said_so_far();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    program.signal(SIGINT);
    expect_refused(program.wait(60), "cancelled", 130);
    EXPECT_FALSE(fs::exists(path("video.mp4")));
}

TEST_F(BadInput, CtrlCKeepsAnEarlierVideo) {
    write_file(path("video.mp4"), "an earlier video");
    write_wav(path("long.wav"), 16000, 16, media::test::tone(16000 * 600, 16000, 220));
    Program program("vultus",
                    {"talk", person(), path("long.wav"), "-o", path("video.mp4"), "--threads", "1"});
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    program.signal(SIGTERM);
    EXPECT_EQ(program.wait(60).exit_code, 130);
    EXPECT_EQ(read_file(path("video.mp4")), "an earlier video");
}

}  // namespace
}  // namespace vultus
