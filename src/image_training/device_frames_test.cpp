#include "image_training/device_frames.h"

#include <gtest/gtest.h>

#include <cmath>

#include "corpus/tiny_corpus_testonly.h"
#include "image_training/noise_bank.h"

namespace vultus::image_training {
namespace {

using torch::Tensor;

TEST(DeviceFrames, GivesTheBytesOfTheCache) {
    const ScratchFolder scratch("device-frames-test");
    const corpus::TinyCorpus tiny(scratch / "corpus", 2, 6);
    const corpus::FrameCache cache(tiny.corpus, corpus::TinyCorpus::kSizePx);
    DeviceFrames frames(cache, torch::kCPU, 3);
    frames.fetch({4, 0, 11});
    const Tensor current = frames.current();
    ASSERT_EQ(current.sizes().vec(), (std::vector<std::int64_t>{3, 3, 64, 64}));
    EXPECT_TRUE(torch::equal(current, frames.at({4, 0, 11})));
    for (const auto& [row, frame] : {std::pair{0, 4}, std::pair{2, 11}})
        for (int k = 0; k < 3 * 64 * 64; k += 37)
            ASSERT_EQ(current[row][k % 3][k / 3 / 64][k / 3 % 64].item<int>(), cache.frame(frame)[k]) << k;
}

TEST(DeviceFrames, MeasuresMeanAndDeviation) {
    const ScratchFolder scratch("device-frames-test");
    const corpus::TinyCorpus tiny(scratch / "corpus", 2, 6);
    const corpus::FrameCache cache(tiny.corpus, corpus::TinyCorpus::kSizePx);
    const std::vector<std::int64_t> chosen{1, 2, 8};
    const FrameStatistics seen = measure_frames({cache, torch::kCPU, 1}, chosen);
    double variance = 0;
    for (int k = 0; k < 3 * 64 * 64; ++k) {
        double sum = 0, squares = 0;
        for (const std::int64_t frame : chosen) {
            sum += cache.frame(frame)[k];
            squares += std::pow(cache.frame(frame)[k], 2);
        }
        variance += (squares / 3 - std::pow(sum / 3, 2)) / (3 * 64 * 64);
        ASSERT_EQ(seen.mean[k % 3][k / 3 / 64][k / 3 % 64].item<double>(), std::lround(sum / 3)) << k;
    }
    EXPECT_NEAR(seen.deviation, std::sqrt(variance), 1e-6);
}

TEST(NoiseBank, PiecesAreStandardNormalAndDependOnSeedAndPlaceAlone) {
    const NoiseBank bank(7, 3000, torch::kCPU), same(7, 3000, torch::kCPU), other(8, 3000, torch::kCPU);
    Rng rng(1);
    std::vector<std::int64_t> places;
    for (int i = 0; i < 64; ++i) places.push_back(NoiseBank::draw_place(rng));
    const Tensor index = torch::tensor(places);
    const Tensor drawn = bank.pieces(index, 3000);
    ASSERT_EQ(drawn.sizes().vec(), (std::vector<std::int64_t>{64, 3000}));
    EXPECT_TRUE(torch::equal(drawn, same.pieces(index, 3000)));
    EXPECT_TRUE(torch::equal(drawn[5], bank.pieces(index.narrow(0, 5, 1), 3000)[0]));
    EXPECT_FALSE(torch::equal(drawn, other.pieces(index, 3000)));
    EXPECT_NEAR(drawn.mean().item<double>(), 0, 0.02);  // 192,000 values: deviation of the mean 0.0023
    EXPECT_NEAR(drawn.std().item<double>(), 1, 0.02);
    EXPECT_NEAR((drawn[0] * drawn[1]).mean().item<double>(), 0, 0.1) << "pieces are independent";
}

}  // namespace
}  // namespace vultus::image_training
