#include <algorithm>
#include <cmath>

#include "audio/frame_features.h"
#include "base/error.h"
#include "base/rng.h"
#include "models/speech_to_latent.h"
#include "pipeline/talker_impl.h"

namespace vultus::pipeline {

using models::Value;

namespace {

constexpr std::int64_t kChunkFrames = 100;
constexpr double kIdleShare = 0.6;  ///< of the recorded motion, added to what the speech predicts
constexpr float kMostPose = 2.5f;   ///< standard deviations that the head may turn from its mean
constexpr std::uint64_t kBlinkSeed =
    5;  ///< blinks come at the same times in every video: bit for bit the same file

/// Rows of `width` values of which old ones are forgotten.
struct Rows {
    std::int64_t width, begin = 0;
    std::vector<float> values;

    std::int64_t end() const { return begin + static_cast<std::int64_t>(values.size()) / width; }
    const float* row(std::int64_t index) const {
        return &values[static_cast<std::size_t>((index - begin) * width)];
    }
    void forget_before(std::int64_t index) {
        if (index <= begin) return;
        values.erase(values.begin(),
                     values.begin() + static_cast<std::ptrdiff_t>((std::min(index, end()) - begin) * width));
        begin = index;
    }
};

/// Draws when the person blinks: exponential pauses about the recorded rate, at least a second apart.
class BlinkTimes {
  public:
    BlinkTimes(double per_minute, double fps)
        : pause_frames_(per_minute > 0 ? 60 * fps / per_minute : 0), fps_(fps) {
        if (pause_frames_ > 0) next_ = draw();
    }
    /// How far into a blink of `length` frames this frame is; -1: not blinking. Frames must come in order.
    std::int64_t phase(std::int64_t frame, std::int64_t length) {
        if (pause_frames_ <= 0) return -1;
        while (frame >= next_ + length) next_ += length + draw();
        return frame >= next_ ? frame - next_ : -1;
    }

  private:
    std::int64_t draw() {
        const double extra = std::max(0.0, pause_frames_ - fps_);
        return static_cast<std::int64_t>(fps_ - extra * std::log(1 - rng_.uniform()));
    }
    Rng rng_{kBlinkSeed};
    double pause_frames_, fps_;
    std::int64_t next_ = 0;
};

}  // namespace

struct LatentStream::Impl {
    Impl(Talker& talker_, const PoseOptions& pose_)
        : talker(talker_),
          me(*talker_.impl_),
          config(me.model.speech),
          stats(me.person.stats),
          options(pose_),
          stream(talker_.fps(), config.rate_per_frame, stats.mel_mean, stats.mel_std),
          blinks(pose_.blinks ? stats.blinks_per_minute : 0, talker_.fps()) {}

    Talker& talker;
    Talker::Impl& me;
    const models::SpeechConfig& config;
    const person::Stats& stats;
    PoseOptions options;
    audio::FrameFeatureStream stream;
    BlinkTimes blinks;
    Rows features{audio::FrameFeatureStream::kNumMels, 0, {}};
    Rows pose{3, 0, {}};        ///< normalised, as shown
    std::int64_t num_done = 0;  ///< latents given out
    std::int64_t num_samples = 0;

    models::SpeechToLatentOutput run(std::int64_t begin, std::int64_t end, bool with_pose);
    void extend_pose(std::int64_t until, std::int64_t available);
    void extend_latents(std::int64_t until, std::int64_t available, std::vector<float>& out);
    void advance(std::int64_t available, bool last, std::vector<float>& out);
    void show(const float* predicted, std::int64_t frame);
    void append_latent(const float* normalised, std::int64_t frame, std::vector<float>& out);
};

/// The network over frames begin..end.
models::SpeechToLatentOutput LatentStream::Impl::run(std::int64_t begin, std::int64_t end, bool with_pose) {
    const std::int64_t rate = config.rate_per_frame, frames = end - begin;
    const Value rows = me.ops.input({1, rate * frames, features.width}, features.row(rate * begin));
    const Value shown = with_pose ? me.ops.input({1, frames, 3}, pose.row(begin)) : Value{};
    const Value reference =
        stats.reference.empty() ? Value{} : me.ops.input({1, config.latent}, stats.reference.data());
    return models::speech_to_latent({me.ops, "speech"}, config, rows, shown, reference);
}

/// Adds to `pose` what the head shows at this frame, from the network's prediction.
void LatentStream::Impl::show(const float* predicted, std::int64_t frame) {
    for (std::int64_t k = 0; k < 3; ++k) {
        const auto angle = static_cast<std::size_t>(k);
        double value = 0;
        if (options.source == PoseOptions::Source::kModel) {
            value = predicted[k];
            const auto recorded = static_cast<std::int64_t>(stats.pose_motion.size()) / 3;
            if (options.idle_motion && recorded > 0)
                value += kIdleShare * stats.pose_motion[static_cast<std::size_t>(frame % recorded * 3 + k)];
            value *= options.scale;
        } else if (options.source == PoseOptions::Source::kTrack) {
            const std::int64_t rows = static_cast<std::int64_t>(options.track_deg.size()) / 3;
            const std::int64_t at = std::min(frame, rows - 1) * 3 + k;
            value = (options.track_deg[static_cast<std::size_t>(at)] - stats.pose_mean[angle]) /
                    stats.pose_std[angle];
        }
        pose.values.push_back(std::clamp(static_cast<float>(value), -kMostPose, kMostPose));
    }
}

void LatentStream::Impl::extend_pose(std::int64_t until, std::int64_t available) {
    while (pose.end() < until) {
        const std::int64_t begin = pose.end(), end = std::min(until, begin + kChunkFrames);
        const std::int64_t from = std::max<std::int64_t>(0, begin - config.context_left());
        const models::SpeechToLatentOutput out =
            run(from, std::min(available, end + config.context_right()), false);
        const float* predicted = infer::OnednnOps::data(out.pose);
        for (std::int64_t t = begin; t < end; ++t) show(predicted + (t - from) * 3, t);
    }
}

void LatentStream::Impl::extend_latents(std::int64_t until, std::int64_t available, std::vector<float>& out) {
    while (num_done < until) {
        const std::int64_t end = std::min(until, num_done + kChunkFrames);
        const std::int64_t from = std::max<std::int64_t>(0, num_done - config.context_left());
        const models::SpeechToLatentOutput result =
            run(from, std::min(available, end + config.context_right()), true);
        const float* latents = infer::OnednnOps::data(result.latents);
        for (std::int64_t t = num_done; t < end; ++t)
            append_latent(latents + (t - from) * config.latent, t, out);
        num_done = end;
    }
}

/// Adds a blink where one is due, undoes the normalisation per dimension.
void LatentStream::Impl::append_latent(const float* normalised, std::int64_t frame, std::vector<float>& out) {
    const auto length = static_cast<std::int64_t>(stats.blink_shape.size());
    const std::int64_t phase = stats.blink_direction.empty() ? -1 : blinks.phase(frame, length);
    const float closed = phase >= 0 ? stats.blink_shape[static_cast<std::size_t>(phase)] : 0.0f;
    const auto width = static_cast<std::size_t>(config.latent);
    double sum = 0, squares = 0;
    for (std::size_t k = 0; k < width; ++k) {
        float value = normalised[k];
        if (closed > 0) value += closed * stats.blink_direction[k];
        value = value * stats.latent_std[k] + stats.latent_mean[k];
        out.push_back(value);
        sum += value;
        squares += static_cast<double>(value) * value;
    }
    if (!me.model.encoder.normalise) return;
    // The encoder's latents have mean 0 and variance 1; a regression shrinks them.
    const double mean = sum / static_cast<double>(width);
    const double deviation = std::sqrt(std::max(1e-12, squares / static_cast<double>(width) - mean * mean));
    for (std::size_t k = out.size() - width; k < out.size(); ++k)
        out[k] = static_cast<float>((out[k] - mean) / deviation);
}

/// available: frames whose features are there; the last of them lack context unless the sound has ended.
void LatentStream::Impl::advance(std::int64_t available, bool last, std::vector<float>& out) {
    const std::int64_t right = config.context_right();
    // Whole chunks only: the same network calls, and so the same bits, however the sound arrives.
    const auto certain = [&](std::int64_t done, std::int64_t limit) {
        return last ? limit
                    : done + std::max<std::int64_t>(0, limit - right - done) / kChunkFrames * kChunkFrames;
    };
    extend_pose(certain(pose.end(), available), available);
    extend_latents(certain(num_done, pose.end()), pose.end(), out);
    const std::int64_t keep =
        std::max<std::int64_t>(0, std::min(num_done, pose.end()) - config.context_left());
    features.forget_before(keep * config.rate_per_frame);
    pose.forget_before(keep);
}

LatentStream::LatentStream(Talker& talker, const PoseOptions& pose) {
    if (!talker.person().can_speak())
        fail(ErrorCode::kUnsupported,
             "[talk] this person has learnt pictures but no speech yet: finish its training");
    if (pose.source == PoseOptions::Source::kTrack &&
        (pose.track_deg.empty() || pose.track_deg.size() % 3 != 0))
        fail(ErrorCode::kInvalidArgument,
             "[talk] pose track: expected rows of yaw, pitch, roll, got {} values", pose.track_deg.size());
    impl_ = std::make_unique<Impl>(talker, pose);
}

LatentStream::~LatentStream() = default;

void LatentStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    Impl& me = *impl_;
    // In small parts, so that memory does not depend on how much arrives at once.
    constexpr std::int64_t kPart = 16000;
    for (std::int64_t begin = 0; begin < num_samples; begin += kPart) {
        const std::int64_t count = std::min(kPart, num_samples - begin);
        me.stream.push(audio + begin, count, me.features.values);
        me.num_samples += count;
        me.advance(me.features.end() / me.config.rate_per_frame, false, out);
    }
}

void LatentStream::finish(std::int64_t num_frames, std::vector<float>& out) {
    Impl& me = *impl_;
    const double samples_per_frame = 16000.0 / me.talker.fps();
    if (num_frames < 0)
        num_frames = static_cast<std::int64_t>(
            std::ceil(static_cast<double>(me.num_samples) / samples_per_frame - 1e-6));
    const auto needed =
        static_cast<std::int64_t>(std::ceil(static_cast<double>(num_frames) * samples_per_frame)) + 320;
    const std::vector<float> silence(1600, 0.0f);
    while (me.num_samples < needed)
        push(silence.data(), std::min<std::int64_t>(1600, needed - me.num_samples), out);
    me.stream.finish(me.features.values);
    const std::int64_t end = num_frames * me.config.rate_per_frame;
    if (me.features.end() > end)
        me.features.values.resize(static_cast<std::size_t>((end - me.features.begin) * me.features.width));
    me.advance(num_frames, true, out);
}

}  // namespace vultus::pipeline
