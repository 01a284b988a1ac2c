// Recorded networks against the same networks called operator by operator: the same bits.
#include "infer/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/allocation_count_testonly.h"
#include "base/error.h"
#include "infer/memory.h"
#include "infer/ops_cases_testonly.h"
#include "infer/weights.h"

namespace vultus::infer {
namespace {

using models::Value;
using Inputs = std::vector<std::vector<float>>;

Inputs random_inputs(const std::vector<Shape>& shapes, std::uint64_t seed) {
    Inputs inputs;
    for (std::size_t i = 0; i < shapes.size(); ++i)
        inputs.push_back(RandomWeights::random_input(shapes[i], seed + i));
    return inputs;
}

/// Draws every weight that the case asks for.
Archive weights_of(const OpsCase& test) {
    RandomWeights reference(11);
    const Inputs inputs = random_inputs(test.inputs, 1);
    std::vector<Value> values;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        values.push_back(RandomWeights::wrap_f32(test.inputs[i], inputs[i]));
    test.function(reference, values);
    return reference.archive();
}

std::vector<float> eager(const OpsCase& test, const Archive& weights, int threads, const Inputs& inputs) {
    OnednnOps ops(weights, threads);
    std::vector<Value> values;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        values.push_back(ops.input(test.inputs[i], inputs[i].data()));
    const Value out = test.function(ops, values);
    const float* data = OnednnOps::data(out);
    return {data, data + num_elements(out.shape())};
}

/// A program whose inputs from number `first_bound` on are read at every run; the others never change.
Program recorded(const OpsCase& test, const std::shared_ptr<Weights>& weights, int threads,
                 const Inputs& inputs, std::size_t first_bound) {
    return std::move(record(weights, threads, {[&](Recorder& recorder) {
                                std::vector<Value> values;
                                for (std::size_t i = 0; i < inputs.size(); ++i)
                                    values.push_back(i < first_bound
                                                         ? recorder.constant(test.inputs[i], inputs[i].data())
                                                         : recorder.bound(test.inputs[i], inputs[i].data()));
                                return std::vector<Value>{test.function(recorder, values)};
                            }})
                         .front());
}

std::vector<float> copied(std::span<const float> values) { return {values.begin(), values.end()}; }

class Recorded : public testing::TestWithParam<OpsCase> {};

TEST_P(Recorded, GivesTheSameBits) {
    const OpsCase& test = GetParam();
    const Archive archive = weights_of(test);
    const auto weights = std::make_shared<Weights>(archive);
    for (const int threads : {1, 2})
        for (std::size_t first_bound = 0; first_bound <= test.inputs.size(); ++first_bound) {
            Inputs inputs = random_inputs(test.inputs, 100);
            const Program program = recorded(test, weights, threads, inputs, first_bound);
            for (const std::uint64_t seed : {100, 200, 100}) {
                const Inputs fresh = random_inputs(test.inputs, seed);
                for (std::size_t i = first_bound; i < inputs.size(); ++i)
                    std::copy(fresh[i].begin(), fresh[i].end(), inputs[i].begin());
                program.run();
                ASSERT_EQ(copied(program.output(0)), eager(test, archive, threads, inputs))
                    << threads << " threads, from input " << first_bound << " on, seed " << seed;
            }
            if (first_bound == test.inputs.size()) {
                EXPECT_EQ(program.num_steps(), 0u) << "all is constant";
            }
        }
}

std::string name_of(const testing::TestParamInfo<OpsCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Operators, Recorded, testing::ValuesIn(operator_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Networks, Recorded, testing::ValuesIn(network_cases()), name_of);

models::UNetConfig blocked_unet() {
    models::UNetConfig config = tiny_unet(true);
    config.size_px = 64;
    config.patch = 4;
    config.base_channels = 16;
    return config;
}

OpsCase unet_case(const models::UNetConfig& config) {
    return {"unet",
            {{1, 3, config.size_px, config.size_px}, {1, config.base_channels}, {1, config.latent}},
            [config](models::Ops& ops, const CaseInputs& in) {
                return models::unet({ops, "unet"}, config, in[0], in[1], in[2]);
            }};
}

TEST(Program, FoldsWhatDoesNotChange) {
    const OpsCase test = unet_case(blocked_unet());
    const Archive archive = weights_of(test);
    const auto weights = std::make_shared<Weights>(archive);
    const Inputs inputs = random_inputs(test.inputs, 3);
    const Program all = recorded(test, weights, 1, inputs, 0), z_only = recorded(test, weights, 1, inputs, 2);
    EXPECT_LT(z_only.num_steps() + 10, all.num_steps());
    EXPECT_LT(2 * all.block_bytes(), all.bytes_without_sharing());
    all.run();
    z_only.run();
    EXPECT_EQ(copied(z_only.output(0)), copied(all.output(0)));
}

#ifdef VULTUS_COUNTS_ALLOCATIONS
void expect_no_allocations(const OpsCase& test) {
    const Archive archive = weights_of(test);
    const Inputs inputs = random_inputs(test.inputs, 3);
    for (const int threads : {1, 2}) {
        const Program program = recorded(test, std::make_shared<Weights>(archive), threads, inputs, 0);
        program.run();
        const long before = test::allocations;
        for (int i = 0; i < 5; ++i) program.run();
        EXPECT_EQ(test::allocations - before, 0) << threads << " threads";
    }
}

TEST(Program, CountsAllocations) {
    const long before = test::allocations;
    const std::vector<Inputs> nested(2, random_inputs({{3}, {4}}, 1));
    EXPECT_GE(test::allocations - before, 5) << nested.size();
}

TEST(Program, UNetAllocatesNothing) {
    if (OnednnOps::isa_name() != "AVX2") GTEST_SKIP() << "oneDNN's convolutions allocate inside";
    expect_no_allocations(unet_case(blocked_unet()));
}

TEST(Program, SpeechAllocatesNothing) {
    expect_no_allocations(
        {"speech", {{1, 4 * 40, 10}, {1, 40, 3}}, [](models::Ops& ops, const CaseInputs& in) {
             return models::speech_to_latent({ops, "speech"}, tiny_speech(), in[0], in[1]).latents;
         }});
}
#endif

TEST(Program, RunsBesideOthersOnTheSameWeights) {
    const OpsCase test = unet_case(blocked_unet());
    const Archive archive = weights_of(test);
    const auto weights = std::make_shared<Weights>(archive);
    const Inputs inputs = random_inputs(test.inputs, 3);
    const std::vector<float> want = eager(test, archive, 1, inputs);
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            const Program program = recorded(test, weights, 1, inputs, 0);
            for (int k = 0; k < 5; ++k) {
                program.run();
                const std::span<const float> got = program.output(0);
                if (!std::equal(got.begin(), got.end(), want.begin(), want.end())) ++wrong;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST(MemoryPlan, SharesPlacesAndKeepsNeighboursApart) {
    MemoryPlan plan;
    const auto work = [&](std::vector<std::pair<float*, float*>>& pairs) {
        std::shared_ptr<float> a = plan.take(1000);
        for (int i = 0; i < 20; ++i) {
            std::shared_ptr<float> b = plan.take(static_cast<std::size_t>(500 + 40 * i));
            pairs.emplace_back(a.get(), b.get());
            a = b;
        }
        return a;
    };
    std::vector<std::pair<float*, float*>> pairs;
    {
        const std::shared_ptr<float> held = work(pairs);
        EXPECT_LT(plan.place(), 2600u);
    }
    EXPECT_GT(plan.size_without_sharing(), 17000u);
    std::vector<float> block(2600);
    plan.begin(block.data());
    pairs.clear();
    work(pairs);
    std::size_t size = 1000;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const auto [a, b] = pairs[i];
        const std::size_t next = 500 + 40 * i;
        EXPECT_TRUE(a + size <= b || b + next <= a) << i;
        EXPECT_TRUE(b >= block.data() && b + next <= block.data() + block.size()) << i;
        size = next;
    }
    EXPECT_THROW(plan.take(1), Error) << "more than was planned";
}

}  // namespace
}  // namespace vultus::infer
