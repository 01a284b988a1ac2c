#include "speech_training/latent_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "audio/frame_features.h"
#include "autograd/torch_ops.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/progress.h"
#include "models/unet.h"
#include "person/image_normalisation.h"
#include "speech_training/lip_shape.h"

namespace vultus::speech_training {

using torch::Tensor;

namespace {

constexpr std::int64_t kEncodeBatch = 25;
constexpr int kBlinkBefore = 4, kBlinkAfter = 4;  ///< frames about the moment when the eyes are closed
/// The posture in which the person speaks lies half-way from the most usual recording to the mean of all:
/// alone, that recording's own turn and distance are farther off, and what is special about it leaves latents
/// of unit variance less room for motion (lips opened by 0.83 of the recorded spread, now by 1.0); the mean
/// of all is a little blurred.
constexpr double kTowardsMean = 0.5;

double eye_aspect_ratio(const float* face, int first) {
    return (corpus::landmark_distance(face, first + 1, first + 5) +
            corpus::landmark_distance(face, first + 2, first + 4)) /
           (2 * std::max(1e-6, corpus::landmark_distance(face, first, first + 3)));
}

float percentile(std::vector<float> values, double part) {
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

Tensor to_tensor(const std::vector<float>& values, torch::IntArrayRef shape) {
    return torch::tensor(values).view(shape);
}

LatentClip measured(const corpus::Corpus& corpus, const corpus::Clip& clip) {
    const corpus::ClipTracks tracks = corpus::load_tracks(corpus, clip);
    const std::int64_t frames = clip.num_frames;
    LatentClip out;
    out.name = clip.name;
    out.validation = clip.split == corpus::Split::kValidation;
    out.audio = tracks.sound();
    out.pose_deg = to_tensor(tracks.pose_deg, {frames, 3});
    std::vector<float> mouth(static_cast<std::size_t>(frames) * 40);
    const std::vector<double> unit_px = corpus::steady_inter_ocular_px(tracks.landmarks_px);
    for (std::int64_t t = 0; t < frames; ++t)
        corpus::centred_points(&tracks.landmarks_px[static_cast<std::size_t>(t) * 136],
                               unit_px[static_cast<std::size_t>(t)], 48, 68,
                               &mouth[static_cast<std::size_t>(t) * 40]);
    out.mouth = to_tensor(mouth, {frames, 40});
    out.opening = to_tensor(corpus::lip_opening(tracks.landmarks_px), {frames});
    out.blink = to_tensor(blink_signal(tracks.landmarks_px), {frames});
    out.valid = tracks.valid;
    return out;
}

/// All frames of the training clips that are valid, one tensor of `field` on top of the other.
Tensor gather(const std::vector<LatentClip>& clips, Tensor LatentClip::*field) {
    std::vector<Tensor> rows;
    for (const LatentClip& clip : clips) {
        if (clip.validation) continue;
        std::vector<std::int64_t> good;
        for (std::size_t t = 0; t < clip.valid.size(); ++t)
            if (clip.valid[t]) good.push_back(static_cast<std::int64_t>(t));
        if (!good.empty()) rows.push_back((clip.*field).index_select(0, torch::tensor(good)));
    }
    if (rows.empty()) fail(ErrorCode::kInvalidArgument, "[train] no training clip has a valid frame");
    return torch::cat(rows);
}

std::vector<float> to_vector(const Tensor& tensor) {
    const Tensor flat = tensor.to(torch::kFloat32).contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

void measure_mel(const std::vector<LatentClip>& clips, double fps, int rate, person::Stats& stats) {
    std::vector<Tensor> rows;
    for (const LatentClip& clip : clips)
        if (!clip.validation) {
            const std::int64_t frames = clip.latents.size(0);
            rows.push_back(
                to_tensor(audio::frame_features(clip.audio, frames, fps, rate, {}, {}), {frames * rate, 80}));
        }
    const Tensor all = torch::cat(rows);
    stats.mel_mean = to_vector(all.mean(0));
    stats.mel_std = to_vector(all.std(0).clamp_min(0.1));
}

/// Mean shape of the recorded blinks, as high as theirs, their rate, and the direction in latent space that
/// closes the eyes.
void measure_blinks(const std::vector<LatentClip>& clips, double fps, person::Stats& stats) {
    constexpr float kClosed = 0.35f;
    stats.blink_shape.clear();
    stats.blink_direction.clear();
    stats.blinks_per_minute = 0;
    std::vector<float> shape(kBlinkBefore + 1 + kBlinkAfter, 0.0f);
    float count = 0;
    double frames = 0;
    for (const LatentClip& clip : clips) {
        const std::vector<float> b = to_vector(clip.blink);
        frames += static_cast<double>(b.size());
        for (int t = kBlinkBefore; t + kBlinkAfter < static_cast<int>(b.size()); ++t) {
            const auto at = b.begin() + t;
            if (*at < kClosed || *std::max_element(at - kBlinkBefore, at + kBlinkBefore + 1) > *at) continue;
            for (std::size_t k = 0; k < shape.size(); ++k)
                shape[k] += std::max(0.0f, *(at - kBlinkBefore + static_cast<std::ptrdiff_t>(k)));
            ++count;
        }
    }
    if (count < 3) return;
    const float peak = *std::max_element(shape.begin(), shape.end());
    const float rest = std::max(shape.front(), shape.back());
    for (float& value : shape) value = std::max(0.0f, (value - rest) / (peak - rest) * peak / count);
    stats.blink_shape = shape;
    stats.blinks_per_minute = count / (frames / fps / 60);

    const Tensor latents = gather(clips, &LatentClip::latents);
    const Tensor z = latents / latents.std(0).clamp_min(1e-3);
    const Tensor pose = gather(clips, &LatentClip::pose_deg);
    const Tensor blink = gather(clips, &LatentClip::blink).unsqueeze(1).clamp(-0.2, 1);
    const Tensor causes =
        torch::cat({blink, gather(clips, &LatentClip::mouth), (pose - pose.mean(0)) / 10}, 1);
    const Tensor direction = ridge(causes, z, 1.0)[0];
    stats.blink_direction = to_vector(without_lip_motion(direction, z, gather(clips, &LatentClip::mouth)));
}

/// Up to a minute or so of recorded head motion, each clip about its own mean: runs of frames with a face.
void measure_motion(const std::vector<LatentClip>& clips, double fps, person::Stats& stats) {
    const auto wanted = static_cast<std::size_t>(60 * fps) * 3;
    const Tensor spread = to_tensor(stats.pose_std, {3});
    const auto least = static_cast<std::ptrdiff_t>(fps);
    stats.pose_motion.clear();
    stats.motion_clips.clear();
    for (const LatentClip& clip : clips) {
        if (clip.validation) continue;
        const std::vector<float> motion = to_vector(clip.pose_deg / spread);
        for (auto begin = clip.valid.begin(); begin != clip.valid.end();) {
            const auto end = std::find_if(begin, clip.valid.end(), [&](auto v) { return !v != !*begin; });
            if (*begin && end - begin >= least && stats.pose_motion.size() < wanted) {
                const auto at = motion.begin() + 3 * (begin - clip.valid.begin());
                stats.pose_motion.insert(stats.pose_motion.end(), at, at + 3 * (end - begin));
                stats.motion_clips.push_back(static_cast<float>(end - begin));
            }
            begin = end;
        }
    }
}

/// The training clip whose posture is nearest to the mean of all.
const LatentClip& most_usual(const std::vector<LatentClip>& clips) {
    const Postures postures = measure_postures(clips);
    const LatentClip* best = nullptr;
    double nearest = 1e30;
    for (const LatentClip& clip : clips) {
        const double distance =
            ((clip.latent_mean - postures.mean) / postures.std).square().sum().item<double>();
        if (clip.validation || distance >= nearest) continue;
        nearest = distance;
        best = &clip;
    }
    return *best;
}

/// Of the training clips' means, degrees.
Tensor mean_pose(const std::vector<LatentClip>& clips) {
    std::vector<Tensor> means;
    for (const LatentClip& clip : clips)
        if (!clip.validation) means.push_back(clip.pose_mean);
    return torch::stack(means).mean(0);
}

/// Takes the clip's means out of its latents, pose and mouth.
void centre(LatentClip& clip) {
    clip.latent_mean = clip.latents.mean(0);
    clip.latents = clip.latents - clip.latent_mean;
    clip.pose_mean = clip.pose_deg.mean(0);
    clip.pose_deg = clip.pose_deg - clip.pose_mean;
    clip.mouth = clip.mouth - clip.mouth.mean(0);
}

/// Changes when the encoder, its input or the clips do (FNV-1a, 64 bits).
std::string latents_key(const corpus::Corpus& corpus, const person::Person& person) {
    std::uint64_t hash = 14695981039346656037ull;
    const auto add = [&](const void* data, std::size_t size) {
        const auto* bytes = static_cast<const unsigned char*>(data);
        for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211ull;
    };
    for (const auto& [name, tensor] : person.weights.tensors)
        if (name.starts_with("encoder.")) add(tensor.bytes.data(), tensor.bytes.size());
    add(person.stats.mean_image.data(), person.stats.mean_image.size() * sizeof(person.stats.mean_image[0]));
    for (const corpus::Clip* clip : corpus.kept()) {
        add(clip->name.data(), clip->name.size());
        add(&clip->num_frames, sizeof(clip->num_frames));
    }
    return fmt::format("{:016x} {}", hash, person.model.unet.size_px);
}

/// Undefined when there are none with this key.
Tensor load_latents(const std::filesystem::path& file, const std::string& key) {
    if (!std::filesystem::exists(file)) return {};
    try {
        const Archive archive = load_archive(file);
        const auto found = archive.metadata.find("key");
        if (found == archive.metadata.end() || found->second != key) return {};
        const HostTensor& latents = archive.at("latents");
        return torch::tensor(latents.to_f32()).view({latents.shape.at(0), latents.shape.at(1)});
    } catch (const Error&) {
        return {};  // damaged: made again
    }
}

/// [N, D] for all frames of the kept clips.
Tensor encode_frames(const corpus::Corpus& corpus, const person::Person& person, torch::Device device,
                     torch::Dtype compute) {
    torch::NoGradGuard no_grad;
    const models::ModelConfig& model = person.model;
    const corpus::FrameCache cache(corpus, model.unet.size_px);
    const person::ImageNormalisation space(model.unet.size_px, person.stats.mean_image,
                                           model.diffusion.residual_scale);
    autograd::Parameters parameters(device, torch::kFloat32, 0);
    parameters.load(person.weights, "encoder.");
    autograd::TorchOps ops(parameters, compute, /*training=*/false);
    Progress progress("encode", "frames", cache.num_frames());
    std::vector<Tensor> parts;
    for (std::int64_t begin = 0; begin < cache.num_frames(); begin += kEncodeBatch) {
        throw_if_cancelled();
        const std::int64_t count = std::min<std::int64_t>(kEncodeBatch, cache.num_frames() - begin);
        Tensor batch = torch::empty({count, 3, model.unet.size_px, model.unet.size_px});
        for (std::int64_t f = 0; f < count; ++f)
            space.to_model(cache.frame(begin + f), batch.data_ptr<float>() + f * space.num_values());
        const models::Value z =
            models::encoder({ops, "encoder"}, model.encoder, autograd::TorchOps::wrap(batch.to(device)));
        parts.push_back(autograd::TorchOps::unwrap(z).to(torch::kCPU, torch::kFloat32));
        progress.update(begin + count);
    }
    return torch::cat(parts).contiguous();
}

}  // namespace

std::vector<float> blink_signal(const std::vector<float>& landmarks_px) {
    std::vector<float> ratio;
    for (std::size_t t = 0; t * 136 < landmarks_px.size(); ++t) {
        const float* face = &landmarks_px[t * 136];
        ratio.push_back(static_cast<float>((eye_aspect_ratio(face, 36) + eye_aspect_ratio(face, 42)) / 2));
    }
    if (ratio.empty()) return ratio;
    const float open = std::max(1e-3f, percentile(ratio, 0.8));
    for (float& value : ratio) value = 1 - value / open;
    return ratio;
}

Tensor ridge(const Tensor& x, const Tensor& y, double lambda) {
    const Tensor ones = torch::ones({x.size(0), 1});
    const Tensor design = torch::cat({x, ones}, 1).to(torch::kFloat64);
    Tensor penalty = torch::eye(design.size(1), torch::kFloat64) * lambda;
    penalty[design.size(1) - 1][design.size(1) - 1] = 1e-9;
    const Tensor gram = design.t().matmul(design) + penalty;
    return torch::linalg_solve(gram, design.t().matmul(y.to(torch::kFloat64))).to(torch::kFloat32);
}

Tensor without_lip_motion(const Tensor& direction, const Tensor& z, const Tensor& mouth) {
    const Tensor lips = lips_of(mouth);
    const Tensor probe = ridge(z, lips, 10.0).narrow(0, 0, z.size(1));  // [D, 2]
    const Tensor centred = z - z.mean(0);
    const Tensor along = centred.t().matmul(centred).matmul(probe);  // [D, 2]
    const Tensor moved = direction.unsqueeze(0).matmul(probe);       // [1, 2]
    const Tensor moves = probe.t().matmul(along);
    const Tensor floor = 1e-6 * (moves.trace() + 1e-6) * torch::eye(2);  // lips that never change
    return direction - along.matmul(torch::linalg_solve(moves + floor, moved.t())).squeeze(1);
}

std::vector<LatentClip> encode_clips(const corpus::Corpus& corpus, const person::Person& person,
                                     torch::Device device, torch::Dtype compute,
                                     const std::filesystem::path& kept_latents) {
    const auto kept = corpus.kept();
    const std::string key = latents_key(corpus, person);
    Tensor latents = load_latents(kept_latents, key);
    if (!latents.defined()) {
        latents = encode_frames(corpus, person, device, compute);
        Archive archive;
        archive.metadata["key"] = key;
        archive.tensors["latents"] =
            HostTensor::from_f32({latents.size(0), latents.size(1)}, latents.data_ptr<float>());
        save_archive(kept_latents, archive);
    }
    std::vector<LatentClip> clips;
    std::int64_t first = 0;
    for (const corpus::Clip* clip : kept) {
        throw_if_cancelled();
        clips.push_back(measured(corpus, *clip));
        clips.back().latents = latents.slice(0, first, first + clip->num_frames);
        centre(clips.back());
        first += clip->num_frames;
    }
    return clips;
}

Postures measure_postures(const std::vector<LatentClip>& clips) {
    std::vector<Tensor> means;
    for (const LatentClip& clip : clips)
        if (!clip.validation) means.push_back(clip.latent_mean);
    const Tensor all = torch::stack(means);
    return {all.mean(0), all.std(0, /*unbiased=*/false).clamp_min(1e-3)};
}

person::Stats measure_stats(const std::vector<LatentClip>& clips, const person::Person& person) {
    person::Stats stats = person.stats;  // which may be those of the person that training starts from
    const LatentClip& reference = most_usual(clips);
    const Postures postures = measure_postures(clips);
    const Tensor posture = torch::lerp(reference.latent_mean, postures.mean, kTowardsMean);
    stats.reference = to_vector((posture - postures.mean) / postures.std);
    stats.latent_mean = to_vector(posture);
    stats.latent_std = to_vector(gather(clips, &LatentClip::latents).std(0).clamp_min(1e-3));
    stats.pose_mean = to_vector(torch::lerp(reference.pose_mean, mean_pose(clips), kTowardsMean));
    stats.pose_std = to_vector(gather(clips, &LatentClip::pose_deg).std(0).clamp_min(0.1));
    measure_mel(clips, person.fps(), person.model.speech.rate_per_frame, stats);
    measure_blinks(clips, person.fps(), stats);
    measure_motion(clips, person.fps(), stats);
    return stats;
}

}  // namespace vultus::speech_training
