// `vultus rhubarb` from outside, as programs call Rhubarb Lip Sync 1.14; and times that are given.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/output_file.h"
#include "media/test_media.h"
#include "pronunciation/pronunciations.h"
#include "run_program_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Finished;

class RhubarbCommand : public testing::Test {
  protected:
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }
    static Finished rhubarb(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "rhubarb");
        return test::run("vultus", arguments);
    }
    const std::string kSample = std::string(VULTUS_SOURCE_DIR) + "/samples/three-sentences.wav";
    media::test::Scratch scratch_;
};

std::vector<json> lines_of(const std::string& text) {
    std::vector<json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
}

TEST_F(RhubarbCommand, MachineReadableProgressAndJson) {
    write_file(path("dialog.txt"), "Set white by O nine soon, elephant.");
    const Finished end =
        rhubarb({"-f", "json", "-d", path("dialog.txt"), "--extendedShapes", "GHX", "--machineReadable",
                 "--threads", "2", "-r", "phonetic", "-o", path("out.json"), kSample});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.out, "");
    const std::vector<json> said = lines_of(end.err);
    ASSERT_GE(said.size(), 4u);
    EXPECT_EQ(said.front(),
              json::parse(R"({"type":"start","file":")" + kSample +
                          R"(","log":{"level":"Info","message":"Application startup. Input file: )" +
                          kSample + R"(."}})"));
    EXPECT_EQ(
        said[1],
        json::parse(R"({"type":"progress","value":0.0,"log":{"level":"Trace","message":"Progress: 0%"}})"));
    EXPECT_EQ(said[said.size() - 2]["value"], 1.0);
    EXPECT_EQ(
        said.back(),
        json::parse(
            R"({"type":"success","log":{"level":"Info","message":"Application terminating normally."}})"));
    const json cues = json::parse(read_file(path("out.json")));
    EXPECT_EQ(cues["metadata"]["soundFile"], kSample);
    EXPECT_EQ(cues["metadata"]["duration"], 8.93);
    ASSERT_GT(cues["mouthCues"].size(), 20u);
    for (std::size_t i = 1; i + 1 < cues["mouthCues"].size(); ++i) {
        const json& cue = cues["mouthCues"][i];
        EXPECT_EQ(cue["start"], cues["mouthCues"][i - 1]["end"]);
        if (cue["value"] != "X")
            EXPECT_GT(cue["end"].get<double>() - cue["start"].get<double>(), 0.039) << cue;
    }
}

TEST_F(RhubarbCommand, ExitCodesAndMessages) {
    const Finished usage = rhubarb({"--machineReadable", "-f", "bogus", kSample});
    EXPECT_EQ(usage.exit_code, 1);
    EXPECT_NE(usage.err.find(R"("type": "failure", "reason": "Invalid command line.")"), std::string::npos)
        << usage.err;
    const Finished absent = rhubarb({"--machineReadable", path("absent.wav")});
    EXPECT_EQ(absent.exit_code, 1);
    const json failure = lines_of(absent.err).back();
    EXPECT_EQ(failure["type"], "failure");
    EXPECT_EQ(failure["log"]["level"], "Fatal");
    EXPECT_NE(failure["reason"].get<std::string>().find("absent.wav"), std::string::npos);
    EXPECT_EQ(rhubarb({"--threads", "0", kSample}).exit_code, 1);
    EXPECT_EQ(rhubarb({"--extendedShapes", "Q", kSample}).exit_code, 1);
    EXPECT_EQ(rhubarb({"--version"}).out, "\nRhubarb Lip Sync version 1.14.0\n\n");
    EXPECT_EQ(rhubarb({"--help"}).exit_code, 0);
}

TEST_F(RhubarbCommand, OtherFormatsQuietAndLogFile) {
    const Finished tsv = rhubarb({"-q", "-r", "phonetic", "--extendedShapes", "", kSample});
    ASSERT_EQ(tsv.exit_code, 0) << tsv.err;
    EXPECT_EQ(tsv.err, "");
    EXPECT_TRUE(tsv.out.starts_with("0.00\tA\n")) << tsv.out;
    EXPECT_TRUE(tsv.out.ends_with("8.93\tA\n")) << tsv.out;
    // A link to the program is Rhubarb, too.
    fs::create_symlink(test::program_path("vultus"), path("rhubarb"));
    const std::string call =
        path("rhubarb") + " -r phonetic -f dat --datFrameRate 30 --datUsePrestonBlair --logFile " +
        path("log") + " --logLevel trace -o " + path("out.dat") + " " + kSample + " 2> " + path("err");
    ASSERT_EQ(std::system(call.c_str()), 0) << read_file(path("err"));
    EXPECT_TRUE(read_file(path("out.dat")).starts_with("MohoSwitch1\n1 rest\n"));
    EXPECT_NE(read_file(path("log")).find("[Trace] Progress: 100%"), std::string::npos);
    EXPECT_EQ(read_file(path("err")), "Generating lip sync data for " + kSample +
                                          ".\nProgress: [####################] 100% \nDone.\n");
    EXPECT_EQ(rhubarb({"-o", kSample, kSample}).exit_code, 1) << "the sound itself";
}

TEST_F(RhubarbCommand, GivenTimesBecomeVisemesWithAndWithoutSound) {
    const auto phones = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "phones");
        return test::run("vultus", arguments);
    };
    write_file(path("azure.json"),
               R"([{"AudioOffset":500000,"VisemeId":21},{"AudioOffset":1500000,"VisemeId":2}])");
    const Finished azure = phones({"--from-words", path("azure.json"), "-f", "tsv"});
    ASSERT_EQ(azure.exit_code, 0) << azure.err;
    EXPECT_EQ(azure.out,
              "start\tend\tphone\tviseme\tword\n0.000\t0.050\tSIL\tsil\t\n0.050\t0.150\tP\tPP\t\n"
              "0.150\t0.250\tAA\taa\t\n");
    const Finished neither = phones({});
    EXPECT_EQ(neither.exit_code, 1);
    ASSERT_EQ(neither.complaints().size(), 1u) << neither.err;
    const Finished wrong = phones({"--from-words", kSample});
    EXPECT_EQ(wrong.exit_code, 1);
    ASSERT_EQ(wrong.complaints().size(), 1u) << wrong.err;
    EXPECT_EQ(phones({"--from-words", path("azure.json"), "-o", path("azure.json")}).exit_code, 1)
        << "its own input";
    if (pronunciation::Pronunciations::usual_place().empty())
        GTEST_SKIP() << "needs pocketsphinx-en-us's dictionary";
    write_file(
        path("words.srt"),
        "1\n00:00:06,590 --> 00:00:07,390\nSet white by\n\n2\n00:00:07,390 --> 00:00:08,270\nO 9 soon!\n");
    for (const bool sound : {true, false}) {
        std::vector<std::string> arguments{"--from-words", path("words.srt"), "-f", "json"};
        if (sound) arguments.push_back(kSample);
        const Finished end = phones(arguments);
        ASSERT_EQ(end.exit_code, 0) << end.err;
        const json times = json::parse(end.out);
        std::string said;
        for (const json& word : times["words"]) said += word["word"].get<std::string>() + " ";
        EXPECT_EQ(said, "Set white by O 9 soon ");
        EXPECT_EQ(times["words"][0]["start"], 6.59);
        EXPECT_EQ(times["words"][3]["start"], 7.39);
        EXPECT_EQ(times["words"][5]["end"], 8.27);
        EXPECT_EQ(times["duration"], sound ? 8.934 : 8.27);
        // As aligned: 'nine' begins at 7.59 s.
        EXPECT_NEAR(times["words"][4]["start"], 7.59, sound ? 0.03 : 0.2);
    }
}

}  // namespace
}  // namespace vultus
