#include "train/speech_features.h"

#include <cmath>

#include "audio/frame_features.h"
#include "audio/row_interpolator.h"
#include "audio/voice_gate.h"
#include "models/speech_encoder.h"

namespace vultus::train {

using torch::Tensor;

SpeechFeatures::SpeechFeatures(const person::Person& person)
    : person_(person), encoder_(torch::kCPU, torch::kFloat32, 0) {
    encoder_.load(person.weights, "phonetic.");
    if (person.model.speech.features != "phonetic") return;
    std::vector<float> log_mel;
    const Tensor silence = encode(std::vector<float>(audio::VoiceGate::kRestSamples, 0.0f), log_mel);
    const float* row = silence[audio::VoiceGate::kRestFrame].data_ptr<float>();
    rest_.assign(row, row + person.model.speech_encoder.embedding);
}

Tensor SpeechFeatures::operator()(const std::vector<float>& audio, std::int64_t num_frames) {
    const models::SpeechConfig& config = person_.model.speech;
    if (config.features == "phonetic") return phonetic(audio, num_frames);
    return torch::tensor(audio::frame_features(audio, num_frames, person_.fps(), config.rate_per_frame,
                                               person_.stats.mel_mean, person_.stats.mel_std))
        .view({num_frames * config.rate_per_frame, config.num_mels});
}

Tensor SpeechFeatures::encode(const std::vector<float>& audio, std::vector<float>& log_mel) {
    torch::NoGradGuard no_grad;
    audio::FrameFeatureStream mel(25.0, 4, person_.stats.mel_mean, person_.stats.mel_std);  // 100 Hz
    mel.push(audio.data(), static_cast<std::int64_t>(audio.size()), log_mel);
    mel.finish(log_mel);
    TorchOps ops(encoder_, torch::kFloat32, /*training=*/false);
    const Tensor input = torch::tensor(log_mel).view({1, -1, person_.model.speech.num_mels});
    const models::SpeechEncoderOutput out =
        models::speech_encoder({ops, "phonetic"}, person_.model.speech_encoder, TorchOps::wrap(input));
    return TorchOps::unwrap(ops.concat(out.embedding, out.phones))[0].contiguous();
}

Tensor SpeechFeatures::phonetic(const std::vector<float>& audio, std::int64_t num_frames) {
    const models::SpeechConfig& config = person_.model.speech;
    std::vector<float> sound = audio, log_mel;
    sound.resize(
        static_cast<std::size_t>(std::ceil(static_cast<double>(num_frames) * 16000.0 / person_.fps())) + 320,
        0.0f);
    const Tensor rows = encode(sound, log_mel);
    audio::VoiceGate gate(rest_, person_.model.speech_encoder.num_phones);
    gate.hear(log_mel.data(), static_cast<std::int64_t>(log_mel.size()) / config.num_mels,
              person_.stats.mel_mean, person_.stats.mel_std);
    const auto width = static_cast<std::int64_t>(rest_.size());
    audio::RowInterpolator to_video(width, 50.0 / (config.rate_per_frame * person_.fps()));
    gate.advance(rows.data_ptr<float>(), rows.size(0), to_video.input());
    std::vector<float> out;
    to_video.advance(true, out);
    out.resize(static_cast<std::size_t>(num_frames * config.rate_per_frame * width));
    return torch::tensor(out).view({-1, width});
}

}  // namespace vultus::train
