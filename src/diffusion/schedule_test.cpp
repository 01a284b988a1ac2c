#include "diffusion/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vultus::diffusion {
namespace {

const Schedule& ddpm() {
    static const Schedule schedule(1000, 1e-4, 0.02);
    return schedule;
}

TEST(Schedule, AlphaBarOfDdpm) {
    EXPECT_NEAR(ddpm().alpha_bar(100), 0.8951, 5e-4);
    EXPECT_NEAR(ddpm().alpha_bar(500), 0.0778, 5e-4);
    EXPECT_NEAR(ddpm().alpha_bar(999), 4.0e-5, 1e-6);
    EXPECT_EQ(ddpm().alpha_bar(-1), 1.0);
}

TEST(Schedule, Spacings) {
    EXPECT_EQ(ddpm().timesteps_for(4, "leading"), (std::vector<int>{750, 500, 250, 0}));
    EXPECT_EQ(ddpm().timesteps_for(4, "trailing"), (std::vector<int>{999, 749, 499, 249}));
    EXPECT_EQ(ddpm().timesteps_for(1, "trailing"), (std::vector<int>{999}));
    EXPECT_THROW(ddpm().timesteps_for(0, "leading"), Error);
    EXPECT_THROW(ddpm().timesteps_for(1001, "leading"), Error);
}

// For x_0 ~ N(mean, deviation^2) the best prediction is known in closed form, and the probability-flow ODE
// maps x_T to x_0 linearly: the sampler must reach that line.
struct GaussianData {
    double mean, deviation;
    Prediction kind;

    void operator()(std::span<const float> x, int t, std::span<float> out) const {
        const double ab = ddpm().alpha_bar(t), signal = std::sqrt(ab), noise = std::sqrt(1 - ab);
        const double variance = ab * deviation * deviation + 1 - ab;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double eps = noise * (x[i] - signal * mean) / variance;
            const double x0 = (x[i] - noise * eps) / signal;
            out[i] = static_cast<float>(kind == Prediction::kEps ? eps : signal * eps - noise * x0);
        }
    }
};

class GaussianSampling : public ::testing::TestWithParam<Prediction> {};

TEST_P(GaussianSampling, ReachesTheClosedForm) {
    const GaussianData data{0.4, 0.3, GetParam()};
    std::vector<float> x = {-2, -1, 0, 1, 2};
    const std::vector<float> start = x;
    ddim_sample(ddpm(), ddpm().timesteps_for(1000, "trailing"), data.kind, data, {}, x);
    const double ab = ddpm().alpha_bar(999);
    const double spread = std::sqrt(ab * data.deviation * data.deviation + 1 - ab);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double expected = data.mean + data.deviation * (start[i] - std::sqrt(ab) * data.mean) / spread;
        EXPECT_NEAR(x[i], expected, 5e-3);
    }
}

TEST_P(GaussianSampling, InversionUndoesSampling) {
    const GaussianData data{-0.2, 0.5, GetParam()};
    const std::vector<int> steps = ddpm().timesteps_for(500, "leading");
    std::vector<float> x = {-0.9f, -0.1f, 0.3f, 0.8f};
    const std::vector<float> picture = x;
    ddim_invert(ddpm(), steps, data.kind, data, x);
    EXPECT_GT(std::abs(x[3] - picture[3]), 0.1);
    ddim_sample(ddpm(), steps, data.kind, data, {}, x);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], picture[i], 2e-2);
}

INSTANTIATE_TEST_SUITE_P(Both, GaussianSampling, ::testing::Values(Prediction::kEps, Prediction::kV));

TEST(DdimSample, ClipsTheCleanPicture) {
    std::vector<float> x = {5.0f, -5.0f};
    const auto zero = [](std::span<const float>, int, std::span<float> out) { out[0] = out[1] = 0; };
    const std::vector<float> low = {-1}, high = {1};
    ddim_sample(ddpm(), {10}, Prediction::kEps, zero, {low, high}, x);
    EXPECT_EQ(x[0], 1.0f);
    EXPECT_EQ(x[1], -1.0f);
}

TEST(CleanFromPrediction, KindsAgree) {
    const double ab = 0.3;
    const float x0 = 0.7f, eps = -1.2f;
    const auto x_t = static_cast<float>(std::sqrt(ab) * x0 + std::sqrt(1 - ab) * eps);
    const auto v = static_cast<float>(std::sqrt(ab) * eps - std::sqrt(1 - ab) * x0);
    for (const Clean clean : {clean_from_prediction(Prediction::kV, ab, x_t, v),
                              clean_from_prediction(Prediction::kEps, ab, x_t, eps)}) {
        EXPECT_NEAR(clean.x0, x0, 1e-6);
        EXPECT_NEAR(clean.eps, eps, 1e-6);
    }
}

}  // namespace
}  // namespace vultus::diffusion
