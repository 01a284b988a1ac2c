// Inner state of a Talker, shared by talker.cpp and latent_stream.cpp.
#pragma once

#include "diffusion/schedule.h"
#include "infer/onednn_ops.h"
#include "infer/program.h"
#include "infer/weights.h"
#include "person/image_normalisation.h"
#include "speaking/talker.h"

namespace vultus::speaking {

/// What all sessions of one person share. Never changes, but for weights that are packed on first use.
struct LoadedPerson {
    explicit LoadedPerson(person::Person person_);

    person::Person person;
    std::shared_ptr<infer::Weights> weights;
    person::ImageNormalisation space;
};

struct Talker::Impl {
    Impl(std::shared_ptr<const LoadedPerson> loaded_, const TalkerOptions& options);

    std::shared_ptr<const LoadedPerson> loaded;
    const person::Person& person;
    const models::ModelConfig& model;
    infer::OnednnOps ops;
    diffusion::Schedule schedule;
    diffusion::Prediction kind;
    const person::ImageNormalisation& space;
    std::vector<int> timesteps;
    std::vector<float> noise;  ///< the shared x_T

    /// The U-Net at each timestep: reads z and, after the first, x. Recorded at the first image.
    std::vector<infer::Program> decoder;
    std::vector<float> z, x;
    /// The semantic encoder: reads image.
    std::vector<infer::Program> encoder;
    std::vector<float> picture;

    void record_decoder();
    void record_encoder();
};

}  // namespace vultus::speaking
