// wav2vec 2.0 and HuBERT over sound that arrives in parts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "audio/audio_windows.h"
#include "infer/weights.h"
#include "models/config.h"

namespace vultus::hearing {

/// These networks look at all sound there is. Up to 13.5 s are one window; longer sound goes through in
/// windows of at most 15 s that share 1.5 s with each neighbour, in constant memory. The same bits however
/// the sound is cut.
/// Threads  one caller at a time.
class Wav2Vec2Stream {
  public:
    enum class Rows {
        kCentred,   ///< what a person listens to: row k stands for 20 k ms, of mean 0 and variance 1
        kPublished  ///< as the published models give them: row k sees the 400 samples from 320 k on
    };

    /// weights: wav2vec2.*. whole: one window, however long.
    Wav2Vec2Stream(const models::Wav2Vec2Config& config, const models::Wav2Vec2Options& options,
                   std::shared_ptr<infer::Weights> weights, int num_threads, Rows rows, bool whole = false);

    /// Sound at 16 kHz, -1..1; appends the rows that are certain.
    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    /// Appends the rest: ceil(samples / 320) rows in all, or num_frames(samples) published ones.
    void finish(std::vector<float>& out);
    /// Forgets the sound.
    void restart() { windows_.restart(); }

    std::int64_t width() const { return config_.width; }

  private:
    void advance(bool last, std::vector<float>& out);

    models::Wav2Vec2Config config_;
    models::Wav2Vec2Options options_;
    Rows rows_;
    std::shared_ptr<infer::Weights> weights_;
    int num_threads_;
    audio::AudioWindows windows_;
};

}  // namespace vultus::hearing
