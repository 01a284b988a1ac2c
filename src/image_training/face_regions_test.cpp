#include "image_training/face_regions.h"

#include <gtest/gtest.h>

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
    places.normalise_shapes();
    return places;
}

TEST(FaceRegions, WeightsStandAtTheMouthAndTheEyes) {
    const Tensor weights = drawn_places(2).region_weights({0, 1}, 9, 5);
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
    std::vector<std::int64_t> all(20);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    const Tensor shapes = places.shapes(all);
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

TEST(FaceRegions, CornersStayInTheImage) {
    FaceRegions places(corpus::TinyCorpus::kSizePx);
    std::vector<float> face = corpus::TinyCorpus::landmarks(0.5, false);
    places.add(0, face.data(), 1.0);
    EXPECT_EQ(places.corners(0, 16)[0], (std::array<std::int64_t, 2>{24, 39}));  // around the mouth at 32, 47
    EXPECT_EQ(places.corners(0, 16)[1], (std::array<std::int64_t, 2>{24, 16}));  // around the eyes at 32, 24
    for (float& value : face) value += 40;
    places.add(1, face.data(), 1.0);
    EXPECT_EQ(places.corners(1, 16)[0], (std::array<std::int64_t, 2>{48, 48}));
}

TEST(Critic, CutsThePatchesOutOfTheImage) {
    const FaceRegions places = drawn_places(2);
    const Tensor mean = torch::rand({3, 64, 64});
    const Critic critic(torch::kCPU, 1, places, mean, 0.5);
    const Tensor images = torch::rand({2, 3, 64, 64});
    const Tensor patches = critic.patches(images, {0, 1});
    ASSERT_EQ(patches.sizes().vec(), (std::vector<std::int64_t>{4, 4, 16, 16}));
    const auto corner = places.corners(1, 16)[1];
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
    autograd::ProcessGroup alone;
    const auto crisp = [] {
        return torch::cat({torch::randn({8, 3, 16, 16}), torch::ones({8, 1, 16, 16})}, 1);
    };
    const auto soft = [] {
        return torch::cat({torch::randn({8, 3, 16, 16}) * 0.3, torch::ones({8, 1, 16, 16})}, 1);
    };
    double first = 0, last = 0;
    for (int step = 0; step < 60; ++step) {
        last = critic.learn(soft(), crisp(), 1.0, 2e-3, alone);
        if (step == 0) first = last;
    }
    EXPECT_GT(first, 1.5);  // the hinge of scores near 0 is 2
    EXPECT_LT(last, 0.5 * first);
    const Tensor recorded = crisp();
    torch::NoGradGuard no_grad;
    EXPECT_GT(critic.generator_loss(soft(), recorded).item<double>(),
              critic.generator_loss(recorded, recorded).item<double>() + 0.5);
}

}  // namespace
}  // namespace vultus::image_training
