// Tells speech from everything else and leads a face back to rest where nobody speaks.
#pragma once

#include <cstdint>
#include <vector>

namespace vultus::audio {

/// Voice activity with hysteresis at 50 Hz: speech begins once the silence posterior has been low for about
/// two frames and the audio is above kLeastLevelDb, and ends when it has been high for kHangOverFrames.
class VoiceActivityDetector {
  public:
    static constexpr float kLeastLevelDb = -70;  ///< root mean square against full scale
    static constexpr int kHangOverFrames = 4;    ///< of 20 ms

    /// silence: posterior 0..1. Returns how much the face follows the audio, 0..1: up within 40 ms, down
    /// within 80 ms, so that it is back at rest 200 ms after the last speech.
    float advance(float silence, float level_db);
    bool active() const { return active_; }

  private:
    bool active_ = false;
    int quiet_frames_ = 0;
    float speech_ = 0;  ///< smoothed 1 - silence
    float gate_ = 0;
};

/// Rows of [embedding | phone logits] (models::SpeechEncoderOutput) to features that are those of silence
/// where nobody speaks.
class VoiceActivityGate {
  public:
    /// The rest embedding is frame kRestFrame of what the encoder makes of kRestSamples of digital silence:
    /// far from the beginning and the end.
    static constexpr std::int64_t kRestSamples = 51200, kRestFrame = 140;

    /// rest [width]: the embedding of silence. Logit 0 of num_phones is silence.
    VoiceActivityGate(std::vector<float> rest, std::int64_t num_phones);
    /// Gives the posteriors of the phones instead of the embedding.
    static VoiceActivityGate of_posteriors(std::int64_t num_phones, std::int64_t embedding);

    /// Log-mel rows [n, num_mels] at 100 Hz, normalised by mean and deviation: every second one stands for an
    /// output row to come.
    void hear(const float* log_mel, std::int64_t num_rows, const std::vector<float>& mel_mean,
              const std::vector<float>& mel_std);
    /// rows [n, embedding + num_phones], in order; appends [n, embedding] or [n, num_phones].
    void advance(const float* rows, std::int64_t num_rows, std::vector<float>& out);
    void restart();

  private:
    std::vector<float> rest_;
    std::int64_t embedding_, num_phones_;
    bool posteriors_ = false;
    std::vector<float> posterior_;  ///< [num_phones], of the row at hand
    VoiceActivityDetector activity_;
    std::vector<float> levels_db_;  ///< of the rows to come
    bool even_ = true;              ///< the next log-mel row stands for an output row
};

}  // namespace vultus::audio
