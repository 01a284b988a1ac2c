#include "image_training/face_perception.h"

#include <gtest/gtest.h>

#include "corpus/tiny_corpus_testonly.h"

namespace vultus::image_training {
namespace {

using torch::Tensor;

constexpr std::int64_t kSize = corpus::TinyCorpus::kSizePx;

struct Blobs {
    FaceRegions regions{corpus::TinyCorpus::kSizePx};
    std::unique_ptr<FacePerception> perception;
    Tensor recorded, frames = torch::tensor({0, 1}), weights = torch::full({2}, 0.5f);

    Blobs() {
        for (int t = 0; t < 2; ++t) regions.add(t, corpus::TinyCorpus::landmarks(0.3 * t, false).data(), 1.0);
        regions.finish(torch::kCPU);
        perception =
            std::make_unique<FacePerception>(regions, torch::zeros({1, 3, kSize, kSize}), 0.5, torch::kCPU);
        torch::manual_seed(3);
        // Soft blobs, about as smooth as a face.
        recorded = torch::upsample_bicubic2d(torch::randn({2, 3, 12, 12}), {kSize, kSize}, false);
    }
    double difference(const Tensor& drawn) const {
        return perception->difference(drawn, recorded, frames, weights).item<double>();
    }
};

TEST(FacePerception, SeesNoDifferenceWhereThereIsNone) {
    const Blobs setup;
    EXPECT_NEAR(setup.difference(setup.recorded), 0, 1e-6);
}

TEST(FacePerception, SeesMoreWhereMoreIsLost) {
    const Blobs setup;
    const auto blurred = [&](std::int64_t px) { return torch::avg_pool2d(setup.recorded, px, 1, px / 2); };
    const double little = setup.difference(blurred(3)), more = setup.difference(blurred(7));
    EXPECT_GT(little, 0.01);
    EXPECT_GT(more, 1.3 * little);
}

TEST(FacePerception, LooksAtTheFace) {
    const Blobs setup;
    const auto spoilt_at = [&](std::int64_t x, std::int64_t y) {
        Tensor drawn = setup.recorded.clone();
        drawn.narrow(2, y - 4, 8).narrow(3, x - 4, 8).add_(0.7);
        return setup.difference(drawn);
    };
    const double corner = spoilt_at(5, 59), mouth = spoilt_at(32, 47);
    EXPECT_LT(corner, 0.5 * mouth);
}

TEST(FacePerception, ImagesThatDoNotCountTeachNothing) {
    Blobs setup;
    setup.weights = torch::tensor({1.0f, 0.0f});
    const Tensor drawn = (0.8 * setup.recorded).detach().requires_grad_();
    setup.perception->difference(drawn, setup.recorded, setup.frames, setup.weights).backward();
    EXPECT_GT(drawn.grad()[0].abs().max().item<double>(), 0);
    EXPECT_EQ(drawn.grad()[1].abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace vultus::image_training
