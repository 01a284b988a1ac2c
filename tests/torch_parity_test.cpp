// The trainer's operators and networks against plain loops, and their gradients against differences.
#include <gtest/gtest.h>

#include <cmath>

#include "autograd/torch_ops.h"
#include "infer/ops_cases_testonly.h"

namespace vultus::autograd {
namespace {

using infer::OpsCase;
using infer::RandomWeights;
using infer::ReferenceOps;
using models::Value;
using torch::Tensor;

std::string name_of(const testing::TestParamInfo<OpsCase>& info) { return info.param.name; }

/// A case with its inputs, run once on plain loops with weights drawn at random.
struct Prepared {
    explicit Prepared(const OpsCase& test_case) : reference(11) {
        std::vector<Value> values;
        for (std::size_t i = 0; i < test_case.inputs.size(); ++i) {
            inputs.push_back(RandomWeights::random_input(test_case.inputs[i], 100 + i));
            values.push_back(RandomWeights::wrap_f32(test_case.inputs[i], inputs.back()));
        }
        expected = test_case.function(reference, values);
    }

    std::vector<Tensor> tensors(const OpsCase& test_case, torch::Dtype dtype) const {
        std::vector<Tensor> result;
        for (std::size_t i = 0; i < inputs.size(); ++i)
            result.push_back(torch::tensor(inputs[i]).view(test_case.inputs[i]).to(dtype));
        return result;
    }

    RandomWeights reference;
    std::vector<std::vector<float>> inputs;
    Value expected;
};

Tensor run(const OpsCase& test_case, Parameters& parameters, torch::Dtype dtype,
           const std::vector<Tensor>& inputs) {
    TorchOps ops(parameters, dtype, /*training=*/false);
    std::vector<Value> values;
    for (const Tensor& input : inputs) values.push_back(TorchOps::wrap(input));
    return TorchOps::unwrap(test_case.function(ops, values));
}

class TorchParity : public testing::TestWithParam<OpsCase> {
  protected:
    void expect_near(torch::Dtype dtype, double tolerance) {
        torch::NoGradGuard no_grad;
        const Prepared prepared(GetParam());
        Parameters parameters(torch::kCPU, dtype, 1);
        parameters.load(prepared.reference.archive(), "");
        const Tensor got = run(GetParam(), parameters, dtype, prepared.tensors(GetParam(), dtype))
                               .to(torch::kFloat64)
                               .contiguous();
        ASSERT_EQ(got.sizes().vec(), prepared.expected.shape());
        const ReferenceOps::Array& expected = ReferenceOps::unwrap(prepared.expected);
        for (std::size_t i = 0; i < expected.size(); ++i)
            ASSERT_NEAR(got.data_ptr<double>()[i], expected[i], tolerance * (1 + std::abs(expected[i])))
                << "element " << i;
    }
};

TEST_P(TorchParity, F32EqualsPlainLoops) { expect_near(torch::kFloat32, 2e-4); }
TEST_P(TorchParity, F64EqualsPlainLoops) { expect_near(torch::kFloat64, 1e-10); }

INSTANTIATE_TEST_SUITE_P(Operators, TorchParity, testing::ValuesIn(infer::operator_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Networks, TorchParity, testing::ValuesIn(infer::network_cases()), name_of);

/// The gradients of sum(output * fixed random weights), coordinate by coordinate, against central
/// differences.
class Gradients : public testing::TestWithParam<OpsCase> {
  protected:
    static constexpr double kStep = 1e-6, kAbsolute = 1e-5, kRelative = 1e-3;

    void SetUp() override {
        const Prepared prepared(GetParam());
        parameters_.load(prepared.reference.archive(), "");
        inputs_ = prepared.tensors(GetParam(), torch::kFloat64);
        for (Tensor& input : inputs_) input.set_requires_grad(true);
        const std::vector<float> weights = RandomWeights::random_input(prepared.expected.shape(), 7);
        weights_ = torch::tensor(weights).view(prepared.expected.shape()).to(torch::kFloat64);
    }

    Tensor value() { return (run(GetParam(), parameters_, torch::kFloat64, inputs_) * weights_).sum(); }

    double difference(double& coordinate) {
        torch::NoGradGuard no_grad;
        const double centre = coordinate;
        coordinate = centre + kStep;
        const double above = value().item<double>();
        coordinate = centre - kStep;
        const double below = value().item<double>();
        coordinate = centre;
        return (above - below) / (2 * kStep);
    }

    void check(const std::string& name, Tensor& tensor, std::int64_t samples) {
        ASSERT_TRUE(tensor.is_contiguous()) << name;
        const Tensor gradient = tensor.grad();
        ASSERT_TRUE(gradient.defined()) << name << " gets no gradient";
        const Tensor flat = gradient.contiguous().flatten();
        const std::int64_t stride = std::max<std::int64_t>(1, tensor.numel() / samples);
        for (std::int64_t i = 0; i < tensor.numel(); i += stride) {
            const double expected = difference(tensor.data_ptr<double>()[i]);
            ASSERT_NEAR(flat[i].item<double>(), expected, kAbsolute + kRelative * std::abs(expected))
                << name << ", element " << i;
        }
    }

    void check_all(std::int64_t input_samples, std::int64_t parameter_samples) {
        value().backward();
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            check("input " + std::to_string(i), inputs_[i], input_samples);
        for (auto& [name, weight] : parameters_.all()) check(name, weight, parameter_samples);
    }

    Parameters parameters_{torch::kCPU, torch::kFloat64, 1};
    std::vector<Tensor> inputs_;
    Tensor weights_;
};

class OperatorGradients : public Gradients {};
TEST_P(OperatorGradients, EqualDifferences) { check_all(24, 24); }
INSTANTIATE_TEST_SUITE_P(Operators, OperatorGradients, testing::ValuesIn(infer::operator_cases()), name_of);

std::vector<OpsCase> differentiable_networks() {
    std::vector<OpsCase> cases = infer::network_cases();
    std::erase_if(cases, [](const OpsCase& each) { return !each.differentiable; });
    return cases;
}

class NetworkGradients : public Gradients {};
TEST_P(NetworkGradients, EqualDifferences) { check_all(24, 2); }
INSTANTIATE_TEST_SUITE_P(Networks, NetworkGradients, testing::ValuesIn(differentiable_networks()), name_of);

}  // namespace
}  // namespace vultus::autograd
