// The runtime against plain loops, operator by operator and network by network.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "infer/onednn_ops.h"
#include "infer/random_weights_testonly.h"
#include "models/speech_to_latent.h"
#include "models/unet.h"

namespace vultus::infer {
namespace {

using models::Net;
using models::Ops;
using models::Value;
using models::Window;

/// A network or operator over given inputs.
using Function = std::function<Value(Ops&, const std::vector<Value>&)>;

/// bf16 has 8 bits of mantissa; a network of a few layers with unit activations stays within this.
constexpr double kTolerance[] = {2e-4, 6e-2};

void expect_parity(const std::vector<Shape>& shapes, const Function& function) {
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

Value weight(Ops& ops, const Shape& shape, const char* name = "w") {
    return ops.param(name, shape, models::Init::fan_in(4));
}

TEST(Operators, Conv2d) {
    for (const int kernel : {1, 3})
        for (const int stride : {1, 2})
            for (const std::int64_t channels : {1, 3, 8, 20})
                expect_parity({{2, channels, 6, 8}}, [&](Ops& ops, const auto& in) {
                    return ops.conv2d(in[0], weight(ops, {5, channels, kernel, kernel}),
                                      weight(ops, {5}, "b"), stride);
                });
}

TEST(Operators, Conv1d) {
    for (const int stride : {1, 2})
        for (const std::int64_t frames : {1, 4, 9})
            expect_parity({{2, frames, 3}}, [&](Ops& ops, const auto& in) {
                return ops.conv1d(in[0], weight(ops, {4, 3, 5}), weight(ops, {4}, "b"), stride);
            });
}

TEST(Operators, DepthwiseConv1d) {
    for (const int left : {0, 2, 4})
        expect_parity({{2, 7, 3}}, [&](Ops& ops, const auto& in) {
            return ops.depthwise_conv1d(in[0], weight(ops, {3, 5}), weight(ops, {3}, "b"), left);
        });
}

TEST(Operators, Linear) {
    for (const std::int64_t rows : {1, 7})
        expect_parity({{rows, 33}}, [&](Ops& ops, const auto& in) {
            return ops.linear(in[0], weight(ops, {9, 33}), weight(ops, {9}, "b"));
        });
}

TEST(Operators, Norms) {
    expect_parity({{2, 6, 5, 7}}, [](Ops& ops, const auto& in) {
        return ops.group_norm(in[0], 3, weight(ops, {6}), weight(ops, {6}, "b"));
    });
    expect_parity({{2, 3, 21}}, [](Ops& ops, const auto& in) {
        return ops.layer_norm(in[0], weight(ops, {21}), weight(ops, {21}, "b"));
    });
    expect_parity({{3, 18}}, [](Ops& ops, const auto& in) { return ops.layer_norm(in[0], {}, {}); });
}

TEST(Operators, ElementWise) {
    expect_parity({{2, 3, 50}}, [](Ops& ops, const auto& in) { return ops.silu(ops.scale(in[0], 3.0)); });
    expect_parity({{2, 3, 50}}, [](Ops& ops, const auto& in) { return ops.sigmoid(ops.scale(in[0], 20.0)); });
    expect_parity({{2, 3, 4, 5}, {1, 3, 4, 5}},
                  [](Ops& ops, const auto& in) { return ops.add(in[0], in[1]); });
    expect_parity({{2, 30}, {2, 30}}, [](Ops& ops, const auto& in) { return ops.mul(in[0], in[1]); });
    expect_parity({{2, 3, 4, 5}, {2, 3}, {2, 3}},
                  [](Ops& ops, const auto& in) { return ops.modulate(in[0], in[1], in[2]); });
    expect_parity({{2, 3, 4, 5}, {2, 3}},
                  [](Ops& ops, const auto& in) { return ops.modulate(in[0], in[1], {}); });
}

TEST(Operators, Attention) {
    for (const Window window : {Window{}, Window{2, 1}, Window{0, 0}, Window{20, 20}})
        expect_parity({{2, 9, 8}, {2, 9, 8}, {2, 9, 8}}, [&](Ops& ops, const auto& in) {
            const Value bias = window.left < 0 ? Value{} : weight(ops, {2, window.left + window.right + 1});
            return ops.attention(in[0], in[1], in[2], 2, window, bias);
        });
}

TEST(Operators, Rearrangement) {
    expect_parity({{2, 3, 4, 6}, {2, 2, 4, 6}},
                  [](Ops& ops, const auto& in) { return ops.concat(in[0], in[1]); });
    expect_parity({{2, 3, 4}, {2, 3, 5}}, [](Ops& ops, const auto& in) { return ops.concat(in[0], in[1]); });
    expect_parity({{2, 3, 7}}, [](Ops& ops, const auto& in) { return ops.slice(in[0], 2, 4); });
    expect_parity({{2, 3, 4, 6}}, [](Ops& ops, const auto& in) { return ops.image_to_sequence(in[0]); });
    expect_parity({{2, 24, 3}}, [](Ops& ops, const auto& in) { return ops.sequence_to_image(in[0], 4, 6); });
    expect_parity({{2, 3, 4, 8}}, [](Ops& ops, const auto& in) { return ops.space_to_depth(in[0], 2); });
    expect_parity({{2, 12, 2, 4}}, [](Ops& ops, const auto& in) { return ops.depth_to_space(in[0], 2); });
    expect_parity({{2, 3, 4, 6}}, [](Ops& ops, const auto& in) { return ops.upsample2(in[0]); });
    expect_parity({{2, 3, 4, 6}}, [](Ops& ops, const auto& in) { return ops.avg_pool2(in[0]); });
    expect_parity({{2, 3, 4, 6}}, [](Ops& ops, const auto& in) { return ops.global_avg_pool(in[0]); });
}

TEST(Networks, UNet) {
    for (const bool live : {false, true})
        expect_parity({{1, 3, 16, 16}, {1, 8}, {1, 6}}, [&](Ops& ops, const auto& in) {
            return models::unet({ops, "unet"}, tiny_unet(live), in[0], in[1], in[2]);
        });
}

TEST(Networks, Encoder) {
    for (const bool live : {false, true})
        expect_parity({{1, 3, 16, 16}}, [&](Ops& ops, const auto& in) {
            return models::encoder({ops, "encoder"}, tiny_encoder(live), in[0]);
        });
}

TEST(Networks, SpeechToLatent) {
    expect_parity({{2, 48, 10}}, [](Ops& ops, const auto& in) {
        return models::speech_to_latent({ops, "speech"}, tiny_speech(), in[0], {}).latents;
    });
    expect_parity({{2, 48, 10}, {2, 12, 3}}, [](Ops& ops, const auto& in) {
        return models::speech_to_latent({ops, "speech"}, tiny_speech(), in[0], in[1]).latents;
    });
}

// A part of the sound with its context gives what the whole gives: talking runs in constant memory.
TEST(Networks, ChunkedSpeechEqualsWhole) {
    RandomWeights reference(3);
    const models::SpeechConfig config = tiny_speech();
    const std::int64_t frames = 60, begin = 24, count = 10;
    const std::int64_t left = config.context_left(), right = config.context_right();
    const std::vector<float> features = RandomWeights::random_input({1, 4 * frames, 10}, 5);
    const Value whole = models::speech_to_latent({reference, "speech"}, config,
                                                 RandomWeights::wrap_f32({1, 4 * frames, 10}, features), {})
                            .latents;
    const std::vector<float> part(features.begin() + 40 * (begin - left),
                                  features.begin() + 40 * (begin + count + right));
    const Value chunk =
        models::speech_to_latent({reference, "speech"}, config,
                                 RandomWeights::wrap_f32({1, 4 * (left + count + right), 10}, part), {})
            .latents;
    for (std::int64_t i = 0; i < count * config.latent; ++i)
        EXPECT_NEAR(ReferenceOps::unwrap(chunk)[static_cast<std::size_t>(left * config.latent + i)],
                    ReferenceOps::unwrap(whole)[static_cast<std::size_t>(begin * config.latent + i)], 1e-9);
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
