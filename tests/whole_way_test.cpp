// The whole way on the bundled recordings: prepare, train, talk, eval.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/output_file.h"
#include "corpus/corpus.h"
#include "media/test_media.h"
#include "media/video_reader.h"
#include "person/person.h"
#include "run_program_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using test::Finished;

void expect_finite(const nlohmann::json& json, const std::string& where, int& numbers) {
    // JSON has no NaN: one that is written becomes null.
    EXPECT_FALSE(json.is_null()) << where;
    if (json.is_number()) {
        ++numbers;
        EXPECT_TRUE(std::isfinite(json.get<double>())) << where;
    }
    if (json.is_structured())
        for (const auto& [key, value] : json.items()) expect_finite(value, where + "/" + key, numbers);
}

TEST(WholeWay, LearnGoesFromFootageToAPageAndDoesNothingTwice) {
    if (!fs::exists(test::program_path("vultus-train"))) GTEST_SKIP() << "built without LibTorch";
    const media::test::Scratch scratch;
    const auto path = [&](const char* name) { return (scratch / name).string(); };
    const std::vector<std::string> learn = {"learn",     std::string(VULTUS_SOURCE_DIR) + "/samples",
                                            "-o",        path("me.vultus"),
                                            "--size",    "64",
                                            "--budget",  "20s",
                                            "--threads", "1",
                                            "--consent", "told in the sample's licence"};
    const Finished first = test::Program("vultus", learn).wait(900);
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_NE(first.err.find("expect poor pictures"), std::string::npos) << "of 20 s: " << first.err;
    EXPECT_NE(first.out.find("Lips follow the speech"), std::string::npos) << first.out;
    EXPECT_NE(read_file(scratch / "me.report" / "summary.html").find("contact_sheet.png"), std::string::npos);
    EXPECT_TRUE(fs::exists(scratch / "me.corpus" / "contact_sheet.png"));
    EXPECT_EQ(person::load_person(path("me.vultus")).card.name, "me");
    const Finished again = test::Program("vultus", learn).wait(900);
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_NE(again.err.find("is learnt already"), std::string::npos) << again.err;
}

TEST(WholeWay, FromRecordingsToAReport) {
    if (!fs::exists(test::program_path("vultus-train"))) GTEST_SKIP() << "built without LibTorch";
    const media::test::Scratch scratch;
    const auto path = [&](const char* name) { return (scratch / name).string(); };
    const std::string samples = std::string(VULTUS_SOURCE_DIR) + "/samples";

    const Finished prepared =
        test::run("vultus", {"prepare", samples + "/bgwo2n.mkv", samples + "/lwar6n.mkv",
                             samples + "/swbo9s.mkv", "-o", path("me.corpus"), "--size", "64"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared.err;
    EXPECT_NE(prepared.out.find("3 of 3 recordings used"), std::string::npos) << prepared.out;

    // Of fewer than ten clips none is kept for validation: here the last one is.
    corpus::Corpus corpus = corpus::load_corpus(path("me.corpus"));
    if (corpus.kept(corpus::Split::kValidation).empty()) {
        corpus.clips.back().split = corpus::Split::kValidation;
        corpus::save_corpus(corpus);
    }

    const Finished trained =
        test::Program("vultus", {"train", path("me.corpus"), "-o", path("me.vultus"), "--steps", "30",
                                 "--size", "64", "--batch", "4", "--threads", "1", "--name", "Sample"})
            .wait(900);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_NE(trained.err.find("lips "), std::string::npos) << "calibrated, or said why not: " << trained.err;
    EXPECT_EQ(person::load_person(path("me.vultus")).card.name, "Sample");

    const std::vector<std::string> talk = {
        "talk", path("me.vultus"), samples + "/bgwo2n.mkv", "--threads", "1", "-o"};
    std::vector<std::string> once = talk, again = talk;
    once.push_back(path("once.mp4"));
    again.push_back(path("again.mp4"));
    const Finished said = test::run("vultus", once);
    ASSERT_EQ(said.exit_code, 0) << said.err;
    ASSERT_EQ(test::run("vultus", again).exit_code, 0);
    EXPECT_EQ(read_file(path("once.mp4")), read_file(path("again.mp4")))
        << "the same input gives the same file";
    media::VideoReader video(path("once.mp4"));
    media::Image frame;
    int frames = 0;
    while (video.read(frame)) ++frames;
    EXPECT_NEAR(frames, 75, 1);
    EXPECT_EQ(frame.width, 64);

    const Finished evaluated = test::Program("vultus", {"eval", path("me.vultus"), path("me.corpus"), "-o",
                                                        path("report"), "--max-clips", "1", "--threads", "1"})
                                   .wait(600);
    ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_TRUE(fs::exists(path("report/index.html")));
    int files = 0, numbers = 0;
    for (const auto& entry : fs::directory_iterator(path("report")))
        if (entry.path().extension() == ".json") {
            ++files;
            expect_finite(nlohmann::json::parse(read_file(entry.path())), entry.path().filename(), numbers);
        }
    EXPECT_GE(files, 1);
    EXPECT_GE(numbers, 10);
}

}  // namespace
}  // namespace vultus
