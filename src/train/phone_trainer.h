// Trains the small speech encoder on speech whose phones are known.
#pragma once

#include "person/speech_model.h"
#include "train/dae_trainer.h"
#include "train/phone_data.h"

namespace vultus::train {

class PhoneTrainer : public Stage {
  public:
    PhoneTrainer(const TrainOptions& options, const corpus::SpeechCorpus& corpus, const RunFolder& run,
                 ProcessGroup& group);

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

    TrainOptions options_;
    RunFolder run_;
    ProcessGroup& group_;
    torch::Device device_;
    person::SpeechModel model_;
    std::vector<PhoneExample> examples_;
    std::unique_ptr<PhoneBatches> batches_;
    Parameters parameters_;
    Adam adam_;
    RunLog log_;
    std::int64_t steps_done_ = 0, steps_before_ = 0;
};

}  // namespace vultus::train
