#include "speech_training/speech_examples.h"

#include <cmath>

#include "audio/augment.h"
#include "base/cancel.h"
#include "base/progress.h"
#include "speech_training/lip_shape.h"
#include "speech_training/tempo.h"

namespace vultus::speech_training {

using torch::Tensor;

namespace {

constexpr int kAugmentedVersions = 12;
/// Of a large encoder, which costs a hundred times more and hears much the same through noise.
constexpr int kAugmentedVersionsOfPublished = 2;
constexpr double kCleanShare = 0.25;  ///< of the batch
/// Of the pieces that see another piece's head: in a minute, lips and head go together by chance, and the
/// head would decide about the lips.
constexpr double kOtherPoseShare = 0.4;
constexpr double kSilenceShare = 0.06;  ///< of the batch: no speech, mouth at rest
constexpr double kTempoShare = 0.5, kMostTempo = 0.25;
/// A step costs the same however long somebody's recordings are.
constexpr double kWindowSeconds = 4.0;

/// SpecAugment (Park et al. 2019, arXiv:1904.08779): some features and some moments are lost; in place.
void mask(Tensor& rows, Rng& rng) {
    const auto place = [&](std::int64_t size, std::int64_t width) {
        return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(size - width)));
    };
    for (int i = 0; i < 2; ++i) {
        if (rng.uniform() >= 0.5) continue;
        const auto width = static_cast<std::int64_t>(2 + rng.below(10));
        if (width < rows.size(1)) rows.narrow(1, place(rows.size(1), width), width).zero_();
    }
    const auto width = static_cast<std::int64_t>(1 + rng.below(8));
    if (rng.uniform() < 0.5 && width < rows.size(0))
        rows.narrow(0, place(rows.size(0), width), width).zero_();
}

}  // namespace

SpeechBatch SpeechBatch::to(torch::Device device) const {
    return {features.to(device),  target.to(device), lips.to(device), pose.to(device),
            reference.to(device), valid.to(device),  own.to(device)};
}

SpeechExamples::SpeechExamples(const training_loop::TrainOptions& options,
                               const std::vector<LatentClip>& clips, person::Person& person)
    : seed_(options.seed), person_(person), postures_(measure_postures(clips)) {
    person.stats = measure_stats(clips, person);
    choose_speech_features(options, person);
    features_ = std::make_unique<SpeechFeatures>(person);
    make_examples(clips);
    fit_mouth_probe();
    make_silence();
}

SpeechExample SpeechExamples::make_example(const LatentClip& clip, std::uint64_t seed) const {
    const person::Stats& stats = person_.stats;
    const std::int64_t frames = clip.latents.size(0);
    SpeechExample example;
    example.target = clip.latents / torch::tensor(stats.latent_std);
    example.reference = (clip.latent_mean - postures_.mean) / postures_.std;
    if (!stats.blink_direction.empty())
        example.target -=
            clip.blink.clamp(0, 1).unsqueeze(1) * torch::tensor(stats.blink_direction).unsqueeze(0);
    example.pose = clip.pose_deg / torch::tensor(stats.pose_std);
    example.mouth = clip.mouth;
    example.opening = clip.opening;
    example.lips = lips_of(clip.mouth);
    example.lips -= example.lips.mean(0);
    std::vector<float> valid(clip.valid.begin(), clip.valid.end());
    example.valid = torch::tensor(valid);
    example.features.push_back((*features_)(clip.audio, frames));
    Rng rng(seed);
    const int versions =
        person_.model.speech.features == "wav2vec2" ? kAugmentedVersionsOfPublished : kAugmentedVersions;
    for (int i = 0; !clip.validation && i < versions; ++i)
        example.features.push_back((*features_)(audio::augment(clip.audio, rng), frames, i % 2 == 1));
    example.rest_frame = quietest_frame(example);
    return example;
}

/// Among the quietest fifth of the frames the one whose lips are closest together.
std::int64_t SpeechExamples::quietest_frame(const SpeechExample& example) const {
    const std::int64_t frames = example.target.size(0);
    const Tensor loudness = example.features[0].view({frames, -1}).mean(1);
    const Tensor order = loudness.argsort();
    std::int64_t best = order[0].item<std::int64_t>();
    for (std::int64_t i = 0; i < std::max<std::int64_t>(1, frames / 5); ++i) {
        const auto t = order[i].item<std::int64_t>();
        if (example.opening[t].item<float>() < example.opening[best].item<float>()) best = t;
    }
    return best;
}

void SpeechExamples::make_examples(const std::vector<LatentClip>& clips) {
    Progress progress("features", "clips", static_cast<std::int64_t>(clips.size()));
    for (std::size_t i = 0; i < clips.size(); ++i) {
        throw_if_cancelled();
        (clips[i].validation ? validation_ : train_).push_back(make_example(clips[i], seed_ * 10007 + i));
        progress.update(static_cast<std::int64_t>(i) + 1);
    }
    if (validation_.empty())
        validation_.assign(train_.begin(), train_.begin() + static_cast<std::ptrdiff_t>(
                                                                std::min<std::size_t>(8, train_.size())));
}

/// The mouth as a linear function of the latents: errors that move the lips count more than others.
void SpeechExamples::fit_mouth_probe() {
    std::vector<Tensor> x, y;
    for (const SpeechExample& example : train_) {
        x.push_back(example.target);
        y.push_back(example.mouth);
    }
    const Tensor mouth = torch::cat(y);
    const Tensor weights = ridge(torch::cat(x), mouth, 10.0);
    probe_.mouth = weights.narrow(0, 0, weights.size(0) - 1);
    probe_.offset = weights[weights.size(0) - 1];
    probe_.lips = lips_of(probe_.mouth);
    probe_.lip_scale = lips_of(mouth).std(0).clamp_min(1e-6);
    probe_.mouth_scale = std::max(1e-6, (mouth - mouth.mean(0)).square().mean().sqrt().item<double>());
}

void SpeechExamples::make_silence() {
    Rng rng(seed_ + 17);
    const std::int64_t frames = window_frames();
    const auto samples = static_cast<std::size_t>(static_cast<double>(frames) * 16000 / person_.fps()) + 640;
    for (int i = 0; i < 24; ++i) {
        const double level = i == 0 ? 0 : std::pow(10, rng.uniform(-90, -38) / 20);
        const double smooth = rng.uniform(0, 0.97);  // from white to rumbling
        std::vector<float> audio(samples);
        double state = 0;
        for (float& sample : audio) {
            state = smooth * state + std::sqrt(1 - smooth * smooth) * rng.normal();
            sample = static_cast<float>(level * state);
        }
        silence_.push_back((*features_)(audio, frames));
    }
}

std::int64_t SpeechExamples::window_frames() const { return std::llround(kWindowSeconds * person_.fps()); }

std::int64_t SpeechExamples::batches_per_pass() const {
    std::int64_t frames = 0;
    for (const SpeechExample& example : train_) frames += example.target.size(0);
    return std::max<std::int64_t>(1, frames / (kBatch * window_frames()));
}

/// A training clip of at least `frames`, each as likely as it is long: every second teaches alike.
std::size_t SpeechExamples::draw_clip(std::int64_t frames, Rng& rng) const {
    std::int64_t total = 0;
    for (const SpeechExample& example : train_)
        if (example.target.size(0) >= frames) total += example.target.size(0);
    auto at = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(total)));
    for (std::size_t i = 0;; ++i) {
        if (train_[i].target.size(0) < frames) continue;
        at -= train_[i].target.size(0);
        if (at < 0) return i;
    }
}

SpeechBatch SpeechExamples::batch(std::uint64_t place) const {
    Rng rng(seed_ * 65537 + place);
    std::vector<std::size_t> chosen{draw_clip(0, rng)};
    std::int64_t frames = std::min(window_frames(), train_[chosen[0]].target.size(0));
    while (chosen.size() < static_cast<std::size_t>(kBatch)) chosen.push_back(draw_clip(frames, rng));
    // Now and then only a part, so that the clip's ends teach no timing.
    if (frames > 60 && rng.uniform() < 0.4)
        frames = 40 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(frames - 40)));
    std::vector<Tensor> features, target, lips, pose, reference, valid, own;
    for (const std::size_t index : chosen) {
        const SpeechExample& example = train_[index];
        const Piece piece =
            rng.uniform() < kSilenceShare ? silence(example, frames, rng) : cut(example, frames, rng);
        features.push_back(piece.features);
        target.push_back(piece.target);
        lips.push_back(piece.lips);
        const bool other = rng.uniform() < kOtherPoseShare;
        pose.push_back(other ? other_pose(rng.below(train_.size()), frames) : piece.pose);
        own.push_back(torch::full({1, 1}, other ? 0.0f : 1.0f));
        reference.push_back(example.reference);
        valid.push_back(piece.valid);
    }
    return {torch::stack(features), torch::stack(target),    torch::stack(lips),
            torch::stack(pose),     torch::stack(reference), torch::stack(valid).unsqueeze(2),
            torch::stack(own)};
}

Tensor SpeechExamples::other_pose(std::size_t first, std::int64_t frames) const {
    std::vector<Tensor> tracks;
    for (std::int64_t left = frames; left > 0; ++first) {
        const Tensor& track = train_[first % train_.size()].pose;
        tracks.push_back(track.narrow(0, 0, std::min(left, track.size(0))));
        left -= tracks.back().size(0);
    }
    return torch::cat(tracks);
}

/// No speech: the mouth rests.
SpeechExamples::Piece SpeechExamples::silence(const SpeechExample& example, std::int64_t frames,
                                              Rng& rng) const {
    const int rate = person_.model.speech.rate_per_frame;
    return {silence_[rng.below(silence_.size())].narrow(0, 0, frames * rate),
            example.target[example.rest_frame].expand({frames, -1}),
            example.lips[example.rest_frame].expand({frames, -1}),
            example.pose[example.rest_frame].expand({frames, -1}), torch::ones({frames})};
}

SpeechExamples::Piece SpeechExamples::cut(const SpeechExample& example, std::int64_t frames, Rng& rng) const {
    const int rate = person_.model.speech.rate_per_frame;
    const std::int64_t length = example.target.size(0);
    const auto begin = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(length - frames + 1)));
    const std::size_t version = rng.uniform() < kCleanShare ? 0 : rng.below(example.features.size());
    Piece piece{example.features[version].narrow(0, begin * rate, frames * rate).clone(),
                example.target.narrow(0, begin, frames), example.lips.narrow(0, begin, frames),
                example.pose.narrow(0, begin, frames), example.valid.narrow(0, begin, frames)};
    if (rng.uniform() < kTempoShare) {
        const Tensor tempo = draw_tempo(frames, kMostTempo, rng);
        piece.features = rows_at(piece.features, tempo_of_rows(tempo, rate));
        piece.target = rows_at(piece.target, tempo);
        piece.lips = rows_at(piece.lips, tempo);
        piece.pose = rows_at(piece.pose, tempo);
        piece.valid = rows_at(piece.valid.unsqueeze(1), tempo).squeeze(1).gt(0.999).to(torch::kFloat32);
    }
    mask(piece.features, rng);
    return piece;
}

}  // namespace vultus::speech_training
