#include <gtest/gtest.h>

#include "../apps/train/arguments.h"
#include "../apps/train/option_table.h"
#include "base/error.h"

namespace vultus::train {
namespace {

std::optional<training_loop::TrainOptions> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "vultus-train");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    return parse_arguments(static_cast<int>(argv.size()), argv.data());
}

void expect_refused(const std::vector<std::string>& words, const std::string& says) {
    try {
        parse(words);
        FAIL() << "accepted; expected: " << says;
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
        EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
    }
}

TEST(Duration, EveryUnit) {
    EXPECT_EQ(parse_duration_s("90"), 90);
    EXPECT_EQ(parse_duration_s("90s"), 90);
    EXPECT_EQ(parse_duration_s("60min"), 3600);
    EXPECT_EQ(parse_duration_s("1.5m"), 90);
    EXPECT_EQ(parse_duration_s("2h"), 7200);
    EXPECT_EQ(parse_duration_s("0.5h"), 1800);
}

TEST(Duration, NonsenseIsRefused) {
    for (const char* text : {"", "h", "min", "-5s", "0", "2 h", "2days", "nan", "inf", "1e999", "5ss", "0x"})
        EXPECT_THROW(parse_duration_s(text), Error) << text;
}

TEST(Arguments, AllOptions) {
    const auto options = parse({"me.corpus",
                                "-o",
                                "me.vultus",
                                "--preset",
                                "paper",
                                "--size",
                                "128",
                                "--steps",
                                "7",
                                "--stage",
                                "dae",
                                "--from",
                                "other.vultus",
                                "--device",
                                "cuda:1",
                                "--threads",
                                "3",
                                "--batch",
                                "5",
                                "--seed",
                                "42",
                                "--learning-rate",
                                "1e-3",
                                "--freeze-encoder-at",
                                "0.25",
                                "--full-noise",
                                "0.75",
                                "--teacher",
                                "t.vultus",
                                "--distill",
                                "consistency",
                                "--teacher-steps",
                                "16",
                                "--mouth-weight",
                                "2",
                                "--checkpoint-every",
                                "3min",
                                "--temporal-weight",
                                "0.25",
                                "--no-calibration",
                                "--restart",
                                "--name",
                                "Ada",
                                "--licence",
                                "CC0",
                                "--consent",
                                "given"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->corpus, "me.corpus");
    EXPECT_EQ(options->out, "me.vultus");
    EXPECT_EQ(options->preset, "paper");
    EXPECT_EQ(options->size_px, 128);
    EXPECT_EQ(options->steps, 7);
    EXPECT_EQ(options->stage, "dae");
    EXPECT_EQ(options->from, "other.vultus");
    EXPECT_EQ(options->device, "cuda:1");
    EXPECT_EQ(options->num_threads, 3);
    EXPECT_EQ(options->batch, 5);
    EXPECT_EQ(options->seed, 42u);
    EXPECT_EQ(options->learning_rate, 1e-3);
    EXPECT_EQ(options->freeze_encoder_at, 0.25);
    EXPECT_EQ(options->full_noise, 0.75);
    EXPECT_EQ(options->teacher, "t.vultus");
    EXPECT_EQ(options->distill, "consistency");
    EXPECT_EQ(options->teacher_steps, 16);
    EXPECT_EQ(options->mouth_weight, 2);
    EXPECT_EQ(options->checkpoint_every_s, 180);
    EXPECT_EQ(options->temporal_weight, 0.25);
    EXPECT_FALSE(options->calibrate);
    EXPECT_TRUE(options->restart);
    EXPECT_EQ(options->card.name, "Ada");
    EXPECT_EQ(options->card.consent, "given");
}

TEST(Arguments, DefaultsAndOrder) {
    const auto options = parse({"--out", "b.vultus", "a.corpus"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->size_px, 0) << "the corpus decides";
    EXPECT_EQ(options->stage, "all");
    EXPECT_EQ(options->speech.filename(), "speech-small.safetensors") << "the bundled encoder";
    EXPECT_TRUE(parse({"a.corpus", "-o", "b", "--speech", "log_mel"})->speech.empty());
    EXPECT_EQ(parse({"a.corpus", "-o", "b", "--speech", "my.safetensors"})->speech, "my.safetensors");
    EXPECT_FALSE(options->restart);
    EXPECT_TRUE(options->calibrate);
    testing::internal::CaptureStdout();
    EXPECT_FALSE(parse({"--help"}));
    EXPECT_NE(testing::internal::GetCapturedStdout().find("--budget TIME"), std::string::npos);
}

TEST(Arguments, FormerNamesStillWorkButAreNotShown) {
    const auto options = parse({"a.speech", "-o", "b", "--steady-weight", "0.5", "--hindsight-alone"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->temporal_weight, 0.5);
    EXPECT_TRUE(options->non_causal_only);
    testing::internal::CaptureStdout();
    EXPECT_FALSE(parse({"--help"}));
    const std::string help = testing::internal::GetCapturedStdout();
    EXPECT_NE(help.find("--temporal-weight X"), std::string::npos);
    EXPECT_EQ(help.find("--steady-weight"), std::string::npos);
    EXPECT_EQ(help.find("--hindsight-alone"), std::string::npos);
}

TEST(Arguments, EveryOptionOfTheTableIsTaken) {
    for (const OptionText& option : option_table()) {
        const std::string names = option.names, name = names.substr(0, names.find(','));
        std::vector<std::string> words{"a.corpus", "-o", "b.vultus", name};
        if (option.value) words.push_back("1");
        if (name == "--teacher-steps") words.back() = "4";
        if (name == "--size") words.back() = "128";
        if (name == "--stage") words.back() = "all";
        EXPECT_TRUE(parse(words)) << name;
    }
}

TEST(Arguments, MistakesAreNamed) {
    expect_refused({}, "expected a corpus");
    expect_refused({"a.corpus"}, "-o PERSON");
    expect_refused({"a", "b", "-o", "c"}, "expected one corpus");
    expect_refused({"a", "-o"}, "-o: expected FILE");
    expect_refused({"a", "-o", "b", "--fast"}, "unknown option --fast");
    expect_refused({"a", "-o", "b", "--bacth", "2"}, "unknown option --bacth; did you mean --batch?");
    expect_refused({"a", "-o", "b", "--batch", "0"}, "--batch: expected 1 to");
    expect_refused({"a", "-o", "b", "--batch", "two"}, "got 'two'");
    expect_refused({"a", "-o", "b", "--batch", "2.5"}, "whole number");
    expect_refused({"a", "-o", "b", "--steps", "-1"}, "--steps");
    expect_refused({"a", "-o", "b", "--learning-rate", "nan"}, "--learning-rate");
    expect_refused({"a", "-o", "b", "--stage", "both"}, "dae, speech, all, phones or speed");
    expect_refused({"a", "-o", "b", "--budget", "soon"}, "duration");
}

}  // namespace
}  // namespace vultus::train
