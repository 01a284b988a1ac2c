#include "autograd/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/rng.h"

namespace vultus::autograd {
namespace {

using Array = std::vector<double>;

/// Adam as its paper writes it, in plain loops, with clipping, decoupled decay and an average.
struct PlainAdam {
    AdamOptions options;
    Array weight, first, second, average;
    bool matrix = false;

    PlainAdam(AdamOptions options_, Array start, bool matrix_)
        : options(options_),
          weight(start),
          first(start.size(), 0.0),
          second(start.size(), 0.0),
          average(start),
          matrix(matrix_) {}

    void step(const Array& gradient, double shrink, double rate, int count) {
        const double decay = std::min(options.ema_decay, (1.0 + count) / (10.0 + count));
        for (std::size_t i = 0; i < weight.size(); ++i) {
            const double g = gradient[i] * shrink;
            first[i] = options.beta1 * first[i] + (1 - options.beta1) * g;
            second[i] = options.beta2 * second[i] + (1 - options.beta2) * g * g;
            if (matrix) weight[i] -= rate * options.weight_decay * weight[i];
            const double m = first[i] / (1 - std::pow(options.beta1, count));
            const double v = second[i] / (1 - std::pow(options.beta2, count));
            weight[i] -= rate * m / (std::sqrt(v) + options.epsilon);
            average[i] = decay * average[i] + (1 - decay) * weight[i];
        }
    }
};

Array draw(std::size_t count, Rng& rng, double scale = 1) {
    Array values(count);
    for (double& value : values) value = scale * rng.normal();
    return values;
}

torch::Tensor tensor_of(const Array& values, torch::IntArrayRef shape) {
    return torch::tensor(values, torch::kFloat64).view(shape);
}

/// A matrix and a vector to train.
struct Weights {
    explicit Weights(torch::Dtype dtype) : parameters(torch::kCPU, dtype, 3) {
        matrix = parameters.get("matrix", {3, 2}, models::Init::normal(1));
        vector = parameters.get("vector", {4}, models::Init::normal(1));
    }
    void set_gradients(const Array& of_matrix, const Array& of_vector) {
        matrix.mutable_grad() = tensor_of(of_matrix, {3, 2}).to(matrix.scalar_type());
        vector.mutable_grad() = tensor_of(of_vector, {4}).to(vector.scalar_type());
    }
    static Array values(const torch::Tensor& tensor) {
        const torch::Tensor flat = tensor.detach().to(torch::kFloat64).contiguous();
        return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
    }
    Parameters parameters;
    torch::Tensor matrix, vector;
};

double norm_of(const Array& a, const Array& b) {
    double squares = 0;
    for (const Array* values : {&a, &b})
        for (const double value : *values) squares += value * value;
    return std::sqrt(squares);
}

TEST(Adam, EqualsPlainLoops) {
    const AdamOptions options{0.9, 0.98, 1e-8, 1.0, 0.1, 0.3};
    Weights weights(torch::kFloat64);
    Adam adam(weights.parameters, options);
    PlainAdam matrix(options, Weights::values(weights.matrix), true);
    PlainAdam vector(options, Weights::values(weights.vector), false);
    Rng rng(4);
    for (int count = 1; count <= 12; ++count) {
        // Some gradients are clipped to norm 1, some are not.
        const Array a = draw(6, rng, count % 3 ? 0.2 : 5), b = draw(4, rng, 0.2);
        weights.set_gradients(a, b);
        const double rate = 0.01 * count, norm = norm_of(a, b);
        EXPECT_NEAR(adam.step(rate), norm, 1e-5 * norm);
        const double shrink = std::min(1.0, 1.0 / norm);
        matrix.step(a, shrink, rate, count);
        vector.step(b, shrink, rate, count);
    }
    EXPECT_EQ(adam.steps(), 12);
    const Array got[] = {Weights::values(weights.matrix), Weights::values(adam.average("matrix")),
                         Weights::values(weights.vector), Weights::values(adam.average("vector"))};
    const Array* expected[] = {&matrix.weight, &matrix.average, &vector.weight, &vector.average};
    for (int k = 0; k < 4; ++k)
        for (std::size_t i = 0; i < expected[k]->size(); ++i)
            EXPECT_NEAR(got[k][i], (*expected[k])[i], 1e-6) << k << " " << i;
}

TEST(Adam, SwapAverageTwiceChangesNothing) {
    Weights weights(torch::kFloat32);
    Adam adam(weights.parameters, {});
    Rng rng(4);
    EXPECT_TRUE(torch::equal(adam.average("matrix"), weights.matrix)) << "before the first step";
    for (int i = 0; i < 3; ++i) {
        weights.set_gradients(draw(6, rng), draw(4, rng));
        adam.step(0.1);
    }
    const torch::Tensor weight = weights.matrix.detach().clone(), average = adam.average("matrix").clone();
    EXPECT_FALSE(torch::equal(weight, average));
    adam.swap_average();
    EXPECT_TRUE(torch::equal(weights.matrix, average));
    adam.swap_average();
    EXPECT_TRUE(torch::equal(weights.matrix, weight));
    EXPECT_TRUE(torch::equal(adam.average("matrix"), average));
}

TEST(Adam, BadBatchLeavesTheWeightsAlone) {
    Weights weights(torch::kFloat32);
    Adam adam(weights.parameters, {});
    const torch::Tensor before = weights.matrix.detach().clone();
    Array bad(6, 0.1);
    for (const double value :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        bad[2] = value;
        weights.set_gradients(bad, Array(4, 0.1));
        EXPECT_FALSE(std::isfinite(adam.step(0.1)));
    }
    EXPECT_TRUE(torch::equal(weights.matrix, before));
    EXPECT_EQ(adam.steps(), 0);
}

TEST(Adam, FrozenWeightsStay) {
    Weights weights(torch::kFloat32);
    Adam adam(weights.parameters, {});
    weights.set_gradients(Array(6, 0.1), Array(4, 0.1));
    adam.step(0.1);
    adam.zero_grad();
    weights.parameters.set_trainable("matrix", false);
    const torch::Tensor matrix = weights.matrix.detach().clone(), vector = weights.vector.detach().clone();
    weights.vector.mutable_grad() = torch::ones({4});
    adam.step(0.1);
    EXPECT_TRUE(torch::equal(weights.matrix, matrix));
    EXPECT_FALSE(torch::equal(weights.vector, vector));
}

TEST(Adam, GoesOnExactlyFromItsSavedState) {
    Weights straight(torch::kFloat32);
    Adam one(straight.parameters, {});
    Rng rng(9);
    std::vector<std::pair<Array, Array>> gradients;
    for (int i = 0; i < 6; ++i) gradients.emplace_back(draw(6, rng), draw(4, rng));
    Archive saved;
    for (int i = 0; i < 6; ++i) {
        if (i == 3) {
            for (const auto& [name, weight] : straight.parameters.all())
                saved.tensors[name] = to_host(weight);
            one.save(saved);
        }
        straight.set_gradients(gradients[static_cast<std::size_t>(i)].first,
                               gradients[static_cast<std::size_t>(i)].second);
        one.step(0.01);
    }
    Parameters parameters(torch::kCPU, torch::kFloat32, 99);
    const Archive read = parse_archive(serialize_archive(saved), "test");
    parameters.load(read, "matrix");
    parameters.load(read, "vector");
    Adam two(parameters, {});
    two.load(read);
    EXPECT_EQ(two.steps(), 3);
    for (std::size_t i = 3; i < 6; ++i) {
        parameters.all().at("matrix").mutable_grad() =
            tensor_of(gradients[i].first, {3, 2}).to(torch::kFloat32);
        parameters.all().at("vector").mutable_grad() =
            tensor_of(gradients[i].second, {4}).to(torch::kFloat32);
        two.step(0.01);
    }
    for (const char* name : {"matrix", "vector"}) {
        EXPECT_TRUE(torch::equal(parameters.all().at(name), straight.parameters.all().at(name))) << name;
        EXPECT_TRUE(torch::equal(two.average(name), one.average(name))) << name;
    }
}

TEST(Parameters, StartTheSameWhateverCameBefore) {
    Parameters a(torch::kCPU, torch::kFloat32, 5), b(torch::kCPU, torch::kFloat32, 5);
    const auto init = models::Init::fan_in(16);
    const torch::Tensor first = a.get("x", {8, 16}, init);
    b.get("other", {3}, init);
    EXPECT_TRUE(torch::equal(b.get("x", {8, 16}, init), first));
    EXPECT_FALSE(torch::equal(b.get("y", {8, 16}, init), first));
    EXPECT_LE(first.abs().max().item<float>(), 0.25f);
    EXPECT_GT(first.std().item<float>(), 0.1f);
    EXPECT_TRUE(torch::equal(a.get("one", {4}, models::Init::ones()), torch::ones({4})));
    EXPECT_TRUE(torch::equal(a.get("zero", {4}, models::Init::zeros()), torch::zeros({4})));
    EXPECT_THROW(a.get("x", {16, 8}, init), std::exception);
}

TEST(Parameters, Bf16CopiesAreTheNearestOnes) {
    const torch::Tensor values = torch::linspace(-3, 3, 101);
    const std::vector<float> bf16 = to_host(values, /*bf16=*/true).to_f32();
    const torch::Tensor expected = values.to(torch::kBFloat16).to(torch::kFloat32);
    for (int i = 0; i < 101; ++i) EXPECT_EQ(bf16[static_cast<std::size_t>(i)], expected[i].item<float>());
    EXPECT_TRUE(torch::equal(from_host(to_host(values), torch::kCPU), values));
}

}  // namespace
}  // namespace vultus::autograd
