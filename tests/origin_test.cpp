// Marks of origin from outside: drawn video of the bundled person, spoilt and looked at; and who may leave
// the mark out.
#include "rendering/origin.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/output_file.h"
#include "base/scratch_folder.h"
#include "media/resize.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "run_program_testonly.h"

namespace vultus {
namespace {

namespace fs = std::filesystem;
using test::Finished;

const fs::path kSource = VULTUS_SOURCE_DIR;

/// Six seconds of the bundled person, drawn once.
class OriginTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        scratch_ = new ScratchFolder("origin-test");
        write_file(path("speech.wav"),
                   read_file(kSource / "samples/three-sentences.wav").substr(0, 44 + 6 * 32000));
        fs::copy_file(kSource / "models/grid-s1.vultus", path("me.vultus"));
        drawn_ = test::run("vultus", talk("drawn.mp4", {}));
    }
    static void TearDownTestSuite() {
        delete scratch_;
        scratch_ = nullptr;
    }
    static std::string path(const std::string& name) { return (*scratch_ / name).string(); }
    static std::vector<std::string> talk(const std::string& out, std::vector<std::string> more) {
        std::vector<std::string> arguments{"-q", "talk",   path("me.vultus"), path("speech.wav"),
                                           "-o", path(out)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }

    static ScratchFolder* scratch_;
    static Finished drawn_;
};
ScratchFolder* OriginTest::scratch_ = nullptr;
Finished OriginTest::drawn_;

TEST_F(OriginTest, DrawnVideoIsMarkedAndRecordingsAreNot) {
    ASSERT_EQ(drawn_.exit_code, 0) << drawn_.err;
    EXPECT_EQ(test::run("vultus", {"verify", path("drawn.mp4")}).exit_code, 0);
    const std::string recording = (kSource / "samples/bgwo2n.mkv").string();
    const Finished both = test::run("vultus", {"-q", "verify", "--json", path("drawn.mp4"), recording});
    EXPECT_EQ(both.exit_code, 1);
    const auto json = nlohmann::json::parse(both.out);
    ASSERT_EQ(json.size(), 2u);
    EXPECT_TRUE(json[0]["metadata"]["synthetic"].get<bool>());
    EXPECT_EQ(json[0]["metadata"]["person_file"], "me.vultus");
    EXPECT_EQ(json[0]["metadata"]["licence"], "CC BY 4.0");
    EXPECT_TRUE(json[0]["picture"]["marked"].get<bool>());
    EXPECT_LT(json[0]["picture"]["log10_false_alarm"].get<double>(), -50);
    EXPECT_NEAR(json[0]["picture"]["scale"].get<double>(), 1, 0.03);
    EXPECT_FALSE(json[1]["metadata"]["synthetic"].get<bool>());
    EXPECT_FALSE(json[1]["picture"]["marked"].get<bool>());
}

TEST_F(OriginTest, VerifySaysWhatIsNoVideo) {
    const Finished end = test::run("vultus", {"-q", "verify", path("speech.wav"), path("absent.mp4")});
    EXPECT_EQ(end.exit_code, 2);
    EXPECT_EQ(end.complaints().size(), 2u) << end.err;
    EXPECT_EQ(test::run("vultus", {"verify"}).exit_code, 2);
}

TEST_F(OriginTest, TheMarkOutlivesACropHalfTheSizeAndCrf28) {
    ASSERT_EQ(drawn_.exit_code, 0);
    media::VideoReader reader(path("drawn.mp4"));
    media::VideoWriterOptions options;
    options.width = options.height = 102;
    options.crf = 28;
    media::VideoWriter writer(path("spoilt.mp4"), options);
    media::Image image;
    while (reader.read(image)) {
        image = media::crop_and_resize(image, {37, 21, 204, 204}, 102);
        writer.write_frame(image.rgb.data());
    }
    writer.finish();
    const rendering::Origin origin = rendering::find_origin(path("spoilt.mp4"));
    EXPECT_FALSE(origin.note.synthetic);
    EXPECT_TRUE(origin.mark.found) << origin.mark.log10_false_alarm;
    EXPECT_NEAR(origin.mark.scale, 0.5, 0.02);
}

TEST_F(OriginTest, OnlyTheOwnerLeavesTheMarkOut) {
    const Finished own = test::run("vultus", talk("unmarked.mp4", {"--no-mark"}));
    EXPECT_EQ(own.exit_code, 0) << own.err;
    EXPECT_NE(own.err.find("no mark of origin"), std::string::npos) << own.err;
    const rendering::Origin origin = rendering::find_origin(path("unmarked.mp4"));
    EXPECT_TRUE(origin.note.synthetic);  // the metadata stay
    EXPECT_FALSE(origin.mark.found);
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    ASSERT_EQ(::chown(path("me.vultus").c_str(), 12345, static_cast<gid_t>(-1)), 0);
    const Finished other = test::run("vultus", talk("none.mp4", {"--no-mark"}));
    ASSERT_EQ(::chown(path("me.vultus").c_str(), ::geteuid(), static_cast<gid_t>(-1)), 0);
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_NE(other.err.find("belongs to user 12345"), std::string::npos) << other.err;
    EXPECT_FALSE(fs::exists(path("none.mp4")));
}

TEST(OriginNote, IsReadBackAsWritten) {
    person::Card card;
    card.name = "A; B";
    card.licence = "CC0";
    const rendering::OriginNote note =
        rendering::read_origin_note(rendering::origin_note(card, "x/me.vultus"));
    EXPECT_TRUE(note.synthetic);
    EXPECT_EQ(note.person_file, "me.vultus");
    EXPECT_EQ(note.person, "A; B");
    EXPECT_EQ(note.licence, "CC0");
    EXPECT_EQ(note.attribution, "");
    EXPECT_FALSE(rendering::read_origin_note("holidays").synthetic);
}

}  // namespace
}  // namespace vultus
