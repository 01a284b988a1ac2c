// `vultus prepare` and `vultus train` given what cannot be used, stopped, or started twice.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "base/output_file.h"
#include "corpus/tiny_corpus_testonly.h"
#include "media/test_media.h"
#include "run_program_testonly.h"
#include "tensor/archive.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using test::Finished;
using test::Program;

class Recordings : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }
    static std::string sample(const std::string& name) {
        return std::string(VULTUS_SOURCE_DIR) + "/samples/" + name + ".mkv";
    }

    static void expect_refused(const Finished& end, const std::string& says, int exit_code = 1) {
        EXPECT_EQ(end.exit_code, exit_code) << end.err;
        ASSERT_EQ(end.complaints().size(), 1u) << end.err;
        EXPECT_NE(end.complaints()[0].find(says), std::string::npos) << end.complaints()[0];
        EXPECT_EQ(end.err.find('\n', end.err.find("vultus: ")), end.err.size() - 1) << end.err;
    }

    void expect_no_partial_files(const std::string& folder) {
        for (const auto& entry : fs::recursive_directory_iterator(path(folder)))
            EXPECT_EQ(entry.path().filename().string().find("partial"), std::string::npos) << entry.path();
    }

    media::test::Scratch scratch_;
};

TEST_F(Recordings, WithoutAFace) {
    media::test::ClipOptions clip;
    clip.width = clip.height = 128;
    clip.audio_seconds = 1;
    media::test::write_clip(path("landscape.mp4"), clip);
    expect_refused(test::run("vultus", {"prepare", path("landscape.mp4"), "-o", path("out.corpus")}), "face");
    EXPECT_FALSE(fs::exists(path("out.corpus")));
}

TEST_F(Recordings, Unreadable) {
    write_file(path("text.mp4"), "no film\n");
    expect_refused(test::run("vultus", {"prepare", path("text.mp4"), "-o", path("out.corpus")}), "text");
    expect_refused(test::run("vultus", {"prepare", path("absent.mp4"), "-o", path("out.corpus")}), "absent");
    expect_refused(test::run("vultus", {"prepare", sample("bgwo2n"), "-o", path("no/where/out.corpus/"),
                                        "--size", "33"}),
                   "33");
    expect_refused(test::run("vultus", {"prepare", sample("bgwo2n"), "-o", path("out.corpus"), "--fps", "x"}),
                   "--fps");
    fs::create_directories(path("empty"));
    expect_refused(test::run("vultus", {"prepare", path("empty"), "-o", path("out.corpus")}), "got none");
    EXPECT_FALSE(fs::exists(path("out.corpus")));
    EXPECT_NE(test::run("vultus", {"prepare", sample("bgwo2n")}).exit_code, 0);
}

TEST_F(Recordings, CtrlCWhilePreparing) {
    const std::vector<std::string> command = {"prepare", sample("bgwo2n"), sample("lwar6n"), "-o",
                                              path("me.corpus")};
    Program program("vultus", command);
    ASSERT_TRUE(program.wait_for([&] { return fs::exists(path("me.corpus/.lock")); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    program.signal(SIGINT);
    expect_refused(program.wait(60), "cancelled", 130);
    EXPECT_FALSE(fs::exists(path("me.corpus/corpus.json")));
    expect_no_partial_files("me.corpus");
}

TEST_F(Recordings, FullDiskWhilePreparing) {
    fs::create_directories(path("disk"));
    if (::geteuid() != 0 || ::mount("tmpfs", path("disk").c_str(), "tmpfs", 0, "size=32768") != 0)
        GTEST_SKIP() << "mounting a small file system needs root";
    const Finished end = test::run("vultus", {"prepare", sample("bgwo2n"), "-o", path("disk/me.corpus")});
    EXPECT_FALSE(fs::exists(path("disk/me.corpus/corpus.json")));
    expect_no_partial_files("disk");
    ::umount2(path("disk").c_str(), MNT_DETACH);
    expect_refused(end, "No space left");
}

/// These need the trainer, a program of its own.
class Training : public Recordings {
  protected:
    void SetUp() override {
        if (!fs::exists(test::program_path("vultus-train"))) GTEST_SKIP() << "built without LibTorch";
    }

    std::vector<std::string> train(const std::string& out, const std::vector<std::string>& more) {
        std::vector<std::string> arguments = {"train", path("tiny.corpus"), "-o", path(out),   "--stage",
                                              "dae",   "--batch",           "2",  "--threads", "1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    std::string state(const std::string& out) { return path(out + ".training/dae.safetensors"); }

    corpus::TinyCorpus tiny_{scratch_ / "tiny.corpus"};
};

TEST_F(Training, CorporaThatCannotBeUsed) {
    expect_refused(test::run("vultus", {"train", path("absent.corpus"), "-o", path("out.vultus")}),
                   "absent.corpus");
    fs::create_directories(path("broken.corpus"));
    write_file(path("broken.corpus/corpus.json"), "{\"version\": 1,");
    expect_refused(test::run("vultus", {"train", path("broken.corpus"), "-o", path("out.vultus")}),
                   "damaged");
    write_file(path("broken.corpus/corpus.json"),
               R"({"version":99,"size_px":64,"fps_num":25,"fps_den":1,"sessions":[],"clips":[]})");
    expect_refused(test::run("vultus", {"train", path("broken.corpus"), "-o", path("out.vultus")}),
                   "version");
    write_file(path("broken.corpus/corpus.json"),
               R"({"version":1,"size_px":64,"fps_num":25,"fps_den":1,"sessions":[],"clips":[]})");
    expect_refused(test::run("vultus", {"train", path("broken.corpus"), "-o", path("out.vultus")}),
                   "no clip");
    EXPECT_FALSE(fs::exists(path("out.vultus")));
}

TEST_F(Training, OptionsAndPlaces) {
    expect_refused(test::run("vultus", train("no/where/out.vultus", {"--steps", "1"})), "where");
    expect_refused(test::run("vultus", train("out.vultus", {"--device", "tpu"})), "cpu or cuda");
    expect_refused(test::run("vultus", train("out.vultus", {"--preset", "grand"})), "paper or live");
    expect_refused(test::run("vultus", train("out.vultus", {"--size", "100"})), "multiple of 64");
    expect_refused(test::run("vultus", train("out.vultus", {"--from", path("absent.vultus")})),
                   "absent.vultus");
    expect_refused(test::run("vultus", train("out.vultus", {"--budget", "later"})), "duration");
    expect_refused(test::run("vultus", {"train", path("tiny.corpus")}), "-o PERSON");
    std::vector<std::string> speech = train("out.vultus", {});
    speech[5] = "speech";
    expect_refused(test::run("vultus", speech), "--stage speech");
    EXPECT_FALSE(fs::exists(path("out.vultus")));
    fs::resize_file(path("tiny.corpus/frames-64.u8"), 1000);
    expect_refused(test::run("vultus-train", {path("tiny.corpus"), "-o", path("out.vultus")}),
                   "frames-64.u8");
}

TEST_F(Training, CtrlCLeavesAStateThatGoesOn) {
    Program program("vultus", train("out.vultus", {"--budget", "10min", "--checkpoint-every", "0.1s"}));
    ASSERT_TRUE(program.wait_for([&] { return fs::exists(state("out.vultus")); })) << program.said_so_far();
    program.signal(SIGINT);
    expect_refused(program.wait(60), "goes on from the checkpoint", 130);
    EXPECT_FALSE(fs::exists(path("out.vultus")));
    expect_no_partial_files("out.vultus.training");
    const std::int64_t step = std::stoll(load_archive(state("out.vultus")).metadata.at("step"));
    ASSERT_GE(step, 1);
    const Finished end = test::run("vultus", train("out.vultus", {"--steps", std::to_string(step + 2)}));
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(load_archive(state("out.vultus")).metadata.at("step"), std::to_string(step + 2));
    EXPECT_TRUE(fs::exists(path("out.vultus")));
}

TEST_F(Training, CtrlCAtAnyMoment) {
    for (const int wait_ms : {0, 30, 100, 200, 400}) {
        Program program("vultus", train("out.vultus", {"--budget", "10min"}));
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        program.signal(SIGINT);
        EXPECT_EQ(program.wait(60).exit_code, 130) << wait_ms << " ms";
        EXPECT_FALSE(fs::exists(path("out.vultus")));
    }
    const Finished end = test::run("vultus", train("out.vultus", {"--steps", "1"}));
    EXPECT_EQ(end.exit_code, 0) << end.err;
}

TEST_F(Training, TwoToOnePlace) {
    Program first("vultus", train("out.vultus", {"--budget", "10min", "--checkpoint-every", "0.1s"}));
    ASSERT_TRUE(first.wait_for([&] { return fs::exists(state("out.vultus")); })) << first.said_so_far();
    expect_refused(test::run("vultus", train("out.vultus", {"--steps", "1"})), "another process is writing");
    first.signal(SIGINT);
    EXPECT_EQ(first.wait(60).exit_code, 130);
}

TEST_F(Training, FullDisk) {
    fs::create_directories(path("disk"));
    if (::geteuid() != 0 || ::mount("tmpfs", path("disk").c_str(), "tmpfs", 0, "size=1m") != 0)
        GTEST_SKIP() << "mounting a small file system needs root";
    const Finished end = test::run("vultus", train("disk/out.vultus", {"--steps", "1"}));
    EXPECT_FALSE(fs::exists(path("disk/out.vultus")));
    expect_no_partial_files("disk");
    ::umount2(path("disk").c_str(), MNT_DETACH);
    expect_refused(end, "No space left");
}

}  // namespace
}  // namespace vultus
