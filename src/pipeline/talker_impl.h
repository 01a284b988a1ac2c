// Inner state of a Talker, shared by talker.cpp and latent_stream.cpp.
#pragma once

#include "diffusion/schedule.h"
#include "infer/onednn_ops.h"
#include "person/picture_space.h"
#include "pipeline/talker.h"

namespace vultus::pipeline {

struct Talker::Impl {
    Impl(const person::Person& person_, const TalkerOptions& options)
        : person(person_),
          model(person.model),
          ops(person.weights, options.num_threads),
          schedule(model.diffusion.timesteps, model.diffusion.beta_first, model.diffusion.beta_last),
          kind(diffusion::prediction_from_name(model.diffusion.prediction)),
          space(model.unet.size_px, person.stats.mean_picture, model.diffusion.residual_scale),
          timesteps(schedule.timesteps_for(options.steps > 0 ? options.steps : model.diffusion.default_steps,
                                           model.diffusion.spacing)),
          noise(diffusion::noise_from_seed(
              options.seed >= 0 ? static_cast<std::uint64_t>(options.seed) : person.noise_seed,
              space.num_values())) {}

    person::Person person;
    const models::ModelConfig& model;
    infer::OnednnOps ops;
    diffusion::Schedule schedule;
    diffusion::Prediction kind;
    person::PictureSpace space;
    std::vector<int> timesteps;
    std::vector<float> noise;  ///< the shared x_T
};

}  // namespace vultus::pipeline
