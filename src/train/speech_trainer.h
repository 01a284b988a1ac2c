// Stage 2: speech to latents, on whole sequences.
#pragma once

#include "train/dae_trainer.h"
#include "train/speech_examples.h"

namespace vultus::train {

class SpeechTrainer : public Stage {
  public:
    /// person: as `examples` left it; both must outlive this. options.from: a person whose speech this one
    /// goes on from and, when its latents are the same, whose calibrated lips it is trained for.
    SpeechTrainer(const TrainOptions& options, const RunFolder& run, const SpeechExamples& examples,
                  const person::Person& person, ProcessGroup& group);

    void run(double budget_s);
    /// The whole person, able to speak as well as on the best of all steps.
    person::Person person();

    double train_step(std::int64_t step, double fraction) override;
    void report(std::int64_t step, double mean_loss, double seconds) override;
    void save_state(Archive& archive) const override;
    void load_state(const Archive& archive) override;

  private:
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
    void warm_start();
    void listen_to_calibration(const person::Stats& stats);
    Validation validate();
    void keep_best(std::int64_t step);
    torch::Tensor loss(const SpeechBatch& batch, std::uint64_t place);

    TrainOptions options_;
    RunFolder run_;
    ProcessGroup& group_;
    const person::Person& person_;
    const SpeechExamples& examples_;
    torch::Device device_;
    MouthProbe probe_;  ///< on the device; its lips drawn ones', of a person whose lips were calibrated
    Parameters parameters_;
    Adam adam_;
    double learning_rate_;
    RunLog log_;
    Best best_;
    std::int64_t steps_done_ = 0;
};

}  // namespace vultus::train
