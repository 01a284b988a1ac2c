#include "speaking/live_session.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace vultus::speaking {
namespace {

// Small, so that hardly more is taken up than the next frame needs.
constexpr std::int64_t kFeedSamples = 40;
constexpr std::int64_t kPart = 1024;
constexpr std::int64_t kMostWaitingSamples = 3600ll * 16000;

}  // namespace

LiveSession::LiveSession(std::shared_ptr<SharedTalker> talker, const LiveOptions& options)
    : talker_(std::move(talker)), options_(options), resampler_(options.sample_rate_hz, 16000) {
    const std::lock_guard lock(talker_->mutex);
    stream_ = std::make_unique<LatentStream>(talker_->talker, options.pose, options.look_ahead_frames);
    talker_->talker.prepare();
}

LiveSession::~LiveSession() = default;

void LiveSession::check_open() const {
    if (closed_) fail(ErrorCode::kCancelled, "[live] the session is closed");
}

/// Refuses sound of a length that makes no sense or that is more than may wait.
void LiveSession::admit(std::int64_t num_samples) {
    if (num_samples < 0)
        fail(ErrorCode::kInvalidArgument, "[live] sound: expected a number of samples, got {}", num_samples);
    check_open();
    if (num_samples * 16000 / options_.sample_rate_hz > kMostWaitingSamples - waiting_.size())
        fail(ErrorCode::kInvalidArgument,
             "[live] sound: expected at most an hour that waits to be shown, got {} s more than {} s",
             num_samples / options_.sample_rate_hz, waiting_.size() / 16000);
    if (num_samples > 0) open_speech_ = true;
}

void LiveSession::enqueue(const float* audio, std::int64_t num_samples) {
    resampled_.clear();
    resampler_.push(audio, num_samples, resampled_);
    waiting_.push(resampled_.data(), static_cast<std::int64_t>(resampled_.size()));
}

void LiveSession::push(const float* audio, std::int64_t num_samples) {
    const std::int64_t length = std::max<std::int64_t>(0, num_samples);
    const float* bad = std::find_if(audio, audio + length, [](float x) { return !std::isfinite(x); });
    if (bad != audio + length)
        fail(ErrorCode::kInvalidArgument, "[live] sound: expected finite samples, got {} at {}", *bad,
             bad - audio);
    const std::lock_guard lock(queue_mutex_);
    admit(num_samples);
    enqueue(audio, num_samples);
}

void LiveSession::push(const std::int16_t* audio, std::int64_t num_samples) {
    const std::lock_guard lock(queue_mutex_);
    admit(num_samples);
    std::array<float, kPart> part;
    for (std::int64_t begin = 0; begin < num_samples; begin += kPart) {
        const std::int64_t count = std::min(kPart, num_samples - begin);
        for (std::int64_t i = 0; i < count; ++i)
            part[static_cast<std::size_t>(i)] = static_cast<float>(audio[begin + i]) / 32768.0f;
        enqueue(part.data(), count);
    }
}

void LiveSession::end_speech() {
    const std::lock_guard lock(queue_mutex_);
    check_open();
    if (!open_speech_) return;
    resampled_.clear();
    resampler_.finish(resampled_);
    waiting_.push(resampled_.data(), static_cast<std::int64_t>(resampled_.size()));
    ends_.push_back(num_taken_ + waiting_.size());
    open_speech_ = false;
}

void LiveSession::interrupt() {
    const std::lock_guard lock(queue_mutex_);
    check_open();
    resampled_.clear();
    resampler_.finish(resampled_);
    num_taken_ += waiting_.size();
    waiting_.clear();
    ends_.clear();
    open_speech_ = false;
    interrupted_ = true;
}

void LiveSession::turn_head(const HeadPose& pose) {
    for (const auto& angle : {pose.yaw_deg, pose.pitch_deg, pose.roll_deg})
        if (angle && !std::isfinite(*angle))
            fail(ErrorCode::kInvalidArgument, "[live] pose: expected finite angles, got {}", *angle);
    if (!(pose.seconds >= 0 && pose.seconds <= 86400))
        fail(ErrorCode::kInvalidArgument, "[live] pose: expected 0 to 86400 s, got {}", pose.seconds);
    const std::lock_guard lock(queue_mutex_);
    check_open();
    pose_ = pose;
}

void LiveSession::close() {
    const std::lock_guard lock(queue_mutex_);
    closed_ = true;
}

std::int64_t LiveSession::num_filled() const {
    const std::lock_guard lock(queue_mutex_);
    return num_filled_;
}

std::int64_t LiveSession::num_waiting() const {
    const std::lock_guard lock(queue_mutex_);
    return waiting_.size();
}

/// The first sample of the session's sound that is heard while the frame is shown.
std::int64_t LiveSession::sample_of(std::int64_t frame) const {
    const person::Person& person = talker_->talker.person();
    const std::int64_t per_num_frames = 16000ll * person.fps_den;
    // In two parts, so that nothing overflows for as long as anybody will run this.
    const std::int64_t whole = frame / person.fps_num, rest = frame % person.fps_num;
    return whole * per_num_frames + (rest * per_num_frames + person.fps_num - 1) / person.fps_num;
}

/// What comes next, and its sound in taken_.
LiveSession::Next LiveSession::take(Missing missing, bool& spoken) {
    const std::lock_guard lock(queue_mutex_);
    check_open();
    taken_.clear();
    if (interrupted_) {
        interrupted_ = false;
        return Next::kRestart;
    }
    std::int64_t count = std::min(kFeedSamples, waiting_.size());
    if (!ends_.empty()) count = std::min(count, ends_.front() - num_taken_);
    spoken = count > 0;
    if (count > 0) {
        waiting_.take(count, taken_);
        num_taken_ += count;
        return Next::kSound;
    }
    if (!ends_.empty()) {
        ends_.pop_front();
        return Next::kEnd;
    }
    if (missing == Missing::kWait) return Next::kNothing;
    if (open_speech_) num_filled_ += kFeedSamples;
    taken_.assign(kFeedSamples, 0.0f);
    return Next::kSound;
}

void LiveSession::feed(bool spoken) {
    sound_.insert(sound_.end(), taken_.begin(), taken_.end());
    spoken_.insert(spoken_.end(), taken_.size(), spoken ? 1 : 0);
    stream_->push(taken_.data(), static_cast<std::int64_t>(taken_.size()), ready_);
}

/// All frames of the speech that has ended; what follows is a new start.
void LiveSession::finish() {
    stream_->finish(-1, ready_);
    const std::int64_t end = sample_of(stream_->num_frames()) - sample_of(next_frame_);
    sound_.resize(static_cast<std::size_t>(end), 0.0f);
    spoken_.resize(static_cast<std::size_t>(end), 0);
    const std::size_t width = static_cast<std::size_t>(talker_->talker.latent_dim());
    const float* last = ready_.empty() ? shown_.data() : ready_.data() + ready_.size() - width;
    stream_->restart(stream_->num_frames(), shown_.empty() && ready_.empty() ? nullptr : last);
}

/// Back to the last frame given: nothing of what was to come.
void LiveSession::restart() {
    ready_.clear();
    sound_.clear();
    spoken_.clear();
    stream_->restart(next_frame_, shown_.empty() ? nullptr : shown_.data());
}

/// The next frame's latent, sound and place.
void LiveSession::fill(LiveFrame& frame) {
    const auto width = static_cast<std::size_t>(talker_->talker.latent_dim());
    frame.latent.assign(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(width));
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(width));
    shown_ = frame.latent;
    frame.index = next_frame_;
    frame.sample = sample_of(next_frame_);
    const auto count = static_cast<std::ptrdiff_t>(sample_of(next_frame_ + 1) - frame.sample);
    require(static_cast<std::ptrdiff_t>(sound_.size()) >= count, "[live] frame {} has no sound", next_frame_);
    frame.sound.assign(sound_.begin(), sound_.begin() + count);
    frame.speaking = std::find(spoken_.begin(), spoken_.begin() + count, 1) != spoken_.begin() + count;
    sound_.erase(sound_.begin(), sound_.begin() + count);
    spoken_.erase(spoken_.begin(), spoken_.begin() + count);
    ++next_frame_;
}

bool LiveSession::pull(Missing missing, LiveFrame& frame, bool draw) {
    const std::lock_guard one_at_a_time(pull_mutex_);
    const std::lock_guard lock(talker_->mutex);
    bool spoken = false;
    {
        const std::lock_guard queue(queue_mutex_);
        check_open();
        if (interrupted_) {
            interrupted_ = false;
            restart();
        }
        if (pose_) stream_->steer(*std::exchange(pose_, std::nullopt));
    }
    while (ready_.empty()) {
        switch (take(missing, spoken)) {
            case Next::kSound:
                feed(spoken);
                break;
            case Next::kEnd:
                finish();
                break;
            case Next::kRestart:
                restart();
                break;
            case Next::kNothing:
                return false;
        }
    }
    fill(frame);
    if (!draw) return true;
    Talker& talker = talker_->talker;
    frame.rgb.resize(static_cast<std::size_t>(3) * talker.size_px() * talker.size_px());
    talker.decode(frame.latent.data(), frame.rgb.data());
    return true;
}

}  // namespace vultus::speaking
