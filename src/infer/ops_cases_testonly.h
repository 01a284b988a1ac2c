// For tests: every operator and every network as a function over Ops, with the shapes of its inputs. Each
// backend is compared with the plain loops on all of them, and the trainer's gradients with differences.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "infer/random_weights_testonly.h"
#include "models/auxiliary.h"
#include "models/speech_encoder.h"
#include "models/speech_to_latent.h"
#include "models/unet.h"
#include "models/wav2vec2.h"

namespace vultus::infer {

/// An operator or a network over given inputs.
using OpsFunction = std::function<models::Value(models::Ops&, const std::vector<models::Value>&)>;

struct OpsCase {
    std::string name;  ///< letters, digits and underscores only: becomes a test's name
    std::vector<Shape> inputs;
    OpsFunction function;
    bool differentiable = true;  ///< gradients reach everything that it computes with
};

inline models::Value case_weight(models::Ops& ops, const Shape& shape, const char* name = "w") {
    return ops.param(name, shape, models::Init::fan_in(4));
}

using CaseInputs = std::vector<models::Value>;

inline void add_convolution_cases(std::vector<OpsCase>& cases) {
    for (const int kernel : {1, 3})
        for (const int stride : {1, 2})
            for (const std::int64_t channels : {1, 3, 8, 20})
                cases.push_back({fmt::format("conv2d_{}_by_{}_of_{}", kernel, stride, channels),
                                 {{2, channels, 6, 8}},
                                 [=](models::Ops& ops, const CaseInputs& in) {
                                     return ops.conv2d(in[0], case_weight(ops, {5, channels, kernel, kernel}),
                                                       case_weight(ops, {5}, "b"), stride);
                                 }});
    for (const std::int64_t outputs : {1, 2, 4})
        for (const std::int64_t side : {1, 2, 7})
            cases.push_back({fmt::format("conv2d_to_{}_on_{}", outputs, side),
                             {{1, 16, side, side + 1}},
                             [=](models::Ops& ops, const CaseInputs& in) {
                                 return ops.conv2d(in[0], case_weight(ops, {outputs, 16, 3, 3}),
                                                   case_weight(ops, {outputs}, "b"), 1);
                             }});
    for (const int stride : {1, 2})
        for (const std::int64_t frames : {1, 4, 9})
            cases.push_back({fmt::format("conv1d_by_{}_of_{}", stride, frames),
                             {{2, frames, 3}},
                             [=](models::Ops& ops, const CaseInputs& in) {
                                 return ops.conv1d(in[0], case_weight(ops, {4, 3, 5}),
                                                   case_weight(ops, {4}, "b"), {stride, 2, 2});
                             }});
    for (const models::Conv1d how : {models::Conv1d{3, 0, 0}, models::Conv1d{2, 4, 1},
                                     models::Conv1d{1, 2, 1, 3}, models::Conv1d{2, 0, 0, 6}})
        cases.push_back(
            {fmt::format("conv1d_by_{}_from_{}_to_{}_in_{}", how.stride, how.left, how.right, how.groups),
             {{2, 11, 6}},
             [=](models::Ops& ops, const CaseInputs& in) {
                 return ops.conv1d(in[0], case_weight(ops, {18, 6 / how.groups, 4}), {}, how);
             }});
    for (const int left : {0, 2, 4})
        cases.push_back({fmt::format("depthwise_conv1d_left_{}", left),
                         {{2, 7, 3}},
                         [=](models::Ops& ops, const CaseInputs& in) {
                             return ops.depthwise_conv1d(in[0], case_weight(ops, {3, 5}),
                                                         case_weight(ops, {3}, "b"), left);
                         }});
    for (const std::int64_t rows : {1, 7})
        cases.push_back(
            {fmt::format("linear_{}_rows", rows), {{rows, 33}}, [](models::Ops& ops, const CaseInputs& in) {
                 return ops.linear(in[0], case_weight(ops, {9, 33}), case_weight(ops, {9}, "b"));
             }});
}

inline void add_norm_cases(std::vector<OpsCase>& cases) {
    cases.push_back({"group_norm", {{2, 6, 5, 7}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.group_norm(in[0], 3, case_weight(ops, {6}), case_weight(ops, {6}, "b"));
                     }});
    cases.push_back({"layer_norm", {{2, 3, 21}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.layer_norm(in[0], case_weight(ops, {21}), case_weight(ops, {21}, "b"));
                     }});
    cases.push_back({"layer_norm_plain", {{3, 18}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.layer_norm(in[0], {}, {});
                     }});
}

inline void add_element_cases(std::vector<OpsCase>& cases) {
    cases.push_back({"silu", {{2, 3, 50}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.silu(ops.scale(in[0], 3.0));
                     }});
    cases.push_back({"gelu", {{2, 3, 50}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.gelu(ops.scale(in[0], 3.0));
                     }});
    cases.push_back({"sigmoid", {{2, 3, 50}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.sigmoid(ops.scale(in[0], 20.0));
                     }});
    cases.push_back({"add", {{2, 3, 4, 5}, {1, 3, 4, 5}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.add(in[0], in[1]);
                     }});
    cases.push_back({"mul", {{2, 30}, {2, 30}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.mul(in[0], in[1]);
                     }});
    cases.push_back({"modulate", {{2, 3, 4, 5}, {2, 3}, {2, 3}}, [](models::Ops& ops, const CaseInputs& in) {
                         return ops.modulate(in[0], in[1], in[2]);
                     }});
    cases.push_back({"modulate_without_shift",
                     {{2, 3, 4, 5}, {2, 3}},
                     [](models::Ops& ops, const CaseInputs& in) { return ops.modulate(in[0], in[1], {}); }});
    for (const models::Window window :
         {models::Window{}, models::Window{2, 1}, models::Window{0, 0}, models::Window{20, 20}})
        cases.push_back(
            {window.left < 0 ? "attention" : fmt::format("attention_{}_{}", window.left, window.right),
             {{2, 9, 8}, {2, 9, 8}, {2, 9, 8}},
             [=](models::Ops& ops, const CaseInputs& in) {
                 const models::Value bias = window.left < 0
                                                ? models::Value{}
                                                : case_weight(ops, {2, window.left + window.right + 1});
                 return ops.attention(in[0], in[1], in[2], 2, window, bias);
             }});
}

inline void add_rearrangement_cases(std::vector<OpsCase>& cases) {
    const auto add = [&](const char* name, std::vector<Shape> inputs, OpsFunction function) {
        cases.push_back({name, std::move(inputs), std::move(function)});
    };
    using models::Ops;
    add("concat_channels", {{2, 3, 4, 6}, {2, 2, 4, 6}},
        [](Ops& ops, const CaseInputs& in) { return ops.concat(in[0], in[1]); });
    add("concat_features", {{2, 3, 4}, {2, 3, 5}},
        [](Ops& ops, const CaseInputs& in) { return ops.concat(in[0], in[1]); });
    add("slice", {{2, 3, 7}}, [](Ops& ops, const CaseInputs& in) { return ops.slice(in[0], 2, 4); });
    add("reshape", {{2, 3, 2, 4}}, [](Ops& ops, const CaseInputs& in) {
        return ops.reshape(in[0], {2, 24});
    });
    add("image_to_sequence", {{2, 3, 4, 6}},
        [](Ops& ops, const CaseInputs& in) { return ops.image_to_sequence(in[0]); });
    add("sequence_to_image", {{2, 24, 3}},
        [](Ops& ops, const CaseInputs& in) { return ops.sequence_to_image(in[0], 4, 6); });
    add("space_to_depth", {{2, 3, 4, 8}},
        [](Ops& ops, const CaseInputs& in) { return ops.space_to_depth(in[0], 2); });
    add("depth_to_space", {{2, 12, 2, 4}},
        [](Ops& ops, const CaseInputs& in) { return ops.depth_to_space(in[0], 2); });
    add("upsample2", {{2, 3, 4, 6}}, [](Ops& ops, const CaseInputs& in) { return ops.upsample2(in[0]); });
    add("blend", {{2, 3, 4, 6}, {2, 3, 4, 6}, {2, 1, 4, 6}},
        [](Ops& ops, const CaseInputs& in) { return ops.blend(in[0], in[1], in[2]); });
    add("warp", {{1, 3, 8, 12}, {2, 2, 4, 6}},
        [](Ops& ops, const CaseInputs& in) { return ops.warp(in[0], ops.scale(in[1], 0.2)); });
    add("avg_pool2", {{2, 3, 4, 6}}, [](Ops& ops, const CaseInputs& in) { return ops.avg_pool2(in[0]); });
    add("global_avg_pool", {{2, 3, 4, 6}},
        [](Ops& ops, const CaseInputs& in) { return ops.global_avg_pool(in[0]); });
    add("dropout_at_use", {{2, 3, 4}},
        [](Ops& ops, const CaseInputs& in) { return ops.dropout(in[0], 0.5); });
}

inline std::vector<OpsCase> operator_cases() {
    std::vector<OpsCase> cases;
    add_convolution_cases(cases);
    add_norm_cases(cases);
    add_element_cases(cases);
    add_rearrangement_cases(cases);
    return cases;
}

inline std::vector<OpsCase> network_cases() {
    std::vector<OpsCase> cases;
    for (const bool live : {false, true}) {
        const std::string preset = live ? "live" : "paper";
        cases.push_back(
            {"unet_" + preset, {{1, 3, 16, 16}, {1, 8}, {1, 6}}, [=](models::Ops& ops, const CaseInputs& in) {
                 return models::unet({ops, "unet"}, tiny_unet(live), in[0], in[1], in[2]);
             }});
        cases.push_back({"encoder_" + preset, {{1, 3, 16, 16}}, [=](models::Ops& ops, const CaseInputs& in) {
                             return models::encoder({ops, "encoder"}, tiny_encoder(live), in[0]);
                         }});
    }
    cases.push_back({"unet_with_references",
                     {{1, 3, 16, 16}, {1, 8}, {1, 6}},
                     [](models::Ops& ops, const CaseInputs& in) {
                         models::UNetConfig config = tiny_unet(true);
                         config.references = 2;
                         return models::unet({ops, "unet"}, config, in[0], in[1], in[2]);
                     },
                     /*differentiable=*/false});
    cases.push_back({"landmark_probe", {{2, 6}}, [](models::Ops& ops, const CaseInputs& in) {
                         return models::landmark_probe({ops, "landmarks"}, in[0], 5);
                     }});
    cases.push_back({"patch_critic", {{1, 4, 16, 16}}, [](models::Ops& ops, const CaseInputs& in) {
                         const auto features = models::patch_critic({ops, "critic"}, in[0]);
                         return ops.concat(features[2], features[3]);
                     }});
    const auto speech = [](models::Ops& ops, const models::Value& features, const models::Value& pose) {
        return models::speech_to_latent({ops, "speech"}, tiny_speech(), features, pose);
    };
    cases.push_back({"speech_encoder", {{2, 31, 10}}, [](models::Ops& ops, const CaseInputs& in) {
                         const models::SpeechEncoderOutput out =
                             models::speech_encoder({ops, "phonetic"}, tiny_speech_encoder(), in[0]);
                         return ops.concat(ops.concat(out.phones, out.loudness), out.embedding);
                     }});
    cases.push_back({"non_causal_phones", {{2, 31, 10}}, [](models::Ops& ops, const CaseInputs& in) {
                         const models::SpeechEncoderConfig config = tiny_speech_encoder();
                         const models::SpeechEncoderOutput heard =
                             models::speech_encoder({ops, "phonetic"}, config, in[0]);
                         return ops.concat(
                             models::non_causal_phones({ops, "phonetic.hindsight"}, config, heard),
                             heard.loudness);
                     }});
    for (const bool large : {false, true})
        cases.push_back(
            {large ? "wav2vec2_large" : "wav2vec2_base",
             {{2, 200, 1}},
             [=](models::Ops& ops, const CaseInputs& in) {
                 models::Wav2Vec2Options options;
                 options.layer_weights = {0.3f, 0, 1.5f};
                 return models::wav2vec2_features({ops, "wav2vec2"}, tiny_wav2vec2(large), options, in[0]);
             }});
    cases.push_back({"phonetic_speech_to_latent", {{2, 24, 10}}, [](models::Ops& ops, const CaseInputs& in) {
                         models::SpeechConfig config = tiny_speech();
                         config.features = "phonetic";
                         config.rate_per_frame = 2;
                         return models::speech_to_latent({ops, "speech"}, config, in[0], {}).latents;
                     }});
    cases.push_back({"speech_to_latent_with_linear_path",
                     {{2, 24, 10}, {2, 12, 3}},
                     [](models::Ops& ops, const CaseInputs& in) {
                         models::SpeechConfig config = tiny_speech();
                         config.features = "phonetic";
                         config.rate_per_frame = 2;
                         config.linear_path = true;
                         const models::SpeechToLatentOutput out =
                             models::speech_to_latent({ops, "speech"}, config, in[0], in[1]);
                         return ops.concat(out.latents, out.pose);
                     }});
    cases.push_back({"speech_to_latent", {{2, 48, 10}}, [=](models::Ops& ops, const CaseInputs& in) {
                         return speech(ops, in[0], {}).latents;
                     }});
    cases.push_back({"speech_to_latent_with_pose",
                     {{2, 48, 10}, {2, 12, 3}},
                     [=](models::Ops& ops, const CaseInputs& in) {
                         const models::SpeechToLatentOutput out = speech(ops, in[0], in[1]);
                         return ops.concat(out.latents, out.pose);
                     }});
    cases.push_back({"speech_to_latent_with_reference",
                     {{1, 48, 10}, {1, 12, 3}, {1, 6}},
                     [](models::Ops& ops, const CaseInputs& in) {
                         const models::SpeechToLatentOutput out =
                             models::speech_to_latent({ops, "speech"}, tiny_speech(), in[0], in[1], in[2]);
                         return ops.concat(out.latents, out.pose);
                     }});
    cases.push_back(
        {"speech_to_latent_looking_one_frame_ahead",
         {{2, 48, 10}},
         [](models::Ops& ops, const CaseInputs& in) {
             return models::speech_to_latent({ops, "speech"}, tiny_speech(), in[0], {}, {}, 1).latents;
         }});
    return cases;
}

}  // namespace vultus::infer
