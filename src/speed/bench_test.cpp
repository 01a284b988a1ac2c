#include "speed/bench.h"

#include <gtest/gtest.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "person/random_person.h"
#include "speed/bench_process.h"
#include "speed/times.h"

namespace vultus::speed {
namespace {

TEST(Times, MeanMedianAndNearestRank) {
    Times times;
    for (int i = 100; i >= 1; --i) times.add(i, 2 * i);
    EXPECT_DOUBLE_EQ(times.mean_ms(), 50.5);
    EXPECT_DOUBLE_EQ(times.median_ms(), 50);
    EXPECT_DOUBLE_EQ(times.p99_ms(), 99);
    EXPECT_DOUBLE_EQ(times.highest_ms(), 100);
    EXPECT_DOUBLE_EQ(times.cpu_median_ms(), 100);
}

TEST(Times, CountsTheProcessAndItsMemory) {
    give_back_memory();
    const double before = memory_mb();
    {
        std::vector<char> block(64u << 20, 1);
        EXPECT_GT(memory_mb(), before + 50) << block[5];
    }
}

/// A person file in a folder of its own, and a bench of it that takes a second.
class BenchTest : public testing::Test {
  protected:
    void SetUp() override {
        Progress::set_quiet(true);
        options_.person = std::filesystem::path(testing::TempDir()) / "bench-test.vultus";
        person::save_person(options_.person, person::random_person("live", 64));
        options_.threads = {1, 2};
        options_.steps = {1, 2};
        options_.sizes_px = {64};
        options_.seconds = 0.05;
        options_.soak_s = 0.2;
    }
    void TearDown() override {
        set_cancel_requested(false);
        std::filesystem::remove(options_.person);
    }
    BenchOptions options_;
};

TEST_F(BenchTest, MeasuresEveryStage) {
    const nlohmann::json report = bench(options_);
    std::map<std::string, int> stages;
    for (const nlohmann::json& row : report["rows"]) {
        ++stages[row["stage"].get<std::string>().substr(0, 6)];
        EXPECT_GT(row["median_ms"].get<double>(), 0) << row;
        EXPECT_GE(row["p99_ms"].get<double>(), row["median_ms"].get<double>()) << row;
    }
    const std::map<std::string, int> want = {{"sound ", 2}, {"latent", 4}, {"decode", 4}, {"colour", 2},
                                             {"H.264 ", 2}, {"whole,", 2}, {"paced ", 1}};
    EXPECT_EQ(stages, want);
    EXPECT_FALSE(report["sizes"][0]["random_weights"].get<bool>());
    EXPECT_EQ(report["goals"].size(), 6u) << report["goals"];
    for (const nlohmann::json& goal : report["goals"])
        EXPECT_EQ(goal["reached"].get<bool>(), goal["measured"] <= goal["goal"]) << goal;
    // The frame that shows the first sound cannot come before the 72.5 ms that it waits for.
    EXPECT_GT(report["first_sound_to_frame"]["when_ready"]["median_ms"].get<double>(), 70);
    EXPECT_NE(format_bench(report).find("| 64 | 2 | decode | 2 |"), std::string::npos)
        << format_bench(report);
}

TEST(BenchProcess, TellsWhenBytesComeAndWhatWasHeld) {
    const ProcessFigures figures = measure_process(
        "/bin/sh", {"-c", "sleep 0.1; head -c 1000 /dev/zero; sleep 0.1; head -c 1000 /dev/zero"}, 1000);
    EXPECT_GE(figures.first_bytes_s, 0.1);
    EXPECT_GE(figures.whole_s, figures.first_bytes_s + 0.09);
    EXPECT_GT(figures.peak_memory_mb, 0.1);
    EXPECT_THROW(measure_process("/bin/sh", {"-c", "echo"}, 1000), Error);
    EXPECT_THROW(measure_process("/bin/sh", {"-c", "exit 3"}, 0), Error);
    EXPECT_THROW(measure_process("/nonexistent", {}, 0), Error);
}

TEST_F(BenchTest, StopsWhenAsked) {
    set_cancel_requested(true);
    EXPECT_THROW(bench(options_), Error);
}

TEST_F(BenchTest, SaysWhatCannotBeMeasured) {
    options_.threads = {0};
    EXPECT_THROW(bench(options_), Error);
    options_.threads = {1};
    options_.sizes_px = {100};
    EXPECT_THROW(bench(options_), Error);
}

TEST(RandomPerson, SpeaksAndCosts) {
    const person::Person person = person::random_person("live", 128);
    EXPECT_TRUE(person.can_speak());
    // The sum of all windows of attention grows with the length once it is longer than they are.
    EXPECT_EQ(person::speech_macs(person.model, 200),
              2 * person::speech_macs(person.model, 100) - person::speech_macs(person.model, 0));
    EXPECT_GT(person::unet_macs(person::random_person("live", 256).model), person::unet_macs(person.model));
}

}  // namespace
}  // namespace vultus::speed
