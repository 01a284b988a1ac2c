#include "speech_training/speech_features.h"

#include <cmath>

#include "audio/audio_windows.h"
#include "audio/frame_features.h"
#include "audio/row_interpolator.h"
#include "audio/voice_activity.h"
#include "base/cancel.h"
#include "models/speech_encoder.h"
#include "models/wav2vec2.h"
#include "person/speech_model.h"
#include "person/wav2vec2_file.h"

namespace vultus::speech_training {

using torch::Tensor;

namespace {

void append(std::vector<float>& out, const Tensor& rows) {
    const Tensor flat = rows.contiguous();
    out.insert(out.end(), flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

/// The blocks after the chosen hidden state are left out of the person.
void listen_through_published_weights(const training_loop::TrainOptions& options, person::Person& person) {
    const person::Wav2Vec2Model model = person::load_wav2vec2(options.speech);
    models::use_speech_encoder(person.model, model.config, options.speech_layers);
    person.model.speech.linear_path = true;
    const int last = options.speech_layers.last_layer(model.config);
    const std::string blocks = "wav2vec2.encoder.layers.";
    for (const auto& [name, tensor] : model.weights.tensors)
        if (!name.starts_with(blocks) || std::stoi(name.substr(blocks.size())) < last)
            person.weights.tensors[name] = tensor.to_bf16();
}

}  // namespace

void choose_speech_features(const training_loop::TrainOptions& options, person::Person& person) {
    std::erase_if(person.weights.tensors, [](const auto& entry) {
        return entry.first.starts_with("phonetic.") || entry.first.starts_with("wav2vec2.");
    });
    if (options.speech.empty()) {
        const models::ModelConfig& model = person.model;
        const int latent = model.speech.latent;
        person.model.speech = models::preset(model.preset, model.unet.size_px).speech;
        person.model.speech.latent = latent;
    } else if (person::is_published_encoder(options.speech)) {
        listen_through_published_weights(options, person);
    } else {
        const person::SpeechModel model = person::load_speech_model(options.speech);
        models::use_speech_encoder(person.model, model.config, options.phones_alone);
        person.model.speech.linear_path = true;
        person.stats.mel_mean = model.mel_mean;
        person.stats.mel_std = model.mel_std;
        for (const auto& [name, tensor] : model.weights.tensors)
            if (!name.starts_with("phonetic.hindsight.")) person.weights.tensors[name] = tensor;
    }
}

SpeechFeatures::SpeechFeatures(const person::Person& person)
    : person_(person), encoder_(torch::kCPU, torch::kFloat32, 0) {
    const models::SpeechConfig& config = person.model.speech;
    encoder_.load(person.weights, config.small_encoder() ? "phonetic." : config.features + ".");
    if (!config.small_encoder()) return;
    torch::NoGradGuard no_grad;
    std::vector<float> log_mel;
    const Tensor silence =
        encode(std::vector<float>(audio::VoiceActivityGate::kRestSamples, 0.0f), false, log_mel);
    const float* row = silence[audio::VoiceActivityGate::kRestFrame].data_ptr<float>();
    rest_.assign(row, row + person.model.speech_feature_width());
}

Tensor SpeechFeatures::operator()(const std::vector<float>& audio, std::int64_t num_frames, bool warm) {
    torch::NoGradGuard no_grad;
    const models::SpeechConfig& config = person_.model.speech;
    const std::int64_t width = person_.model.speech_feature_width();
    if (config.features == "log_mel")
        return torch::tensor(audio::frame_features(audio, num_frames, person_.fps(), config.rate_per_frame,
                                                   person_.stats.mel_mean, person_.stats.mel_std))
            .view({num_frames * config.rate_per_frame, width});
    std::vector<float> whole = audio;
    whole.resize(
        static_cast<std::size_t>(std::ceil(static_cast<double>(num_frames) * 16000.0 / person_.fps())) + 320,
        0.0f);
    audio::RowInterpolator to_video(width, 50.0 / (config.rate_per_frame * person_.fps()));
    to_video.input() = config.small_encoder() ? phonetic(whole, warm) : published(whole);
    std::vector<float> out;
    to_video.advance(true, out);
    out.resize(static_cast<std::size_t>(num_frames * config.rate_per_frame * width));
    return torch::tensor(out).view({-1, width});
}

Tensor SpeechFeatures::encode(const std::vector<float>& audio, bool warm, std::vector<float>& log_mel) {
    audio::FrameFeatureStream mel(25.0, 4, person_.stats.mel_mean, person_.stats.mel_std,  // 100 Hz
                                  person_.model.speech_encoder.equalized);
    if (warm) mel.hear(audio.data(), static_cast<std::int64_t>(audio.size()));
    mel.push(audio.data(), static_cast<std::int64_t>(audio.size()), log_mel);
    mel.finish(log_mel);
    autograd::TorchOps ops(encoder_, torch::kFloat32, /*training=*/false);
    const Tensor input = torch::tensor(log_mel).view({1, -1, person_.model.speech.num_mels});
    const models::SpeechEncoderOutput out =
        models::speech_encoder({ops, "phonetic"}, person_.model.speech_encoder,
                               autograd::TorchOps::wrap(input), person_.model.speech.encoder_state);
    return autograd::TorchOps::unwrap(ops.concat(out.features, out.phones))[0].contiguous();
}

std::vector<float> SpeechFeatures::phonetic(const std::vector<float>& audio, bool warm) {
    std::vector<float> log_mel, out;
    const Tensor rows = encode(audio, warm, log_mel);
    const int num_phones = person_.model.speech_encoder.num_phones;
    audio::VoiceActivityGate gate =
        person_.model.speech.features == "phones"
            ? audio::VoiceActivityGate::of_posteriors(num_phones, person_.model.speech_encoder.embedding)
            : audio::VoiceActivityGate(rest_, num_phones);
    gate.hear(log_mel.data(), static_cast<std::int64_t>(log_mel.size()) / person_.model.speech.num_mels,
              person_.stats.mel_mean, person_.stats.mel_std);
    gate.advance(rows.data_ptr<float>(), rows.size(0), out);
    return out;
}

/// The same windows as hearing::Wav2Vec2Stream's.
std::vector<float> SpeechFeatures::published(const std::vector<float>& audio) {
    const models::Wav2Vec2Config& config = person_.model.wav2vec2;
    audio::WindowSizes sizes;
    sizes.reach_samples = config.reach_samples();
    sizes.normalise = config.normalise_sound;
    audio::AudioWindows windows(sizes);
    windows.push(audio.data(), static_cast<std::int64_t>(audio.size()));
    autograd::TorchOps ops(encoder_, torch::kFloat32, /*training=*/false);
    std::vector<float> out;
    while (const auto window = windows.next(true)) {
        throw_if_cancelled();
        const std::vector<float> samples(window->audio.begin(), window->audio.end());
        const models::Value features =
            models::wav2vec2_features({ops, "wav2vec2"}, config, person_.model.wav2vec2_layers,
                                      autograd::TorchOps::wrap(torch::tensor(samples).view({1, -1, 1})));
        append(out, autograd::TorchOps::unwrap(ops.layer_norm(features, {}, {}))[0].narrow(
                        0, window->skip_rows, window->keep_rows));
    }
    return out;
}

}  // namespace vultus::speech_training
