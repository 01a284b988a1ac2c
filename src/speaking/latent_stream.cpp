#include "speaking/latent_stream.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "hearing/speech_features.h"
#include "infer/streaming_program.h"
#include "models/speech_to_latent.h"
#include "speaking/head_motion.h"
#include "speaking/talker_impl.h"

namespace vultus::speaking {

using models::Value;

namespace {

constexpr std::int64_t kWholeStepFrames = 50;  ///< the whole context: nobody waits for single frames
constexpr double kReturnSeconds = 0.2;         ///< from the last latent to those of a restart
constexpr float kMostSound = 4.0f;             ///< far beyond full scale
constexpr double kIdleShare = 0.6;             ///< of older files' motion, added to what speech predicts
constexpr float kMostPose = 2.5f;              ///< standard deviations that the head may turn from its mean
/// Blinks come at the same times in every video, and the head moves alike: bit for bit the same file.
constexpr std::uint64_t kBlinkSeed = 5, kHeadSeed = 7;

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

/// Row of the motion of older files, whose pieces fade in and out: forwards, backwards and so on.
std::int64_t to_and_fro(std::int64_t frame, std::int64_t rows) {
    if (rows < 2) return 0;
    const std::int64_t phase = frame % (2 * (rows - 1));
    return phase < rows ? phase : 2 * (rows - 1) - phase;
}

HeadMotion recorded_motion(const person::Stats& stats, double fps) {
    return {stats.pose_motion, {stats.motion_clips.begin(), stats.motion_clips.end()}, fps, kHeadSeed};
}

}  // namespace

void normalise(float* values, std::size_t count) {
    double sum = 0, squares = 0;
    for (std::size_t k = 0; k < count; ++k) {
        sum += values[k];
        squares += static_cast<double>(values[k]) * values[k];
    }
    const double mean = sum / static_cast<double>(count);
    const double deviation = std::sqrt(std::max(1e-12, squares / static_cast<double>(count) - mean * mean));
    for (std::size_t k = 0; k < count; ++k) values[k] = static_cast<float>((values[k] - mean) / deviation);
}

struct LatentStream::Impl {
    Impl(Talker& talker_, const PoseOptions& pose_, int look_ahead_frames)
        : talker(talker_),
          me(*talker_.impl_),
          config(me.model.speech),
          stats(me.person.stats),
          options(pose_),
          look_ahead(look_ahead_frames),
          step_frames(look_ahead_frames < 0 ? kWholeStepFrames : 1),
          stream(me.person, me.loaded->weights, me.ops.num_threads(), step_frames),
          input(static_cast<std::size_t>((rows_per_step() + config.rate_per_frame) * stream.width())),
          speech(me.loaded->weights, me.ops.num_threads(),
                 [this](infer::StreamingOps& ops, std::int64_t rows) { return network(ops, rows); }),
          blinks(pose_.blinks ? stats.blinks_per_minute : 0, talker_.fps()),
          head(recorded_motion(stats, talker_.fps())),
          steering(talker_.fps()) {}

    Talker& talker;
    Talker::Impl& me;
    const models::SpeechConfig& config;
    const person::Stats& stats;
    PoseOptions options;
    int look_ahead;
    std::int64_t step_frames;
    hearing::SpeechFeatureStream stream;
    std::vector<float> input;  ///< the rows of features that a step takes
    infer::StreamingProgram speech;
    BlinkTimes blinks;
    HeadMotion head;
    HeadSteering steering;
    std::vector<float> sound;       ///< the part that is pushed, without broken samples
    std::vector<float> features;    ///< rows that no step has taken yet
    std::int64_t taken_rows = 0;    ///< by steps, since the last restart
    std::int64_t num_samples = 0;   ///< since the last restart
    std::int64_t first_frame = 0;   ///< of the last restart, counted from the start
    std::int64_t posed_frames = 0;  ///< from the start: frames whose pose is chosen
    std::int64_t num_done = 0;      ///< from the start: latents given out
    std::vector<float> lead_from;   ///< the latent that a restart leads over from; empty: none

    std::int64_t waiting_rows() const { return static_cast<std::int64_t>(features.size()) / stream.width(); }
    std::int64_t rows_per_step() const { return config.rate_per_frame * step_frames; }
    Value network(infer::StreamingOps& ops, std::int64_t rows);
    void advance(bool last, std::vector<float>& out);
    void step(std::int64_t rows, bool last, std::vector<float>& out);
    double model_angle(double predicted, std::int64_t frame, std::int64_t k);
    void choose_pose(float* angles, std::int64_t frame);
    void append_latent(const float* normalised, std::vector<float>& out);
    void lead_over(float* latent) const;
};

/// The network over the next rows of features, which lie in `input`.
Value LatentStream::Impl::network(infer::StreamingOps& ops, std::int64_t rows) {
    const models::Net net(ops, "speech");
    const Value features_in = ops.frames(rows, stream.width(), input.data());
    const Value reference =
        stats.reference.empty() ? Value{} : ops.constant({1, config.latent}, stats.reference.data());
    const models::SpeechToPoseOutput predicted = models::speech_to_pose(net, config, features_in, look_ahead);
    const Value shown =
        ops.apply(predicted.pose, 3, [this](const float* angles, std::int64_t frames, float* chosen) {
            std::copy_n(angles, 3 * frames, chosen);
            for (std::int64_t i = 0; i < frames; ++i) choose_pose(chosen + 3 * i, posed_frames++);
        });
    return models::pose_to_latent(net, config, predicted, shown, reference, look_ahead);
}

void LatentStream::Impl::step(std::int64_t rows, bool last, std::vector<float>& out) {
    const auto taken = features.begin() + rows * stream.width();
    std::copy(features.begin(), taken, input.begin());
    const std::span<const float> values = speech.step(rows, last);
    for (std::size_t at = 0; at < values.size(); at += static_cast<std::size_t>(config.latent))
        append_latent(&values[at], out);
    features.erase(features.begin(), taken);
    taken_rows += rows;
}

/// Always the same steps, and so the same bits, however the sound arrives.
void LatentStream::Impl::advance(bool last, std::vector<float>& out) {
    // The first step takes along the rows that every frame looks ahead.
    const std::int64_t extra = config.rows_ahead();
    for (;;) {
        const std::int64_t steps = taken_rows == 0 ? 0 : (taken_rows - extra) / rows_per_step();
        const std::int64_t wanted = (steps + 1) * rows_per_step() + extra - taken_rows;
        if (waiting_rows() < wanted) break;
        step(wanted, false, out);
    }
    if (last) step(waiting_rows(), true, out);
}

double LatentStream::Impl::model_angle(double predicted, std::int64_t frame, std::int64_t k) {
    const auto rows = static_cast<std::int64_t>(stats.pose_motion.size()) / 3;
    if (!options.idle_motion || rows == 0) return predicted;
    if (stats.motion_clips.empty())
        return predicted +
               kIdleShare * stats.pose_motion[static_cast<std::size_t>(3 * to_and_fro(frame, rows) + k)];
    return head.empty() ? predicted : head.at(frame)[k];
}

/// From the pose that the network predicts, in place, to the one that the head shows, normalised.
void LatentStream::Impl::choose_pose(float* angles, std::int64_t frame) {
    for (std::int64_t k = 0; k < 3; ++k) {
        const auto angle = static_cast<std::size_t>(k);
        double value = 0;
        if (options.source == PoseOptions::Source::kModel) {
            value = options.scale * model_angle(angles[k], frame, k);
        } else if (options.source == PoseOptions::Source::kTrack) {
            const std::int64_t rows = static_cast<std::int64_t>(options.track_deg.size()) / 3;
            const std::int64_t at = std::min(frame, rows - 1) * 3 + k;
            value = (options.track_deg[static_cast<std::size_t>(at)] - stats.pose_mean[angle]) /
                    stats.pose_std[angle];
        }
        angles[k] = std::clamp(static_cast<float>(value), -kMostPose, kMostPose);
    }
    steering.apply(angles);
}

/// Adds a blink where one is due, undoes the normalisation per dimension.
void LatentStream::Impl::append_latent(const float* normalised, std::vector<float>& out) {
    const auto length = static_cast<std::int64_t>(stats.blink_shape.size());
    const std::int64_t phase = stats.blink_direction.empty() ? -1 : blinks.phase(num_done, length);
    const float closed = phase >= 0 ? stats.blink_shape[static_cast<std::size_t>(phase)] : 0.0f;
    const auto width = static_cast<std::size_t>(config.latent);
    for (std::size_t k = 0; k < width; ++k) {
        float value = normalised[k];
        if (closed > 0) value += closed * stats.blink_direction[k];
        out.push_back(value * stats.latent_std[k] + stats.latent_mean[k]);
    }
    float* latent = &out[out.size() - width];
    // The encoder's latents have mean 0 and variance 1; a regression shrinks them.
    if (me.model.encoder.normalise) normalise(latent, width);
    if (!lead_from.empty()) lead_over(latent);
    ++num_done;
}

/// Smoothly from the latent before a restart to what is due now.
void LatentStream::Impl::lead_over(float* latent) const {
    const double frames = kReturnSeconds * talker.fps();
    const double part = static_cast<double>(num_done - first_frame + 1) / frames;
    if (part >= 1) return;
    const auto share = static_cast<float>(part * part * (3 - 2 * part));
    for (std::size_t k = 0; k < lead_from.size(); ++k)
        latent[k] = lead_from[k] + share * (latent[k] - lead_from[k]);
    if (me.model.encoder.normalise) normalise(latent, lead_from.size());
}

LatentStream::LatentStream(Talker& talker, const PoseOptions& pose, int look_ahead_frames) {
    if (!talker.person().can_speak())
        fail(ErrorCode::kUnsupported,
             "[talk] this person has learnt pictures but no speech yet: finish its training");
    if (pose.source == PoseOptions::Source::kTrack &&
        (pose.track_deg.empty() || pose.track_deg.size() % 3 != 0))
        fail(ErrorCode::kInvalidArgument,
             "[talk] pose track: expected rows of yaw, pitch, roll, got {} values", pose.track_deg.size());
    const int most = most_look_ahead(talker.person());
    if (look_ahead_frames < -1 || look_ahead_frames > most)
        fail(ErrorCode::kInvalidArgument, "[talk] look-ahead: expected -1 to {} frames, got {}", most,
             look_ahead_frames);
    if (look_ahead_frames >= 0 && talker.person().model.speech.features == "wav2vec2")
        fail(
            ErrorCode::kUnsupported,
            "[talk] this person listens through wav2vec 2.0, which sees 13.5 s at once: not for live speech");
    impl_ = std::make_unique<Impl>(talker, pose, look_ahead_frames);
}

LatentStream::~LatentStream() = default;

int LatentStream::most_look_ahead(const person::Person& person) {
    return 2 * person.model.speech.blocks * person.model.speech.attention_right;
}

std::array<std::array<float, 2>, 3> LatentStream::pose_range(const person::Person& person) {
    std::array<std::array<float, 2>, 3> range{};
    for (std::size_t k = 0; k < 3; ++k)
        for (std::size_t side = 0; side < 2; ++side)
            range[k][side] =
                person.stats.pose_mean[k] + (side == 0 ? -kMostPose : kMostPose) * person.stats.pose_std[k];
    return range;
}

void LatentStream::steer(const HeadPose& pose) {
    std::array<std::optional<float>, 3> wanted = {pose.yaw_deg, pose.pitch_deg, pose.roll_deg};
    for (std::size_t k = 0; k < 3; ++k)
        if (wanted[k])
            wanted[k] = std::clamp(
                (*wanted[k] - impl_->stats.pose_mean[k]) / std::max(1e-6f, impl_->stats.pose_std[k]),
                -kMostPose, kMostPose);
    impl_->steering.want(wanted, pose.seconds);
}

std::int64_t LatentStream::num_frames() const { return impl_->num_done; }

void LatentStream::push(const float* audio, std::int64_t num_samples, std::vector<float>& out) {
    Impl& me = *impl_;
    // In small parts, so that memory does not depend on how much arrives at once.
    constexpr std::int64_t kPart = 16000;
    for (std::int64_t begin = 0; begin < num_samples; begin += kPart) {
        const std::int64_t count = std::min(kPart, num_samples - begin);
        me.sound.assign(audio + begin, audio + begin + count);
        // One broken sample would stay in the networks' memory for seconds.
        for (float& sample : me.sound)
            sample = std::isfinite(sample) ? std::clamp(sample, -kMostSound, kMostSound) : 0.0f;
        me.stream.push(me.sound.data(), count, me.features);
        me.num_samples += count;
        me.advance(false, out);
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
    const std::vector<float> silence(
        static_cast<std::size_t>(std::max<std::int64_t>(0, needed - me.num_samples)), 0.0f);
    me.stream.push(silence.data(), static_cast<std::int64_t>(silence.size()), me.features);
    me.stream.finish(me.features);
    const std::int64_t left = num_frames * me.config.rate_per_frame - me.taken_rows;
    if (left < me.waiting_rows())
        me.features.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, left) * me.stream.width()));
    me.advance(true, out);
}

void LatentStream::restart(std::int64_t frame, const float* shown) {
    Impl& me = *impl_;
    require(frame >= 0 && frame <= me.num_done, "[talk] restart at frame {} of {}", frame, me.num_done);
    me.stream.restart();
    me.speech.restart();
    me.features.clear();
    me.taken_rows = me.num_samples = 0;
    me.first_frame = me.posed_frames = me.num_done = frame;
    me.lead_from.clear();
    if (shown) me.lead_from.assign(shown, shown + me.config.latent);
}

}  // namespace vultus::speaking
