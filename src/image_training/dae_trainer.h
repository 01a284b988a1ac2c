// Stage 1: the diffusion autoencoder learns to draw one person.
#pragma once

#include <array>
#include <optional>

#include "autograd/optimizer.h"
#include "autograd/process_group.h"
#include "autograd/recorded_work.h"
#include "corpus/frame_cache.h"
#include "corpus/motion_cache.h"
#include "image_training/critic.h"
#include "image_training/device_frames.h"
#include "image_training/distillation.h"
#include "image_training/face_regions.h"
#include "image_training/head_warp.h"
#include "image_training/noise_bank.h"
#include "image_training/temporal_consistency.h"
#include "person/image_normalisation.h"
#include "training_loop/options.h"
#include "training_loop/run_folder.h"
#include "training_loop/run_log.h"
#include "training_loop/stage.h"

namespace vultus::image_training {

/// The networks that a run trains: those of `from` where its images are of the same size, or of its preset.
models::ModelConfig model_of(const training_loop::TrainOptions& options);

class DaeTrainer : public training_loop::Stage {
  public:
    DaeTrainer(const training_loop::TrainOptions& options, const corpus::Corpus& corpus,
               const training_loop::RunFolder& run, autograd::ProcessGroup& group);

    /// Trains until the stage's share of the budget is spent, resuming an earlier state.
    /// Errors: kCancelled after writing a checkpoint.
    void run(double budget_s);

    /// The person as learnt so far (averaged weights), without the speech part.
    person::Person person() const;

    double train_step(std::int64_t step, double fraction) override;
    void report(std::int64_t step, double mean_loss, double seconds) override;
    void save_state(Archive& archive) const override;
    void load_state(const Archive& archive) override;
    void on_saved(std::int64_t step) override;

  private:
    /// What is drawn at random for one step, one row each of [kRows, batch].
    enum Row { kFrame, kTimestep, kNoisePlace, kLatentPlace, kWarpPlace, kSharedNoise, kFullNoise, kRows };
    using StepDraw = std::array<std::vector<std::int64_t>, kRows>;
    struct Noised {
        torch::Tensor x_t, target, time, noise;
        torch::Tensor alpha, sigma;  ///< [B, 1, 1, 1]: of x_0 and of the noise in x_t
        torch::Tensor full;          ///< [B]: 1 for samples at the highest noise, else 0
    };
    void choose_frames();
    void measure_images();
    void make_tables();
    StepDraw draw_step(std::int64_t step) const;
    void set_inputs(const StepDraw& draw);
    torch::Tensor input(Row row) const { return inputs_[row]; }
    torch::Tensor normalised(const torch::Tensor& values) const;
    torch::Tensor training_images() const;
    void compute_gradients(std::int64_t step);
    void update_weights();
    Noised add_noise(const torch::Tensor& x0) const;
    torch::Tensor predict(const torch::Tensor& x_t, const torch::Tensor& time, const torch::Tensor& z,
                          bool training, std::vector<torch::Tensor>* displacements = nullptr);
    void find_references();
    void fetch_motion(const std::vector<std::int64_t>& frames);
    torch::Tensor motion_term(const std::vector<torch::Tensor>& displacements) const;
    Noised distillation_target(const torch::Tensor& x0, const torch::Tensor& z, const Noised& noised,
                               std::int64_t step);
    torch::Tensor squared_error(const torch::Tensor& prediction, const Noised& noised) const;
    torch::Tensor temporal_term(const torch::Tensor& prediction, const Noised& noised) const;
    torch::Tensor landmark_term(const torch::Tensor& z);
    torch::Tensor adversarial_term(const torch::Tensor& prediction, const torch::Tensor& squared,
                                   const Noised& noised, const torch::Tensor& x0);
    torch::Tensor loss(std::int64_t step);
    bool uses_temporal_term() const { return temporal_consistency_ && encoder_frozen_; }
    /// Place in the batch of all processes: the frame after the one before it, from the same noise. One in
    /// four, never the first of a process.
    bool follows(std::int64_t place) const {
        return uses_temporal_term() && place % 4 == 1 && place % options_.batch != 0;
    }
    void freeze_encoder();
    std::vector<std::int64_t> frames_of_step(std::int64_t step) const;
    std::array<double, 2> validate();
    void warm_start();

    training_loop::TrainOptions options_;
    const corpus::Corpus& corpus_;
    training_loop::RunFolder run_;
    autograd::ProcessGroup& group_;
    models::ModelConfig model_;
    diffusion::Schedule schedule_;
    torch::Device device_;
    torch::Dtype compute_;
    corpus::FrameCache cache_;
    DeviceFrames frames_;
    std::vector<std::int64_t> train_frames_, validation_frames_;
    std::vector<std::int64_t> followed_frames_;  ///< of training, whose next frame is of the same clip
    std::vector<std::uint8_t> mean_image_;
    std::unique_ptr<person::ImageNormalisation> normalisation_;
    corpus::Box mouth_px_;  ///< at size_px
    FaceRegions regions_;
    NoiseBank noise_;
    torch::Tensor shared_noise_, mean_;            ///< [1, 3, S, S]
    torch::Tensor alpha_of_, sigma_of_, time_of_;  ///< by timestep: [T], [T], [T, channels]
    autograd::Parameters parameters_;
    autograd::Adam adam_;
    training_loop::RunLog log_;
    std::int64_t steps_done_ = 0;
    bool encoder_frozen_ = false;
    std::unique_ptr<corpus::MotionCache> motion_;                ///< where it was measured
    torch::Tensor fetched_motion_;                               ///< [batch, references, 2, grid, grid]
    std::unique_ptr<HeadWarp> head_warp_;                        ///< where images are moved
    std::unique_ptr<Distillation> distillation_;                 ///< where there is a teacher
    std::unique_ptr<TemporalConsistency> temporal_consistency_;  ///< where there is none
    std::unique_ptr<Critic> critic_;

    // The step on the device: what it reads, what it leaves; its two halves, between which processes average.
    autograd::RecordedWork gradient_work_, update_work_;
    torch::Tensor inputs_;                  ///< [kRows, batch] int64
    torch::Tensor rate_;                    ///< learning rate, 0-dimensional
    torch::Tensor sums_;                    ///< [4], see Sum
    torch::Tensor adaptive_weight_;         ///< moving average of the ratio of the gradients, 0-dimensional
    torch::Tensor gradient_norm_;           ///< 0-dimensional
    torch::Tensor loss_sum_;                ///< since it was read last
    std::vector<torch::Tensor> gradients_;  ///< of all weights, then sums_
    enum Sum { kLoss, kLandmarkError, kSquaredGradient, kAdversarialGradient };
    std::array<torch::Tensor, 3> critic_patches_;  ///< of this step: drawn, recorded, what each counts
    std::vector<std::int64_t> chosen_;             ///< on a processor: samples that the critic sees
    double learning_rate_ = 0;
    std::optional<double> known_loss_;
    int unread_steps_ = 0;  ///< whose losses loss_sum_ holds
};

}  // namespace vultus::image_training
