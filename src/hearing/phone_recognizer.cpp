#include "hearing/phone_recognizer.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"

namespace vultus::hearing {
namespace {

constexpr std::int64_t kStepFrames = 200;
constexpr std::size_t kPartSamples = 16000 * 10;
constexpr std::size_t kHeardSamples = 16000 * 30;

}  // namespace

void log_softmax(float* row, std::size_t count) {
    const float top = *std::max_element(row, row + count);
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += std::exp(row[k] - top);
    const float shift = top + static_cast<float>(std::log(sum));
    for (std::size_t k = 0; k < count; ++k) row[k] -= shift;
}

PhoneRecognizer::PhoneRecognizer(const std::filesystem::path& speech_model)
    : model_(person::load_speech_model(speech_model)),
      weights_(std::make_shared<infer::Weights>(model_.weights)) {
    log_posteriors(std::vector<float>(1600, 0.0f));  // says at once which weight is missing
}

std::vector<float> PhoneRecognizer::log_posteriors(std::span<const float> audio,
                                                   const std::function<void(double)>& on_part) const {
    SpeechEncoderStream encoder(model_.config, model_.mel_mean, model_.mel_std, weights_, 1,
                                SpeechEncoderStream::Output::kNonCausalPhones, kStepFrames);
    // The whole sound is here: no need to guess at its microphone in the first seconds.
    encoder.hear(audio.data(), static_cast<std::int64_t>(std::min(audio.size(), kHeardSamples)));
    std::vector<float> out;
    for (std::size_t begin = 0; begin < audio.size(); begin += kPartSamples) {
        throw_if_cancelled();
        const std::size_t count = std::min(kPartSamples, audio.size() - begin);
        encoder.push(audio.data() + begin, static_cast<std::int64_t>(count), out);
        if (on_part) on_part(static_cast<double>(begin + count) / static_cast<double>(audio.size()));
    }
    encoder.finish(out);
    const auto width = static_cast<std::size_t>(model_.config.num_phones);
    for (std::size_t at = 0; at < out.size(); at += width) log_softmax(&out[at], width);
    return out;
}

std::unique_ptr<SpeechEncoderStream> PhoneRecognizer::live() const {
    return std::make_unique<SpeechEncoderStream>(model_.config, model_.mel_mean, model_.mel_std, weights_, 1,
                                                 SpeechEncoderStream::Output::kPhones, 1);
}

}  // namespace vultus::hearing
