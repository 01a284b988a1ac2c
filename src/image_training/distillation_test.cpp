// What the student is asked, against the sampler that talks.
#include "image_training/distillation.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image_training/dae_trainer.h"
#include "models/unet.h"

namespace vultus::image_training {
namespace {

using torch::Tensor;

constexpr int kSizePx = 64, kBatch = 2, kSteps = 4;

class Distilling : public testing::Test {
  protected:
    Distilling() : weights_(torch::kCPU, torch::kFloat32, 5) {
        teacher_.model = models::preset("live", kSizePx);
        torch::NoGradGuard no_grad;
        torch::manual_seed(3);
        noise_ = torch::randn({kBatch, 3, kSizePx, kSizePx});
        x0_ = torch::rand_like(noise_) - 0.5;
        z_ = torch::randn({kBatch, teacher_.model.unet.latent});
        predict(noise_, std::vector<int>(kBatch, 999));  // makes the weights
        for (auto& [name, weight] : weights_.all()) {    // those that start as zeros, too
            weight.add_(0.05 * torch::randn_like(weight));
            teacher_.weights.tensors[name] = autograd::to_host(weight);
        }
    }

    Distillation distillation(const std::string& method, int steps = kSteps) {
        return {method, steps, teacher_, space_, torch::kCPU, torch::kFloat32};
    }

    Tensor predict(const Tensor& x_t, const std::vector<int>& timesteps) {
        torch::NoGradGuard no_grad;
        autograd::TorchOps ops(weights_, torch::kFloat32, /*training=*/false);
        const Tensor time = timesteps_embedded(timesteps, teacher_.model.unet.base_channels);
        return autograd::TorchOps::unwrap(
            models::unet({ops, "unet"}, teacher_.model.unet, autograd::TorchOps::wrap(x_t),
                         autograd::TorchOps::wrap(time), autograd::TorchOps::wrap(z_)));
    }

    static std::span<float> values(Tensor& x) {
        return {x.data_ptr<float>(), static_cast<std::size_t>(x.numel())};
    }

    /// diffusion::ddim_step of one sample by the plain sampler.
    Tensor step(const Tensor& x, const Tensor& prediction, int from, int to, bool clipped) {
        Tensor in = x.contiguous().clone(), said = prediction.contiguous().clone();
        const diffusion::Limits limits =
            clipped ? diffusion::Limits{space_.low(), space_.high()} : diffusion::Limits{};
        diffusion::ddim_step(schedule_, from, to, diffusion::Prediction::kV, values(said), limits, values(in),
                             values(in));
        return in;
    }

    /// The student's v that draws x0 from x_t.
    Tensor answer(const Distillation::Task& task, std::int64_t i) const {
        const double alpha_bar = schedule_.alpha_bar(task.timesteps[static_cast<std::size_t>(i)]);
        return (std::sqrt(alpha_bar) * task.x_t[i] - task.x0[i]) / std::sqrt(1 - alpha_bar);
    }

    Distillation::Task ask(Distillation& distillation, std::uint64_t seed) {
        return distillation.task(x0_, noise_, z_, seed, [this](const Tensor& x, const std::vector<int>& t) {
            return predict(x, t);
        });
    }

    static double apart(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

    person::Person teacher_;
    autograd::Parameters weights_;
    person::ImageNormalisation space_{kSizePx, {}, 1.0};
    diffusion::Schedule schedule_{1000, 1e-4, 0.02};
    Tensor noise_, x0_, z_;
};

TEST_F(Distilling, RegressionAsksForAllStepsInOne) {
    Distillation whole = distillation("regression");
    const Distillation::Task task = ask(whole, 1);
    EXPECT_EQ(task.timesteps, std::vector<int>(kBatch, 999));
    EXPECT_EQ(apart(task.x_t, noise_), 0);
    Tensor x = noise_.clone();
    const std::vector<int> steps = schedule_.timesteps_for(kSteps, "trailing");
    diffusion::ddim_sample(
        schedule_, steps, diffusion::Prediction::kV,
        [&](std::span<const float>, int t, std::span<float> out) {
            const Tensor said = predict(x, std::vector<int>(kBatch, t)).contiguous();
            std::copy_n(said.data_ptr<float>(), out.size(), out.begin());
        },
        {space_.low(), space_.high()}, values(x));
    EXPECT_LT(apart(task.x0, x), 1e-4);
    EXPECT_GT(apart(task.x0, ask(whole, 1).x_t), 0.1);
}

TEST_F(Distilling, ProgressiveAsksForTwoStepsInOne) {
    Distillation halves = distillation("progressive");
    EXPECT_EQ(halves.student_steps(), kSteps / 2);
    std::vector<int> steps = schedule_.timesteps_for(kSteps, "trailing");
    steps.push_back(-1);
    bool asked_first = false, asked_last = false;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const Distillation::Task task = ask(halves, seed);
        for (std::int64_t i = 0; i < kBatch; ++i) {
            const int t = task.timesteps[static_cast<std::size_t>(i)];
            const auto place =
                static_cast<std::size_t>(std::find(steps.begin(), steps.end(), t) - steps.begin());
            ASSERT_TRUE(place == 0 || place == 2) << t;
            (place == 0 ? asked_first : asked_last) = true;
            const Tensor x_t = std::sqrt(schedule_.alpha_bar(t)) * x0_[i] +
                               std::sqrt(1 - schedule_.alpha_bar(t)) * noise_[i];
            EXPECT_LT(apart(task.x_t[i], x_t), 1e-5);
            const int half = steps[place + 1], end = steps[place + 2];
            const auto said = [&](const Tensor& x, int at) {
                Tensor all = noise_.clone();
                all[i].copy_(x);
                return predict(all, std::vector<int>(kBatch, at))[i];
            };
            const Tensor middle = step(x_t, said(x_t, t), t, half, true);
            const Tensor reached = step(middle, said(middle, half), half, end, true);
            EXPECT_LT(apart(step(task.x_t[i], answer(task, i), t, end, false), reached), 2e-3);
        }
    }
    EXPECT_TRUE(asked_first && asked_last);
}

TEST_F(Distilling, ConsistencyAsksForTheSameImageOneStepOn) {
    Distillation path = distillation("consistency");
    std::vector<int> steps = schedule_.timesteps_for(kSteps, "trailing");
    steps.push_back(-1);
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const Distillation::Task task = ask(path, seed);
        for (std::int64_t i = 0; i < kBatch; ++i) {
            const int t = task.timesteps[static_cast<std::size_t>(i)];
            const int next = *std::next(std::find(steps.begin(), steps.end(), t));
            const auto said = [&](const Tensor& x, int at) {
                Tensor all = noise_.clone();
                all[i].copy_(x);
                return predict(all, std::vector<int>(kBatch, at))[i];
            };
            const Tensor reached = step(task.x_t[i], said(task.x_t[i], t), t, next, true);
            const Tensor wanted = next < 0 ? reached : step(reached, said(reached, next), next, -1, true);
            EXPECT_LT(apart(task.x0[i], wanted), 2e-3);
        }
    }
}

TEST_F(Distilling, TheStudentBecomesTheTeacherOnceAPhase) {
    Distillation halves = distillation("progressive", 8);
    int taken = 0;
    std::string last;
    const auto averaged = [&](const std::string& name) {
        taken += name != last;
        last = name;
        return torch::zeros_like(weights_.all().at(name));
    };
    halves.advance(0.2, averaged);
    EXPECT_EQ(taken, 0);
    EXPECT_EQ(halves.student_steps(), 4);
    halves.advance(0.34, averaged);
    EXPECT_EQ(taken, static_cast<int>(weights_.all().size()));
    EXPECT_EQ(halves.student_steps(), 2);
    halves.advance(0.5, averaged);
    EXPECT_EQ(taken, static_cast<int>(weights_.all().size()));
    halves.advance(1.0, averaged);
    EXPECT_EQ(halves.student_steps(), 1);
    // A teacher of zeros predicts nothing: two steps with v = 0 keep the noise and shrink the image.
    const Distillation::Task task = ask(halves, 3);
    EXPECT_EQ(task.timesteps, std::vector<int>(kBatch, 999));
    EXPECT_LT(task.x0.abs().max().item<double>(), 3.0);
}

TEST_F(Distilling, SaysWhatItExpected) {
    const auto message = [&](const std::string& method, int steps) {
        try {
            distillation(method, steps);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("nothing");
    };
    EXPECT_EQ(message("magic", 4),
              "[train] --distill: expected regression, progressive or consistency, got magic");
    EXPECT_EQ(message("regression", 12), "[train] --teacher-steps: expected 2, 4, 8, 16, 32 or 64, got 12");
    teacher_.model.diffusion.prediction = "eps";
    EXPECT_EQ(
        message("regression", 4),
        "[train] --distill: expected a teacher that predicts v (preset live), got one that predicts eps");
}

}  // namespace
}  // namespace vultus::image_training
