#include "image_training/face_regions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "corpus/tiny_corpus_testonly.h"
#include "image_training/critic.h"

namespace vultus::image_training {
namespace {

using torch::Tensor;

/// Frames 0.. of the drawn face, eyes shut in every fifth.
FaceRegions drawn_places(int frames) {
    FaceRegions places(corpus::TinyCorpus::kSizePx);
    for (int t = 0; t < frames; ++t)
        places.add(t, corpus::TinyCorpus::landmarks(0.1 * t, t % 5 == 0).data(), 1.0);
    places.finish(torch::kCPU);
    return places;
}

TEST(FaceRegions, WeightsStandAtTheMouthAndTheEyes) {
    const Tensor weights = drawn_places(2).region_weights(torch::tensor({0, 1}), 9, 5);
    ASSERT_EQ(weights.sizes().vec(), (std::vector<std::int64_t>{2, 1, 64, 64}));
    const auto at = [&](int frame, int x, int y) { return weights[frame][0][y][x].item<float>(); };
    for (const int frame : {0, 1}) {
        EXPECT_FLOAT_EQ(at(frame, 32, 47), 9);  // mouth
        EXPECT_FLOAT_EQ(at(frame, 22, 24), 5);  // eyes
        EXPECT_FLOAT_EQ(at(frame, 42, 24), 5);
        EXPECT_FLOAT_EQ(at(frame, 2, 2), 1);
    }
    EXPECT_LT(at(0, 32, 53), 9);  // softly down to the chin
    EXPECT_GT(at(0, 32, 53), 1);
}

TEST(FaceRegions, ShapesForgetPlaceAndSizeAndAreNormalised) {
    const FaceRegions places = drawn_places(20);
    const Tensor shapes = places.shapes(torch::arange(20));
    EXPECT_LT(shapes.mean(0).abs().max().item<float>(), 1e-3);
    const Tensor moving = shapes.std(0, /*unbiased=*/false) > 0.5;
    EXPECT_GT(moving.sum().item<std::int64_t>(), 20) << "lips and lids move";

    std::vector<float> face = corpus::TinyCorpus::landmarks(0.7, true), moved = face;
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] = moved[i] * 1.5f + 7;
    std::vector<float> a(40), b(40);
    corpus::centred_points(face.data(), corpus::inter_ocular_distance(face.data()), 48, 68, a.data());
    corpus::centred_points(moved.data(), corpus::inter_ocular_distance(moved.data()), 48, 68, b.data());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5);
}

TEST(FaceRegions, WeightsEqualPlainLoops) {
    FaceRegions places(corpus::TinyCorpus::kSizePx);
    const std::vector<float> face = corpus::TinyCorpus::landmarks(0.6, false);
    places.add(0, face.data(), 1.0);
    places.finish(torch::kCPU);
    const Tensor weights = places.region_weights(torch::tensor({0}), 9, 5);
    constexpr int kRanges[3][2] = {{48, 68}, {36, 42}, {42, 48}};
    for (int y = 0; y < 64; y += 3)
        for (int x = 0; x < 64; x += 2) {
            double expected = 1;
            for (int part = 0; part < 3; ++part) {
                double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
                for (int i = kRanges[part][0]; i < kRanges[part][1]; ++i)
                    for (int axis = 0; axis < 2; ++axis) {
                        low[axis] = std::min(low[axis], static_cast<double>(face[2 * i + axis]));
                        high[axis] = std::max(high[axis], static_cast<double>(face[2 * i + axis]));
                    }
                double square = 0;
                bool near = true;
                for (int axis = 0; axis < 2; ++axis) {
                    const double at = axis == 0 ? x : y;
                    const double apart = std::max({low[axis] - at, at - high[axis], 0.0}) / (0.05 * 64);
                    near = near && apart < 2;
                    square += apart * apart;
                }
                if (near) expected += ((part == 0 ? 9 : 5) - 1) * std::exp(-2 * square);
            }
            EXPECT_NEAR(weights[0][0][y][x].item<double>(), expected, 1e-4) << x << " " << y;
        }
}

TEST(FaceRegions, CornersStayInTheImage) {
    FaceRegions places(corpus::TinyCorpus::kSizePx);
    std::vector<float> face = corpus::TinyCorpus::landmarks(0.5, false);
    places.add(0, face.data(), 1.0);
    for (float& value : face) value += 40;
    places.add(1, face.data(), 1.0);
    places.finish(torch::kCPU);
    const Tensor corners = places.corners(torch::tensor({0, 1}), 16);
    EXPECT_TRUE(torch::equal(corners[0], torch::tensor({{24, 39}, {24, 16}})))  // mouth at 32, 47, eyes at 24
        << corners[0];
    EXPECT_TRUE(torch::equal(corners[1][0], torch::tensor({48, 48}))) << corners[1];
}

TEST(Critic, CutsThePatchesOutOfTheImage) {
    const FaceRegions places = drawn_places(2);
    const Tensor mean = torch::rand({3, 64, 64});
    const Critic critic(torch::kCPU, 1, places, mean, 0.5);
    const Tensor images = torch::rand({2, 3, 64, 64});
    const Tensor patches = critic.patches(images, torch::tensor({0, 1}));
    ASSERT_EQ(patches.sizes().vec(), (std::vector<std::int64_t>{4, 4, 16, 16}));
    const Tensor corners = places.corners(torch::tensor({1}), 16)[0][1];
    const std::int64_t corner[2] = {corners[0].item<std::int64_t>(), corners[1].item<std::int64_t>()};
    for (int c = 0; c < 3; ++c)
        EXPECT_FLOAT_EQ(patches[3][c][5][2].item<float>(), (images[1][c][corner[1] + 5][corner[0] + 2] * 0.5 +
                                                            mean[c][corner[1] + 5][corner[0] + 2])
                                                               .item<float>());
    EXPECT_EQ(patches[0][3].min().item<float>(), 1);
    EXPECT_EQ(patches[1][3].max().item<float>(), -1);
}

TEST(Critic, LearnsToTellAndComplainsLessAboutRecordings) {
    const FaceRegions places = drawn_places(1);
    Critic critic(torch::kCPU, 1, places, torch::zeros({3, 64, 64}), 1.0);
    torch::manual_seed(3);
    const Tensor weights = torch::full({8}, 1.0 / 8), rate = torch::full({}, 2e-3, torch::kFloat64);
    const auto crisp = [] {
        return torch::cat({torch::randn({8, 3, 16, 16}), torch::ones({8, 1, 16, 16})}, 1);
    };
    const auto soft = [] {
        return torch::cat({torch::randn({8, 3, 16, 16}) * 0.3, torch::ones({8, 1, 16, 16})}, 1);
    };
    const auto difference = [&] {  // between what it says about soft and about crisp images
        torch::manual_seed(5);
        const Tensor recorded = crisp();
        torch::NoGradGuard no_grad;
        return (critic.generator_loss(soft(), recorded, weights) -
                critic.generator_loss(recorded, recorded, weights))
            .item<double>();
    };
    const double before = difference();
    for (int step = 0; step < 60; ++step) {
        critic.gradients(soft(), crisp(), weights);
        critic.update(rate);
    }
    EXPECT_GT(difference(), before + 0.5);
}

}  // namespace
}  // namespace vultus::image_training
