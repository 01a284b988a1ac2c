// `vultus calibrate`, its answers where nothing can be calibrated.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "corpus/tiny_corpus_testonly.h"
#include "evaluation/lip_calibration.h"
#include "run_program_testonly.h"
#include "tiny_person_testonly.h"

namespace vultus {
namespace {

using corpus::TinyCorpus;
using evaluation::LandmarkSource;

/// Sees the same face in every image, or none.
class FixedFace : public LandmarkSource {
  public:
    explicit FixedFace(bool there) : there_(there) {}
    bool observe(const media::Image&, float* landmarks_px) override {
        const std::vector<float> face = TinyCorpus::landmarks(0.4, false);
        std::copy(face.begin(), face.end(), landmarks_px);
        return there_;
    }
    double confidence() const override { return there_ ? 1 : 0; }

  private:
    bool there_;
};

class Calibrate : public testing::Test {
  protected:
    void SetUp() override {
        Progress::set_quiet(true);
        person_.stats.lip_probe.assign(32, 0.01f);
    }
    evaluation::Calibration calibrate(bool face) {
        return evaluation::calibrate_lips(person_, corpus_.corpus,
                                          [face] { return std::make_unique<FixedFace>(face); }, {1, 60});
    }
    ErrorCode refusal() {
        try {
            calibrate(true);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::kInternal;
    }
    std::string path(const std::string& name) const { return (scratch_ / name).string(); }

    ScratchFolder scratch_{"calibrate-test"};
    TinyCorpus corpus_{scratch_ / "tiny.corpus"};
    person::Person person_ = test::tiny_person();
};

TEST_F(Calibrate, APersonWhoseLipsCannotBeReadStaysAsItIs) {
    for (const bool face : {false, true}) {
        const evaluation::Calibration done = calibrate(face);
        EXPECT_FALSE(done.applied);
        EXPECT_NE(done.summary.find(face ? "follow the latents by r" : "no face found"), std::string::npos)
            << done.summary;
        EXPECT_EQ(done.person.weights.at("speech.out.weight").bytes,
                  person_.weights.at("speech.out.weight").bytes);
        EXPECT_EQ(done.person.stats.lip_probe, person_.stats.lip_probe);
    }
}

TEST_F(Calibrate, OneLongRecordingIsEnough) {
    for (std::size_t i = 1; i < corpus_.corpus.clips.size(); ++i) corpus_.corpus.clips[i].kept = false;
    const evaluation::Calibration done = evaluation::calibrate_lips(
        person_, corpus_.corpus, [] { return std::make_unique<FixedFace>(false); }, {1, 10});
    EXPECT_NE(done.summary.find("10 of 10 drawn frames"), std::string::npos) << done.summary;
}

TEST_F(Calibrate, PersonsAndCorporaThatDoNotFit) {
    const person::Person whole = person_;
    person_.stats.lip_probe.clear();
    EXPECT_EQ(refusal(), ErrorCode::kUnsupported) << "of before";
    person_ = whole;
    person_.stats.latent_mean.clear();
    EXPECT_EQ(refusal(), ErrorCode::kUnsupported) << "pictures only";
    person_ = whole;
    person_.fps_num = 30;
    EXPECT_EQ(refusal(), ErrorCode::kInvalidArgument) << "another frame rate";
    person_ = whole;
    for (corpus::Clip& clip : corpus_.corpus.clips) clip.split = corpus::Split::kValidation;
    EXPECT_EQ(refusal(), ErrorCode::kInvalidArgument) << "nothing to train on";
}

TEST_F(Calibrate, TheCorrectionReachesTheSpeechNetwork) {
    evaluation::LipCorrection twice;
    twice.matrix.assign(16 * 16, 0.0f);
    for (std::size_t d = 0; d < 16; ++d) twice.matrix[17 * d] = 2;
    twice.drawn_probe.assign(32, 0.5f);
    person::Person changed = person_;
    evaluation::apply(twice, changed);
    for (const char* name : {"speech.out.weight", "speech.out.bias"}) {
        const std::vector<float> before = person_.weights.at(name).to_f32(),
                                 after = changed.weights.at(name).to_f32();
        ASSERT_EQ(after.size(), before.size());
        for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i], 2 * before[i]);
    }
    EXPECT_EQ(changed.stats.lip_probe, twice.drawn_probe);
}

TEST_F(Calibrate, TheCommandSaysWhatIsMissing) {
    const std::string corpus = path("tiny.corpus"), person = path("me.vultus");
    const auto says = [&](const std::vector<std::string>& arguments, int exit_code, const std::string& what) {
        const test::Finished end = test::run("vultus", arguments);
        EXPECT_EQ(end.exit_code, exit_code) << end.err;
        EXPECT_NE(end.err.find(what), std::string::npos) << end.err;
    };
    says({"calibrate", person, corpus}, 1, "me.vultus");
    person_.stats.lip_probe.clear();
    person::save_person(person, person_);
    const std::string before = read_file(person);
    says({"calibrate", person, path("absent.corpus")}, 1, "absent.corpus");
    says({"calibrate", person, corpus}, 1, "train its speech again");
    says({"calibrate", person, corpus, "--after-training"}, 0, "lips left as they are");
    EXPECT_NE(test::run("vultus", {"calibrate", person, corpus, "--frames", "5"}).exit_code, 0);
    EXPECT_EQ(read_file(person), before);
}

}  // namespace
}  // namespace vultus
