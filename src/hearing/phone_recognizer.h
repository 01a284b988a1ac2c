// Which phone is heard when: the speech encoder on its own.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "hearing/speech_features.h"
#include "infer/weights.h"
#include "person/speech_model.h"

namespace vultus::hearing {

/// To logarithms of probabilities.
void log_softmax(float* row, std::size_t count);

/// Threads  any number of callers.
class PhoneRecognizer {
  public:
    /// Errors: those of person::load_speech_model, and kCorruptData for missing weights (which).
    explicit PhoneRecognizer(const std::filesystem::path& speech_model);

    /// audio: 16 kHz mono, -1..1, any length -> [T, num_phones] log-probabilities, T = ceil(samples / 320);
    /// frame k is centred on sample 320 k. Memory beyond the result does not grow with the length.
    /// on_part: called with the share that is heard, 0..1, every ten seconds of sound; may be empty.
    std::vector<float> log_posteriors(std::span<const float> audio,
                                      const std::function<void(double)>& on_part = {}) const;
    /// The same sound as it comes: log_softmax of its rows are the log-probabilities of what is heard 72.5 ms
    /// ahead. Uses this one's weights.
    std::unique_ptr<SpeechEncoderStream> live() const;
    int num_phones() const { return model_.config.num_phones; }
    /// As SpeechModel::phone_share.
    const std::vector<float>& phone_share() const { return model_.phone_share; }

  private:
    person::SpeechModel model_;
    std::shared_ptr<infer::Weights> weights_;
};

}  // namespace vultus::hearing
