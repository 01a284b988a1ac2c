// The runtime against plain loops, operator by operator and network by network.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "infer/onednn_ops.h"
#include "infer/ops_cases_testonly.h"
#include "kernels/cpu_level.h"

namespace vultus::infer {
namespace {

using models::Ops;
using models::Value;

/// bf16 has 8 bits of mantissa; a network of a few layers with unit activations stays within this.
constexpr double kTolerance[] = {2e-4, 6e-2};

void expect_parity(const std::vector<Shape>& shapes, const OpsFunction& function) {
    RandomWeights reference(11);
    std::vector<std::vector<float>> inputs;
    std::vector<Value> reference_inputs;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        inputs.push_back(RandomWeights::random_input(shapes[i], 100 + i));
        reference_inputs.push_back(RandomWeights::wrap_f32(shapes[i], inputs[i]));
    }
    const Value expected = function(reference, reference_inputs);
    for (const Precision precision : {Precision::kF32, Precision::kAuto}) {
        for (const int threads : {1, 2}) {
            OnednnOps ops(reference.archive(), threads, precision);
            std::vector<Value> values;
            for (std::size_t i = 0; i < shapes.size(); ++i)
                values.push_back(ops.input(shapes[i], inputs[i].data()));
            for (int repeat = 0; repeat < 2; ++repeat) {
                const Value got = function(ops, values);
                ASSERT_EQ(got.shape(), expected.shape());
                const double tolerance = kTolerance[std::string(ops.precision_name()) == "bf16"];
                for (std::size_t i = 0; i < ReferenceOps::unwrap(expected).size(); ++i) {
                    const double want = ReferenceOps::unwrap(expected)[i];
                    ASSERT_NEAR(OnednnOps::data(got)[i], want, tolerance * (1 + std::abs(want)))
                        << "element " << i << ", " << ops.precision_name() << ", " << threads << " threads";
                }
            }
        }
    }
}

class Parity : public testing::TestWithParam<OpsCase> {};

TEST_P(Parity, EqualsPlainLoops) { expect_parity(GetParam().inputs, GetParam().function); }

std::string name_of(const testing::TestParamInfo<OpsCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Operators, Parity, testing::ValuesIn(operator_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Networks, Parity, testing::ValuesIn(network_cases()), name_of);

Value weight(Ops& ops, const Shape& shape, const char* name = "w") { return case_weight(ops, shape, name); }

// A part of the audio with its context gives what the whole gives: talking runs in constant memory.
TEST(Networks, ChunkedSpeechEqualsWhole) {
    RandomWeights reference(3);
    const models::SpeechConfig config = tiny_speech();
    const std::int64_t frames = 60, begin = 24, count = 10, left = config.context_left();
    const std::vector<float> features = RandomWeights::random_input({1, 4 * frames, 10}, 5);
    const auto latents = [&](std::int64_t first, std::int64_t last, int look_ahead) {
        const std::vector<float> rows(features.begin() + 40 * first, features.begin() + 40 * last);
        const Value input = RandomWeights::wrap_f32({1, 4 * (last - first), 10}, rows);
        return ReferenceOps::unwrap(
            models::speech_to_latent({reference, "speech"}, config, input, {}, {}, look_ahead).latents);
    };
    for (const int look_ahead : {-1, 0, 1, 3}) {
        const auto whole = latents(0, frames, look_ahead);
        const auto chunk =
            latents(begin - left, begin + count + config.context_right(look_ahead), look_ahead);
        for (std::int64_t i = 0; i < count * config.latent; ++i)
            EXPECT_NEAR(chunk[static_cast<std::size_t>(left * config.latent + i)],
                        whole[static_cast<std::size_t>(begin * config.latent + i)], 1e-9)
                << look_ahead;
        // Not one frame more than it says: what comes later changes nothing, what comes last does.
        const auto shorter = latents(0, begin + config.context_right(look_ahead), look_ahead);
        const auto short_by_context = latents(0, begin + std::max(0, look_ahead), look_ahead);
        double change = 0;
        for (std::int64_t k = 0; k < config.latent; ++k) {
            const auto at = static_cast<std::size_t>((begin - 1) * config.latent + k);
            EXPECT_NEAR(shorter[at], whole[at], 1e-9) << look_ahead;
            change += std::abs(short_by_context[at] - whole[at]);
        }
        EXPECT_GT(change, 1e-6) << look_ahead;
    }
}

TEST(CpuLevel, FollowsTheCpuAndTheCap) {
    const char* cap = std::getenv("ONEDNN_MAX_CPU_ISA");
    const bool old = cap != nullptr && std::strcmp(cap, "SSE41") == 0;
    EXPECT_EQ(kernels::cpu_level() >= kernels::CpuLevel::kAvx2, !old && __builtin_cpu_supports("avx2") != 0);
    if (old) {
        EXPECT_EQ(OnednnOps::isa_name(), "SSE4.1");
    }
    if (cap != nullptr) {
        EXPECT_LT(kernels::cpu_level(), kernels::CpuLevel::kAvx512);
    }
}

TEST(OnednnOps, SaysWhichWeightIsWrong) {
    Archive archive;
    archive.tensors["w"] = HostTensor::from_f32({2}, std::vector<float>{1, 2});
    OnednnOps ops(archive, 1);
    EXPECT_THROW(weight(ops, {3}), Error);
    EXPECT_THROW(weight(ops, {2}, "missing"), Error);
}

}  // namespace
}  // namespace vultus::infer
