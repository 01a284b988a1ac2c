#include "hearing/speech_features.h"

#include <algorithm>

namespace vultus::hearing {

namespace {

constexpr std::int64_t kBands = audio::FrameFeatureStream::kNumMels;
constexpr double kEncoderHz = 50.0;
constexpr std::int64_t kRowsPerFrame = 2;  // log-mel rows per output frame of the encoder

std::int64_t feature_width(const models::SpeechEncoderConfig& config, int state) {
    return config.embedding + (state > 0 ? config.width : 0);
}

/// What the encoder makes of digital silence, far from its beginning and end.
std::vector<float> rest_features(const models::SpeechEncoderConfig& config, audio::FrameFeatureStream mel,
                                 const std::shared_ptr<infer::Weights>& weights, int num_threads, int state) {
    const std::vector<float> silence(audio::VoiceActivityGate::kRestSamples, 0.0f);
    std::vector<float> rows;
    mel.push(silence.data(), static_cast<std::int64_t>(silence.size()), rows);
    mel.finish(rows);
    infer::OnednnOps ops(weights, num_threads);
    const models::Value input =
        ops.input({1, static_cast<std::int64_t>(rows.size()) / kBands, kBands}, rows.data());
    const models::Value features = models::speech_encoder({ops, "phonetic"}, config, input, state).features;
    const std::int64_t width = feature_width(config, state);
    const float* row = infer::OnednnOps::data(features) + audio::VoiceActivityGate::kRestFrame * width;
    return {row, row + width};
}

double rows_hz(const person::Person& person) { return person.model.speech.rate_per_frame * person.fps(); }

}  // namespace

SpeechEncoderStream::SpeechEncoderStream(const models::SpeechEncoderConfig& config,
                                         std::vector<float> mel_mean, std::vector<float> mel_std,
                                         std::shared_ptr<infer::Weights> weights, int num_threads,
                                         Output output, std::int64_t step_frames, int state)
    : mel_mean_(std::move(mel_mean)),
      mel_std_(std::move(mel_std)),
      features_(feature_width(config, state)),
      num_phones_(config.num_phones),
      width_(output == Output::kGated || output == Output::kEmbedding ? features_ : num_phones_),
      step_rows_(kRowsPerFrame * step_frames),
      equalized_(config.equalized),
      mel_(new_mel()) {
    // Room for the largest step, so that the network finds its input at the same place every time.
    taken_.resize(static_cast<std::size_t>((step_rows_ + 1) * kBands));
    if (output == Output::kGated)
        gate_.emplace(rest_features(config, new_mel(), weights, num_threads, state), config.num_phones);
    if (output == Output::kGatedPosteriors)
        gate_.emplace(audio::VoiceActivityGate::of_posteriors(config.num_phones, features_));
    encoder_ = std::make_unique<infer::StreamingProgram>(
        std::move(weights), num_threads,
        [this, config, output, state](infer::StreamingOps& ops, std::int64_t count) {
            const models::SpeechEncoderOutput out = models::speech_encoder(
                {ops, "phonetic"}, config, ops.frames(count, kBands, taken_.data()), state);
            if (output == Output::kPhones) return out.phones;
            if (output == Output::kNonCausalPhones)
                return models::non_causal_phones({ops, "phonetic.hindsight"}, config, out);
            return output == Output::kEmbedding ? out.features : ops.concat(out.features, out.phones);
        });
}

/// At 25 frames/s with 4 rows each: 100 Hz, log-mel's own rate.
audio::FrameFeatureStream SpeechEncoderStream::new_mel() const {
    return {25.0, 4, mel_mean_, mel_std_, equalized_};
}

/// The first step takes one row more, the one that an output frame stands for: then each step ends where an
/// output frame becomes certain.
void SpeechEncoderStream::advance(bool last, std::vector<float>& out) {
    std::size_t done = 0;
    for (;;) {
        const std::int64_t left = static_cast<std::int64_t>(waiting_.size() - done) / kBands;
        const std::int64_t wanted = step_rows_ + (started_ ? 0 : 1);
        if (left < wanted && !last) break;
        const std::int64_t count = std::min(left, wanted);
        const bool ends = last && count == left;
        std::copy_n(waiting_.begin() + static_cast<std::ptrdiff_t>(done), count * kBands, taken_.begin());
        if (gate_) gate_->hear(taken_.data(), count, mel_mean_, mel_std_);
        append(encoder_->step(count, ends), out);
        done += static_cast<std::size_t>(count * kBands);
        started_ = true;
        if (ends) break;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
}

void SpeechEncoderStream::append(std::span<const float> rows, std::vector<float>& out) {
    if (!gate_) {
        out.insert(out.end(), rows.begin(), rows.end());
        return;
    }
    const auto count = static_cast<std::int64_t>(rows.size()) / (features_ + num_phones_);
    gate_->advance(rows.data(), count, out);
}

void SpeechEncoderStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    mel_.push(audio, num_samples, waiting_);
    advance(false, out);
}

void SpeechEncoderStream::finish(std::vector<float>& out) {
    mel_.finish(waiting_);
    advance(true, out);
}

void SpeechEncoderStream::restart() {
    mel_ = new_mel();
    waiting_.clear();
    started_ = false;
    if (gate_) gate_->restart();
    encoder_->restart();
}

SpeechFeatureStream::SpeechFeatureStream(const person::Person& person,
                                         std::shared_ptr<infer::Weights> weights, int num_threads,
                                         std::int64_t step_video_frames)
    : person_(person),
      width_(person.model.speech_feature_width()),
      log_mel_(new_log_mel()),
      rows_(width_, kEncoderHz / rows_hz(person)) {
    if (person.model.speech.features == "wav2vec2")
        wav2vec2_ =
            std::make_unique<Wav2Vec2Stream>(person.model.wav2vec2, person.model.wav2vec2_layers,
                                             std::move(weights), num_threads, Wav2Vec2Stream::Rows::kCentred);
    if (!person.model.speech.small_encoder()) return;
    const auto output = person.model.speech.features == "phones"
                            ? SpeechEncoderStream::Output::kGatedPosteriors
                            : SpeechEncoderStream::Output::kGated;
    // Live sound goes through frame by frame, files a second at a time.
    const std::int64_t step_frames = step_video_frames == 1 ? 1 : static_cast<std::int64_t>(kEncoderHz);
    phonetic_ = std::make_unique<SpeechEncoderStream>(person.model.speech_encoder, person.stats.mel_mean,
                                                      person.stats.mel_std, std::move(weights), num_threads,
                                                      output, step_frames, person.model.speech.encoder_state);
}

audio::FrameFeatureStream SpeechFeatureStream::new_log_mel() const {
    return {person_.fps(), person_.model.speech.rate_per_frame, person_.stats.mel_mean,
            person_.stats.mel_std};
}

void SpeechFeatureStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    if (phonetic_)
        phonetic_->push(audio, num_samples, rows_.input());
    else if (wav2vec2_)
        wav2vec2_->push(audio, num_samples, rows_.input());
    else
        return log_mel_.push(audio, num_samples, out);
    rows_.advance(false, out);
}

void SpeechFeatureStream::finish(std::vector<float>& out) {
    if (phonetic_)
        phonetic_->finish(rows_.input());
    else if (wav2vec2_)
        wav2vec2_->finish(rows_.input());
    else
        return log_mel_.finish(out);
    rows_.advance(true, out);
}

void SpeechFeatureStream::restart() {
    log_mel_ = new_log_mel();
    rows_ = audio::RowInterpolator(width_, kEncoderHz / rows_hz(person_));
    if (phonetic_) phonetic_->restart();
    if (wav2vec2_) wav2vec2_->restart();
}

}  // namespace vultus::hearing
