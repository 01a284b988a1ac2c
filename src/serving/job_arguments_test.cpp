#include "serving/job_arguments.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "serving/job_progress.h"

namespace vultus::serving {
namespace {

using Json = nlohmann::json;

class JobArguments : public testing::Test {
  protected:
    JobArguments() : scratch_("job-arguments") {
        places_.folder = scratch_.path();
        places_.person = [](const std::string& id) { return id == "me" ? "/p/me.vultus" : ""; };
        places_.upload = [](const std::string& id) { return id == "u1" ? "/u/u1.mp4" : ""; };
        places_.corpus_of_job = [](const std::string& id) { return id == "j1" ? "/j/j1/corpus" : ""; };
        places_.is_voice = [](const std::string& name) { return name == "flite/rms"; };
    }
    void expect_refused(const Json& request, const std::string& says) {
        try {
            job_arguments(request, places_);
            ADD_FAILURE() << request;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
            EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
        }
    }
    ScratchFolder scratch_;
    JobPlaces places_;
};

TEST_F(JobArguments, ATextIsAFileNotAnArgument) {
    const auto arguments = job_arguments(
        {{"kind", "talk"}, {"person", "me"}, {"text", "--help; `rm`"}, {"voice", "flite/rms"}}, places_);
    EXPECT_EQ(arguments[0], "say");
    EXPECT_EQ(arguments[1], "/p/me.vultus");
    EXPECT_TRUE(std::none_of(arguments.begin(), arguments.end(),
                             [](const std::string& word) { return word.find("rm`") != std::string::npos; }));
    EXPECT_EQ(read_file(scratch_ / "text.txt"), "--help; `rm`");
}

TEST_F(JobArguments, LearningNeedsConsent) {
    Json request{{"kind", "learn"}, {"id", "new"}, {"uploads", {"u1"}}, {"minutes", 1}, {"name", "--name x"}};
    expect_refused(request, "consent: expected");
    request["consent"] = {{"name", "A. B."}, {"date", "2026-11-28"}};
    expect_refused(request, "consent: expected");
    request["consent"]["purpose"] = "to try it";
    const auto arguments = job_arguments(request, places_);
    EXPECT_EQ(arguments[0], "learn");
    EXPECT_EQ(arguments[1], "/u/u1.mp4");
    for (const char* word : {"--consent=A. B., 2026-11-28: to try it", "--name=--name x", "60s"})
        EXPECT_NE(std::find(arguments.begin(), arguments.end(), word), arguments.end()) << word;
    request["id"] = "me";
    expect_refused(request, "one that no person has yet");
}

TEST_F(JobArguments, NonsenseIsNamed) {
    expect_refused(Json::array(), "a JSON object");
    expect_refused({{"kind", "format"}}, "kind: expected");
    expect_refused({{"kind", 7}}, "kind: expected a text");
    expect_refused({{"kind", "talk"}, {"person", "../etc/passwd"}, {"text", "x"}}, "person: expected the id");
    expect_refused({{"kind", "talk"}, {"person", "me"}}, "upload: expected the id");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"upload", "../u1"}}, "upload: expected the id");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"text", "x"}, {"voice", "cmd:sh"}}, "/v1/voices");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"text", "x"}, {"background", "/etc/passwd"}},
                   "background: expected a colour");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"text", "x"}, {"background", "transparent"}},
                   "background: expected a colour");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"text", "x"}, {"head_scale", 9}},
                   "head_scale: expected 0 to 3");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"text", "x"}, {"format", "exe"}},
                   "format: expected");
    expect_refused({{"kind", "learn"}, {"id", "a/b"}, {"uploads", {"u1"}}}, "id: expected");
    expect_refused({{"kind", "learn"}, {"id", "a"}, {"uploads", {"u1", "u2"}}}, "uploads: expected");
    expect_refused({{"kind", "prepare"}, {"uploads", "u1"}}, "uploads: expected");
    expect_refused({{"kind", "eval"}, {"person", "me"}, {"corpus", "j2"}}, "corpus: expected");
    expect_refused({{"kind", "talk"}, {"person", "me"}, {"text", std::string("a\0b", 3)}}, "no zero byte");
}

TEST_F(JobArguments, ProgressIsReadFromTheLog) {
    write_file(scratch_ / "log.txt",
               "\n[1 of 4] looking at the footage\nprepare  50 %  1/2 clips  0.5 clips/s  0:30 left\n");
    JobProgress now = read_job_log(scratch_ / "log.txt");
    EXPECT_EQ(now.step, "looking at the footage");
    EXPECT_NEAR(now.progress, 0.05, 1e-9);
    EXPECT_EQ(now.seconds_left, 30);
    write_file(scratch_ / "log.txt", "talk  100 steps\nvultus: [x] broken\n");
    now = read_job_log(scratch_ / "log.txt");
    EXPECT_EQ(now.message, "vultus: [x] broken");
    EXPECT_EQ(now.seconds_left, -1);
    EXPECT_EQ(read_job_log(scratch_ / "none.txt").message, "");
}

}  // namespace
}  // namespace vultus::serving
