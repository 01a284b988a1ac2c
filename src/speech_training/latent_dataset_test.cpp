// Linear maps between latents and what is measured in the images.
#include "speech_training/latent_dataset.h"

#include <gtest/gtest.h>

#include <cmath>

#include "speech_training/lip_shape.h"

namespace vultus::speech_training {
namespace {

using torch::Tensor;

TEST(LatentDataset, RidgeFindsTheLineThroughExactPoints) {
    torch::manual_seed(1);
    const Tensor x = torch::randn({200, 3}), slope = torch::randn({3, 2});
    const Tensor weights = ridge(x, x.matmul(slope) + 0.7, 1e-6);
    EXPECT_LT((weights.narrow(0, 0, 3) - slope).abs().max().item<double>(), 1e-4);
    EXPECT_LT((weights[3] - 0.7).abs().max().item<double>(), 1e-4);
}

TEST(LatentDataset, ADirectionLosesItsLipsAndNothingElse) {
    torch::manual_seed(2);
    // Latents 0 and 1 are the lips' opening and width, the others something else.
    const Tensor z = torch::randn({500, 6});
    Tensor mouth = torch::zeros({500, 20, 2});
    for (const int lower : {17, 18, 19}) mouth.select(1, lower).select(1, 1).copy_(z.select(1, 0));
    mouth.select(1, 6).select(1, 0).copy_(z.select(1, 1));
    mouth = mouth.view({500, 40});
    ASSERT_LT((lips_of(mouth) - z.narrow(1, 0, 2)).abs().max().item<double>(), 1e-6);
    const Tensor direction = torch::tensor({0.5, -2.0, 1.0, 0.0, 3.0, 0.0});
    const Tensor rest = without_lip_motion(direction, z, mouth);
    EXPECT_LT(rest.narrow(0, 0, 2).abs().max().item<double>(), 0.1);
    EXPECT_LT((rest - direction).narrow(0, 2, 4).abs().max().item<double>(), 0.3);
    // Lips that never move leave the direction as it is.
    EXPECT_LT(
        (without_lip_motion(direction, z, torch::zeros({500, 40})) - direction).abs().max().item<double>(),
        1e-6);
}

/// Three training clips, whose means lie on a line, and one that validates far away.
std::vector<LatentClip> clips_on_a_line() {
    std::vector<LatentClip> clips;
    for (const double mean : {1.0, 3.0, 11.0, 100.0}) {
        LatentClip clip;
        clip.validation = mean > 50;
        clip.audio.assign(25 * 640, 0.01f);
        clip.latent_mean = torch::tensor({mean, -mean}, torch::kFloat32);
        clip.latents = torch::randn({25, 2});
        clip.pose_mean = torch::tensor({mean, 0.0, 2 * mean}, torch::kFloat32);
        clip.pose_deg = torch::randn({25, 3});
        clip.mouth = torch::randn({25, 40});
        clip.opening = torch::rand({25});
        clip.blink = torch::zeros({25});
        clip.valid.assign(25, 1);
        clips.push_back(clip);
    }
    return clips;
}

TEST(LatentDataset, HeadMotionIsThatOfWholeRunsWithAFace) {
    torch::manual_seed(2);
    std::vector<LatentClip> clips = clips_on_a_line();
    clips[1].valid[10] = 0;  // no whole second left
    person::Person person;
    person.stats.pose_motion.assign(300, 9.0f);  // of the person that training starts from
    person.stats.motion_clips = {100};
    const person::Stats stats = measure_stats(clips, person);
    EXPECT_EQ(stats.motion_clips, (std::vector<float>{25, 25}));
    ASSERT_EQ(stats.pose_motion.size(), 150u);
    for (int k = 0; k < 3; ++k)
        EXPECT_NEAR(
            stats.pose_motion[75 + static_cast<std::size_t>(k)] * stats.pose_std[static_cast<std::size_t>(k)],
            clips[2].pose_deg[0][k].item<float>(), 1e-5);
}

TEST(LatentDataset, ABlinkIsAsStrongAsTheRecordedOnes) {
    torch::manual_seed(2);
    std::vector<LatentClip> clips = clips_on_a_line();
    const std::vector<float> recorded = {0.1f, 0.4f, 0.5f, 0.3f, 0.2f};  // from the third frame before it on
    for (LatentClip& clip : clips)
        for (std::size_t k = 0; k < recorded.size(); ++k)
            clip.blink[static_cast<std::int64_t>(8 + k)] = recorded[k];
    person::Person person;
    const person::Stats stats = measure_stats(clips, person);
    ASSERT_EQ(stats.blink_shape.size(), 9u);
    for (std::size_t k = 0; k < stats.blink_shape.size(); ++k)
        EXPECT_NEAR(stats.blink_shape[k], k >= 2 && k < 7 ? recorded[k - 2] : 0, 1e-6) << k;
    EXPECT_NEAR(stats.blinks_per_minute, 60, 1e-6);  // one of a second each
}

TEST(LatentDataset, ThePostureLiesHalfWayFromTheMostUsualClipToTheMean) {
    torch::manual_seed(1);
    person::Person person;
    const person::Stats stats = measure_stats(clips_on_a_line(), person);
    // The mean of the means is 5, the clip at 3 the nearest to it, the deviation of the means 4.32.
    EXPECT_NEAR(stats.latent_mean[0], 4, 1e-5);
    EXPECT_NEAR(stats.latent_mean[1], -4, 1e-5);
    EXPECT_NEAR(stats.reference[0], -1 / std::sqrt(56.0 / 3), 1e-5);
    EXPECT_NEAR(stats.reference[1], 1 / std::sqrt(56.0 / 3), 1e-5);
    EXPECT_NEAR(stats.pose_mean[0], 4, 1e-5);
    EXPECT_NEAR(stats.pose_mean[2], 8, 1e-5);
}

}  // namespace
}  // namespace vultus::speech_training
