// Sound to the speech features that a person's speech network takes, in a stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "audio/frame_features.h"
#include "audio/row_interpolator.h"
#include "audio/voice_activity.h"
#include "hearing/wav2vec2_stream.h"
#include "infer/streaming_program.h"
#include "models/speech_encoder.h"
#include "person/person.h"

namespace vultus::hearing {

/// The small speech encoder over sound that arrives in parts: each frame computed once, constant memory, the
/// same bits however the sound is cut.
/// Threads  one caller at a time.
class SpeechEncoderStream {
  public:
    /// kEmbedding, kPhones: models::SpeechEncoderOutput's; kNonCausalPhones: as
    /// models::non_causal_phones, kPhones' where the encoder has no such part. kGated: its features,
    /// kGatedPosteriors: the phones' posteriors, both led to those of silence where nobody speaks
    /// (audio::VoiceActivityGate).
    enum class Output { kEmbedding, kPhones, kNonCausalPhones, kGated, kGatedPosteriors };

    /// weights: phonetic.*. step_frames: output frames (50 Hz) computed at once: 1 gives each as soon as it
    /// can be known, more are cheaper. state: of the features, SpeechConfig::encoder_state.
    SpeechEncoderStream(const models::SpeechEncoderConfig& config, std::vector<float> mel_mean,
                        std::vector<float> mel_std, std::shared_ptr<infer::Weights> weights, int num_threads,
                        Output output, std::int64_t step_frames, int state = 0);

    /// Before the first push: sound of the same microphone, which tells the equalizer its colour.
    void hear(const float* audio, std::int64_t num_samples) { mel_.hear(audio, num_samples); }
    /// Sound at 16 kHz, -1..1; appends the rows that are certain.
    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    /// Appends the rest: ceil(samples / 320) rows since the start or the last restart.
    void finish(std::vector<float>& out);
    /// Forgets the sound.
    void restart();

    std::int64_t width() const { return width_; }

  private:
    audio::FrameFeatureStream new_mel() const;
    void advance(bool last, std::vector<float>& out);
    void append(std::span<const float> rows, std::vector<float>& out);

    std::vector<float> mel_mean_, mel_std_;
    std::int64_t features_, num_phones_, width_, step_rows_;
    bool equalized_;
    audio::FrameFeatureStream mel_;
    std::vector<float> waiting_;  ///< log-mel rows that no step has taken yet
    std::vector<float> taken_;    ///< those of the step in progress; the network reads them here
    bool started_ = false;
    std::unique_ptr<infer::StreamingProgram> encoder_;
    std::optional<audio::VoiceActivityGate> gate_;
};

/// What SpeechConfig::features names, at rate_per_frame rows a video frame.
/// Threads  one caller at a time.
class SpeechFeatureStream {
  public:
    /// person must outlive this; weights are its own.
    SpeechFeatureStream(const person::Person& person, std::shared_ptr<infer::Weights> weights,
                        int num_threads, std::int64_t step_video_frames);

    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    void finish(std::vector<float>& out);
    void restart();
    std::int64_t width() const { return width_; }

  private:
    audio::FrameFeatureStream new_log_mel() const;

    const person::Person& person_;
    std::int64_t width_;
    audio::FrameFeatureStream log_mel_;              ///< where that is all
    std::unique_ptr<SpeechEncoderStream> phonetic_;  ///< where it is one of these
    std::unique_ptr<Wav2Vec2Stream> wav2vec2_;
    audio::RowInterpolator rows_;
};

}  // namespace vultus::hearing
