#include "hearing/wav2vec2_stream.h"

#include "base/cancel.h"
#include "infer/onednn_ops.h"
#include "models/wav2vec2.h"

namespace vultus::hearing {

using models::Value;

namespace {

audio::WindowSizes sizes_of(const models::Wav2Vec2Config& config, Wav2Vec2Stream::Rows rows, bool whole) {
    audio::WindowSizes sizes;
    sizes.hop_samples = config.hop_samples();
    sizes.reach_samples = config.reach_samples();
    sizes.centred = rows == Wav2Vec2Stream::Rows::kCentred;
    sizes.normalise = config.normalise_sound;
    if (whole) sizes.new_rows = std::int64_t{1} << 40;
    return sizes;
}

}  // namespace

Wav2Vec2Stream::Wav2Vec2Stream(const models::Wav2Vec2Config& config, const models::Wav2Vec2Options& options,
                               std::shared_ptr<infer::Weights> weights, int num_threads, Rows rows,
                               bool whole)
    : config_(config),
      options_(options),
      rows_(rows),
      weights_(std::move(weights)),
      num_threads_(num_threads),
      windows_(sizes_of(config, rows, whole)) {
    models::check(options_, config_);
}

void Wav2Vec2Stream::advance(bool last, std::vector<float>& out) {
    while (const auto window = windows_.next(last)) {
        throw_if_cancelled();
        // New for each window: the first and the last are of other sizes, whose arrays it would keep.
        infer::OnednnOps ops(weights_, num_threads_);
        const Value sound =
            ops.input({1, static_cast<std::int64_t>(window->audio.size()), 1}, window->audio.data());
        Value features = models::wav2vec2_features({ops, "wav2vec2"}, config_, options_, sound);
        if (rows_ == Rows::kCentred) features = ops.layer_norm(features, {}, {});
        const float* first = infer::OnednnOps::data(features) + window->skip_rows * width();
        out.insert(out.end(), first, first + window->keep_rows * width());
    }
}

void Wav2Vec2Stream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    windows_.push(audio, num_samples);
    advance(false, out);
}

void Wav2Vec2Stream::finish(std::vector<float>& out) { advance(true, out); }

}  // namespace vultus::hearing
