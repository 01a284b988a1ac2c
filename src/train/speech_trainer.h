// Stage 2: speech to latents, on whole sequences.
#pragma once

#include "base/rng.h"
#include "train/dae_trainer.h"
#include "train/latent_dataset.h"
#include "train/speech_features.h"

namespace vultus::train {

class SpeechTrainer : public Stage {
  public:
    /// person: as stage 1 left it; its encoder gives the targets.
    SpeechTrainer(const TrainOptions& options, const corpus::Corpus& corpus, const RunFolder& run,
                  person::Person person, ProcessGroup& group);

    void run(double budget_s);
    /// The whole person, able to speak as well as on the best of all steps.
    person::Person person();

    double train_step(std::int64_t step, double fraction) override;
    void report(std::int64_t step, double mean_loss, double seconds) override;
    void save_state(Archive& archive) const override;
    void load_state(const Archive& archive) override;

  private:
    struct Example {
        torch::Tensor reference;              ///< [D] the posture of the clip, normalised
        torch::Tensor target;                 ///< [T, D] normalised, blinks taken out
        torch::Tensor pose;                   ///< [T, 3] normalised
        torch::Tensor mouth;                  ///< [T, 40]
        torch::Tensor opening;                ///< [T]
        torch::Tensor lips;                   ///< [T, 2]: opening and width about their means
        torch::Tensor valid;                  ///< [T] 0 or 1
        std::vector<torch::Tensor> features;  ///< [rate T, width]: clean, then augmented versions
        std::int64_t rest_frame = 0;          ///< quiet, mouth closed
    };
    struct Batch {
        torch::Tensor features, target, lips, pose, reference, valid;
    };
    /// A piece of a clip, as long as the batch's others.
    struct Piece {
        torch::Tensor features, target, lips, pose, valid;
    };
    struct Validation {
        double latent_error = 0;    ///< mean square, of normalised latents
        double opening_r = 0;       ///< median over clips
        double mouth_distance = 0;  ///< median over clips, of the mouth read off the latents; inter-ocular
        double lip_difference = 0;  ///< median over clips, of standardised opening and width together
    };
    /// The averaged weights that were best on the validation clips so far.
    struct Best {
        std::int64_t step = 0;
        double lip_difference = 1e30;
        std::map<std::string, HostTensor> weights;
    };
    void choose_features();
    void listen_through_published_weights();
    void warm_start();
    void listen_to_calibration(const person::Stats& stats);
    void make_examples(std::vector<LatentClip> clips);
    Example make_example(const LatentClip& clip, std::uint64_t seed) const;
    std::int64_t quietest_frame(const Example& example) const;
    void fit_mouth_probe();
    void make_silence();
    Batch make_batch(std::int64_t step) const;
    Piece cut(const Example& example, std::int64_t frames, Rng& rng) const;
    Piece silence(const Example& example, std::int64_t frames, Rng& rng) const;
    Validation validate();
    void keep_best(std::int64_t step);
    torch::Tensor loss(const Batch& batch, std::int64_t step);

    TrainOptions options_;
    RunFolder run_;
    ProcessGroup& group_;
    person::Person person_;
    torch::Device device_;
    Postures postures_;
    std::unique_ptr<SpeechFeatures> features_;
    std::vector<Example> train_, validation_;
    std::vector<torch::Tensor> silence_;  ///< features of soundless and noisy rooms
    torch::Tensor mouth_probe_;           ///< [D, 40]: mouth landmarks per unit of normalised latent
    torch::Tensor mouth_probe_offset_;    ///< [40]
    /// [D, 2]: opening and width of the lips per unit of normalised latent, recorded ones' or, of a person
    /// whose lips were calibrated, drawn ones'.
    torch::Tensor lip_probe_;
    torch::Tensor lip_scale_;  ///< [2]: deviation of opening and width
    double mouth_scale_ = 1;   ///< standard deviation of the mouth landmarks
    Parameters parameters_;
    Adam adam_;
    double learning_rate_;
    RunLog log_;
    Best best_;
    std::int64_t steps_done_ = 0;
};

}  // namespace vultus::train
