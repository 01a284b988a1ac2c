#include "image_training/temporal_consistency.h"

#include <gtest/gtest.h>

#include "corpus/tiny_corpus_testonly.h"

namespace vultus::image_training {
namespace {

using torch::Tensor;

class SteadinessTest : public testing::Test {
  protected:
    static constexpr int kFrames = 12;

    ScratchFolder scratch_{"temporal_consistency-test"};
    corpus::TinyCorpus corpus_{scratch_ / "corpus", 2, kFrames};
    corpus::FrameCache cache_{corpus_.corpus, corpus::TinyCorpus::kSizePx};
    DeviceFrames frames_{cache_, torch::kCPU, 1};

    std::vector<std::int64_t> followed() const {
        std::vector<std::int64_t> frames;
        for (int t = 0; t + 1 < kFrames; ++t) frames.push_back(t);
        return frames;
    }

    /// Mean square recorded change around a place, by plain loops.
    double recorded_change(int x, int y) const {
        double sum = 0;
        for (int dy = -4; dy <= 4; ++dy)
            for (int dx = -4; dx <= 4; ++dx)
                for (const std::int64_t t : followed())
                    for (int c = 0; c < 3; ++c) {
                        const auto at = ((y + dy) * corpus::TinyCorpus::kSizePx + x + dx) * 3 + c;
                        sum += std::pow((cache_.frame(t + 1)[at] - cache_.frame(t)[at]) / 127.5, 2);
                    }
        return sum / (81.0 * 3 * static_cast<double>(followed().size()));
    }
};

TEST_F(SteadinessTest, CountsChangesOfTheErrorWhereTheRecordingsAreStill) {
    const TemporalConsistency temporal_consistency(frames_, 1.0, followed(), torch::kCPU);
    const std::int64_t size = corpus::TinyCorpus::kSizePx;
    const Tensor same = torch::randn({1, 3, size, size}).expand({4, -1, -1, -1}).clone();
    EXPECT_EQ(temporal_consistency(same, {0, 2}, torch::ones({2})).item<double>(), 0)
        << "an error that stays is not seen as flicker";

    // One value of the second sample is off; places of the mouth move, the others only change their shade.
    const auto value = [&](int x, int y, const std::vector<std::int64_t>& leaders) {
        Tensor error = same.clone();
        error[1][0][y][x] += 0.25;
        return temporal_consistency(error, leaders, torch::ones({static_cast<std::int64_t>(leaders.size())}))
            .item<double>();
    };
    constexpr double kUnseen = 0.1 / 127.5;
    for (const auto& [x, y] : {std::pair{10, 10}, std::pair{32, 47}}) {
        const double expected =
            0.25 * 0.25 / (recorded_change(x, y) + kUnseen * kUnseen) / (3.0 * 64 * 64) / 4;
        EXPECT_NEAR(value(x, y, {0}), expected, 1e-4 * expected);
    }
    EXPECT_GT(value(10, 10, {0}), 5 * value(32, 47, {0}));
    EXPECT_EQ(value(10, 10, {2}), 0);
    Tensor error = same.clone();
    error[1][0][10][10] += 0.25;
    EXPECT_EQ(temporal_consistency(error, {0, 2}, torch::tensor({0.0f, 1.0f})).item<double>(), 0)
        << "pairs that do not count";
    EXPECT_EQ(temporal_consistency(same, {}, torch::ones({0})).item<double>(), 0);
}

}  // namespace
}  // namespace vultus::image_training
