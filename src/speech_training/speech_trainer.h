// Stage 2: speech to latents, on whole sequences.
#pragma once

#include "autograd/optimizer.h"
#include "autograd/process_group.h"
#include "speech_training/speech_examples.h"
#include "training_loop/run_folder.h"
#include "training_loop/run_log.h"
#include "training_loop/stage.h"

namespace vultus::speech_training {

class SpeechTrainer : public training_loop::Stage {
  public:
    /// person: as `examples` left it; both must outlive this. options.from: a person whose speech this one
    /// goes on from and, when its latents are the same, whose calibrated lips it is trained for.
    SpeechTrainer(const training_loop::TrainOptions& options, const training_loop::RunFolder& run,
                  const SpeechExamples& examples, const person::Person& person,
                  autograd::ProcessGroup& group);

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
        double share = 1;           ///< of what the Conformers say: with it the difference is least
    };
    /// The averaged weights that were best on the validation clips so far.
    struct Best {
        std::int64_t step = 0;
        double share = 1;  ///< already in the weights
        double lip_difference = 1e30;
        std::map<std::string, HostTensor> weights;
    };
    /// True when the weights of a person with these very latents were taken: they are complete.
    bool warm_start();
    void start_from_ridge(bool complete);
    void fix_line();
    void listen_to_calibration(const person::Stats& stats);
    Validation validate();
    torch::Tensor latents_of(autograd::TorchOps& ops, const SpeechExample& example,
                             const torch::Tensor& pose);
    torch::Tensor line_of(autograd::TorchOps& ops, const SpeechExample& example, const torch::Tensor& pose);
    void keep_best(std::int64_t step);
    torch::Tensor loss(const SpeechBatch& batch, std::uint64_t place);

    training_loop::TrainOptions options_;
    training_loop::RunFolder run_;
    autograd::ProcessGroup& group_;
    const person::Person& person_;
    const SpeechExamples& examples_;
    torch::Device device_;
    MouthProbe probe_;  ///< on the device; its lips drawn ones', of a person whose lips were calibrated
    autograd::Parameters parameters_;
    autograd::Adam adam_;
    double learning_rate_;
    training_loop::RunLog log_;
    Best best_;
    std::int64_t steps_done_ = 0;
};

}  // namespace vultus::speech_training
