// What speech training sees: pieces of clips, in clean and spoilt audio, with what face and head do to it.
#pragma once

#include <memory>

#include "base/rng.h"
#include "speech_training/latent_dataset.h"
#include "speech_training/speech_features.h"
#include "training_loop/options.h"

namespace vultus::speech_training {

/// One clip of T frames.
struct SpeechExample {
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

/// B pieces of one length: features [B, rate T, width], target [B, T, D], lips [B, T, 2], pose [B, T, 3],
/// reference [B, D], valid [B, T, 1]; own [B, 1, 1]: 0 where the pose is another piece's, so that of the
/// target only the lips are meant.
struct SpeechBatch {
    torch::Tensor features, target, lips, pose, reference, valid, own;
    SpeechBatch to(torch::Device device) const;
};

/// The mouth of recorded frames as a linear function of their normalised latents.
struct MouthProbe {
    torch::Tensor mouth;      ///< [D, 40]
    torch::Tensor offset;     ///< [40]
    torch::Tensor lips;       ///< [D, 2]: opening and width
    torch::Tensor lip_scale;  ///< [2]: deviation of opening and width
    double mouth_scale = 1;   ///< standard deviation of the mouth landmarks
};

class SpeechExamples {
  public:
    static constexpr std::int64_t kBatch = 16;

    /// clips: the person's images' encoder gave their latents. The person gets its statistics and the
    /// speech encoder that it is to listen with; it must outlive this. Minutes of work: shows progress.
    /// Errors: kCancelled; those of the encoder's file.
    SpeechExamples(const training_loop::TrainOptions& options, const std::vector<LatentClip>& clips,
                   person::Person& person);

    /// kBatch pieces; `place` chooses them.
    SpeechBatch batch(std::uint64_t place) const;
    /// [frames, 3]: how the head moved in training clips, one after the other, from the one called `first`
    /// on: a head that this speech was not recorded with.
    torch::Tensor other_pose(std::size_t first, std::int64_t frames) const;
    /// Never in a batch, but for persons with no validation clips.
    const std::vector<SpeechExample>& validation() const { return validation_; }
    /// Batches in which every second of training is heard once, on average; at least 1.
    std::int64_t batches_per_pass() const;
    const MouthProbe& probe() const { return probe_; }
    const std::vector<SpeechExample>& training() const { return train_; }

  private:
    /// A piece of a clip, as long as the batch's others.
    struct Piece {
        torch::Tensor features, target, lips, pose, valid;
    };
    /// Most frames of a batch's pieces.
    std::int64_t window_frames() const;
    std::size_t draw_clip(std::int64_t frames, Rng& rng) const;
    SpeechExample make_example(const LatentClip& clip, std::uint64_t seed) const;
    std::int64_t quietest_frame(const SpeechExample& example) const;
    void make_examples(const std::vector<LatentClip>& clips);
    void fit_mouth_probe();
    void make_silence();
    Piece cut(const SpeechExample& example, std::int64_t frames, Rng& rng) const;
    Piece silence(const SpeechExample& example, std::int64_t frames, Rng& rng) const;

    std::uint64_t seed_;
    const person::Person& person_;
    Postures postures_;
    std::unique_ptr<SpeechFeatures> features_;
    std::vector<SpeechExample> train_, validation_;
    std::vector<torch::Tensor> silence_;  ///< features of silent and noisy rooms
    MouthProbe probe_;
};

}  // namespace vultus::speech_training
