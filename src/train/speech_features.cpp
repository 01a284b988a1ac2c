#include "train/speech_features.h"

#include <cmath>

#include "audio/frame_features.h"
#include "audio/row_interpolator.h"
#include "models/speech_encoder.h"

namespace vultus::train {

using torch::Tensor;

SpeechFeatures::SpeechFeatures(const person::Person& person)
    : person_(person), encoder_(torch::kCPU, torch::kFloat32, 0) {
    encoder_.load(person.weights, "phonetic.");
}

Tensor SpeechFeatures::operator()(const std::vector<float>& audio, std::int64_t num_frames) {
    const models::SpeechConfig& config = person_.model.speech;
    if (config.features == "phonetic") return phonetic(audio, num_frames);
    return torch::tensor(audio::frame_features(audio, num_frames, person_.fps(), config.rate_per_frame,
                                               person_.stats.mel_mean, person_.stats.mel_std))
        .view({num_frames * config.rate_per_frame, config.num_mels});
}

Tensor SpeechFeatures::phonetic(const std::vector<float>& audio, std::int64_t num_frames) {
    torch::NoGradGuard no_grad;
    const models::SpeechConfig& config = person_.model.speech;
    std::vector<float> sound = audio;
    sound.resize(
        static_cast<std::size_t>(std::ceil(static_cast<double>(num_frames) * 16000.0 / person_.fps())) + 320,
        0.0f);
    audio::FrameFeatureStream mel(25.0, 4, person_.stats.mel_mean, person_.stats.mel_std);  // 100 Hz
    std::vector<float> rows;
    mel.push(sound.data(), static_cast<std::int64_t>(sound.size()), rows);
    mel.finish(rows);
    TorchOps ops(encoder_, torch::kFloat32, /*training=*/false);
    const Tensor input = torch::tensor(rows).view({1, -1, config.num_mels});
    const Tensor embedding =
        TorchOps::unwrap(
            models::speech_encoder({ops, "phonetic"}, person_.model.speech_encoder, TorchOps::wrap(input))
                .embedding)
            .contiguous();
    const std::int64_t width = embedding.size(2);
    audio::RowInterpolator to_video(width, 50.0 / (config.rate_per_frame * person_.fps()));
    to_video.input().assign(embedding.data_ptr<float>(), embedding.data_ptr<float>() + embedding.numel());
    std::vector<float> out;
    to_video.advance(true, out);
    out.resize(static_cast<std::size_t>(num_frames * config.rate_per_frame * width));
    return torch::tensor(out).view({-1, width});
}

}  // namespace vultus::train
