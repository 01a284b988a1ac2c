// Trains the small speech encoder on speech whose phones are known.
#pragma once

#include "autograd/optimizer.h"
#include "autograd/process_group.h"
#include "person/speech_model.h"
#include "phone_training/phone_data.h"
#include "training_loop/options.h"
#include "training_loop/run_folder.h"
#include "training_loop/run_log.h"
#include "training_loop/stage.h"

namespace vultus::phone_training {

class PhoneTrainer : public training_loop::Stage {
  public:
    PhoneTrainer(const training_loop::TrainOptions& options, const corpus::SpeechCorpus& corpus,
                 const training_loop::RunFolder& run, autograd::ProcessGroup& group);

    /// Errors: kCancelled after writing a checkpoint.
    void run();
    /// As learnt so far (averaged weights).
    person::SpeechModel model() const;

    double train_step(std::int64_t step, double fraction) override;
    void report(std::int64_t step, double mean_loss, double seconds) override;
    void save_state(Archive& archive) const override;
    void load_state(const Archive& archive) override;

  private:
    struct Accuracy {
        double whole = 0, live = 0;  ///< with and without what follows a frame
    };

    void warm_start();
    void freeze_live();
    torch::Tensor loss(const PhoneBatch& batch, std::int64_t step);
    /// Share of right visemes over the validation clips of each voice.
    std::map<std::string, Accuracy> viseme_accuracy();

    training_loop::TrainOptions options_;
    training_loop::RunFolder run_;
    autograd::ProcessGroup& group_;
    torch::Device device_;
    person::SpeechModel model_;
    std::vector<PhoneExample> examples_;
    std::unique_ptr<PhoneBatches> batches_;
    autograd::Parameters parameters_;
    autograd::Adam adam_;
    training_loop::RunLog log_;
    std::int64_t steps_done_ = 0, steps_before_ = 0;
};

}  // namespace vultus::phone_training
