// What a training run is asked to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "person/person.h"

namespace vultus::training_loop {

struct TrainOptions {
    std::filesystem::path corpus;
    std::filesystem::path
        out;  ///< the person file (phones: the encoder's); the run's state lies beside it in OUT.training/
    std::filesystem::path from;  ///< warm start from this person file (phones: encoder); empty: from scratch
    bool prior_only = false;     ///< of `from` only weights, where they fit: the networks are the preset's
    std::filesystem::path teacher;       ///< a person whose images are distilled; empty: none
    std::string distill = "regression";  ///< method; see image_training/distillation.h
    int teacher_steps = 8;               ///< DDIM steps that the teacher takes
    std::filesystem::path
        speech;  ///< the speech encoder's file; empty: log-mel features, learnt with the rest
    models::Wav2Vec2Options speech_layers;  ///< of published weights
    bool phones_alone = false;              ///< of the small encoder: its posteriors instead of its embedding
    bool new_speech = false;                ///< speech: of `from` only what its calibration measured
    bool non_causal_only = false;           ///< phones: models::speech_encoder stays as `from` has it
    std::string preset = "live";
    int size_px = 256;
    std::string stage = "all";    ///< "dae", "speech", "all", "phones" or "speed"
    double budget_s = 3600;       ///< training time in all; the schedule ends on time
    std::int64_t steps = 0;       ///< > 0: exactly so many steps a stage instead of a budget (reproducible)
    double dae_share = 0.75;      ///< of the budget, when both stages run
    int batch = 8;                ///< images a step and process; 0: what pays on the device
    double learning_rate = 6e-4;  ///< 0: 6e-4 sqrt(images a step of all processes / 8)
    double freeze_encoder_at = 0.6;  ///< part of the dae stage after which z no longer changes; 1: never
    double full_noise = 0.5;       ///< part of the samples at the highest noise, half of them the shared x_T
    double latent_noise = 0.05;    ///< standard deviation of noise on z (normalised encoders only)
    double mouth_weight = 8;       ///< of the loss around each frame's mouth
    double eye_weight = 8;         ///< and around its eyes
    double landmark_weight = 0.2;  ///< of reading the landmarks out of z (live preset)
    double critic_weight = 0.5;  ///< gradient of the adversarial term, in parts of the squared error's; from
                                 ///< the time on when the encoder is frozen (live preset)
    double temporal_weight = 0.1;  ///< of drawn against recorded motion between neighbouring frames; from the
                                   ///< time on when the encoder is frozen (live preset)
    double warp_share = 0.7;       ///< part of the samples whose head is moved (live preset)
    double edge_weight = 1;        ///< of the error of finite differences at high noise
    double checkpoint_every_s = 120;
    double report_every_s = 60;
    std::string device = "cpu";
    std::string precision = "auto";  ///< of convolutions; "float32": and no dropout, to compare devices
    int num_threads = 0;             ///< 0: all cores
    std::uint64_t seed = 1;
    bool calibrate = true;  ///< afterwards `vultus calibrate`, where the program is
    bool restart = false;   ///< forget an earlier state instead of resuming it
    person::Card card;
};

}  // namespace vultus::training_loop
