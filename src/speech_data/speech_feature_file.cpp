#include "speech_data/speech_feature_file.h"

#include <chrono>
#include <functional>

#include "base/cancel.h"
#include "base/error.h"
#include "base/output_file.h"
#include "base/progress.h"
#include "hearing/speech_features.h"
#include "hearing/wav2vec2_stream.h"
#include "media/audio_reader.h"
#include "person/speech_model.h"
#include "person/wav2vec2_file.h"
#include "speech_data/npy_file.h"

namespace vultus::speech_data {

namespace {

constexpr std::int64_t kSecond = 16000, kMostWhole = 120 * kSecond;

/// What an encoder's stream has, whichever it is.
struct Stream {
    std::int64_t width;
    std::function<void(const float*, std::int64_t, std::vector<float>&)> push;
    std::function<void(std::vector<float>&)> finish;
};

template <typename T>
Stream stream_of(std::shared_ptr<T> encoder) {
    return {encoder->width(),
            [encoder](const float* audio, std::int64_t count, std::vector<float>& out) {
                encoder->push(audio, count, out);
            },
            [encoder](std::vector<float>& out) { encoder->finish(out); }};
}

Stream published(const SpeechFeatureFileOptions& options, Archive& weights) {
    person::Wav2Vec2Model model = person::load_wav2vec2(options.encoder);
    weights = std::move(model.weights);
    return stream_of(std::make_shared<hearing::Wav2Vec2Stream>(
        model.config, options.layers, std::make_shared<infer::Weights>(weights), options.num_threads,
        hearing::Wav2Vec2Stream::Rows::kPublished, options.whole));
}

Stream small(const SpeechFeatureFileOptions& options, Archive& weights) {
    person::SpeechModel model = person::load_speech_model(options.encoder);
    if (options.layers.layer != -1 || !options.layers.layer_weights.empty() || options.whole)
        fail(ErrorCode::kInvalidArgument,
             "[speech] {}: layers and one window are for wav2vec 2.0 and HuBERT; this is a small encoder",
             options.encoder.string());
    weights = std::move(model.weights);
    return stream_of(std::make_shared<hearing::SpeechEncoderStream>(
        model.config, model.mel_mean, model.mel_std, std::make_shared<infer::Weights>(weights),
        options.num_threads, hearing::SpeechEncoderStream::Output::kEmbedding, 50));
}

}  // namespace

SpeechFeatureFile write_speech_features(const SpeechFeatureFileOptions& options) {
    require_not_input(options.out, {options.sound, options.encoder});
    Archive weights;
    const Stream stream =
        person::is_published_encoder(options.encoder) ? published(options, weights) : small(options, weights);
    media::AudioReader reader(options.sound, options.audio);
    NpyWriter file(options.out, stream.width);
    std::vector<float> sound(kSecond), rows;
    std::int64_t samples = 0;
    std::chrono::steady_clock::duration taken{};
    Progress progress("features", "s", 0);
    const auto timed = [&](const auto& work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        taken += std::chrono::steady_clock::now() - start;
        file.append(rows);
        rows.clear();
        progress.update(samples / kSecond);
    };
    while (const std::size_t count = reader.read(sound.data(), sound.size())) {
        throw_if_cancelled();
        samples += static_cast<std::int64_t>(count);
        if (options.whole && samples > kMostWhole)
            fail(ErrorCode::kInvalidArgument,
                 "[speech] {}: expected at most {} s for one window, got more; leave the choice to windows",
                 options.sound.string(), kMostWhole / kSecond);
        timed([&] { stream.push(sound.data(), static_cast<std::int64_t>(count), rows); });
    }
    if (samples == 0) fail(ErrorCode::kInvalidArgument, "{}", reader.why_empty());
    timed([&] { stream.finish(rows); });
    if (file.num_rows() == 0)
        fail(ErrorCode::kInvalidArgument, "[speech] {}: {} samples at 16 kHz are too short for one row",
             options.sound.string(), samples);
    file.finish();
    return {file.num_rows(), stream.width, static_cast<double>(samples) / kSecond,
            std::chrono::duration<double>(taken).count(), reader.faults()};
}

}  // namespace vultus::speech_data
