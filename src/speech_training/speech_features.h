// The speech features that a person's speech network takes, as the trainer computes them.
#pragma once

#include "autograd/torch_ops.h"
#include "person/person.h"
#include "training_loop/options.h"

namespace vultus::speech_training {

/// The speech encoder that the options name becomes part of the person. Errors: those of its file.
void choose_speech_features(const training_loop::TrainOptions& options, person::Person& person);

/// Audio to rows of features, as hearing::SpeechFeatureStream makes them when the person talks.
class SpeechFeatures {
  public:
    /// person must outlive this and know its mel statistics, and its speech encoder where it has one.
    explicit SpeechFeatures(const person::Person& person);
    /// audio: 16 kHz, -1..1 -> [num_frames * rate_per_frame, width]; missing audio is silence. warm: as if
    /// the audio had gone on for some time before, for the channel equalizer.
    torch::Tensor operator()(const std::vector<float>& audio, std::int64_t num_frames, bool warm = false);

  private:
    /// Rows at 50 Hz of the encoder, [n, width] side by side.
    std::vector<float> phonetic(const std::vector<float>& audio, bool warm);
    /// Features and phone logits [T, width + num_phones], and the log-mel rows they are of.
    torch::Tensor encode(const std::vector<float>& audio, bool warm, std::vector<float>& log_mel);
    std::vector<float> published(const std::vector<float>& audio);

    const person::Person& person_;
    autograd::Parameters encoder_;
    std::vector<float> rest_;  ///< the small encoder's embedding of silence
};

}  // namespace vultus::speech_training
