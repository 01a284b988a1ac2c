// A person who listens to pushed sound and is pulled frame by frame: speaks, stops, idles.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "audio/resampler.h"
#include "audio/sample_queue.h"
#include "speaking/latent_stream.h"

namespace vultus::speaking {

/// A Talker that several sessions of one person use in turn.
struct SharedTalker {
    SharedTalker(const person::Person& person, const TalkerOptions& options) : talker(person, options) {}
    /// Shares the weights of another, not its turns: both draw at once.
    SharedTalker(const Talker& other, const TalkerOptions& options) : talker(other, options) {}
    Talker talker;
    std::mutex mutex;
};

struct LiveOptions {
    int sample_rate_hz = 16000;  ///< of the sound pushed, 8000..192000
    int look_ahead_frames = 0;   ///< as LatentStream's
    PoseOptions pose;
};

struct LiveFrame {
    std::int64_t index = 0;         ///< 0, 1, ... without gaps
    std::int64_t sample = 0;        ///< of the session's sound at 16 kHz: ceil(index * 16000 / fps), exactly
    bool speaking = false;          ///< some of the pushed sound is heard while the frame is shown
    std::vector<std::uint8_t> rgb;  ///< [S, S, 3]; as it was when not drawn
    std::vector<float> latent;      ///< what was drawn
    std::vector<float> sound;  ///< 16 kHz, what is heard while the frame is shown: play it and all is in step
};

/// Sound in at one side, frames out at the other. One clock counts both: frame i shows the sound from sample
/// i * 16000 / fps on, as an exact fraction, for ever. Nothing is computed before somebody pulls, so what is
/// not yet shown can still be taken back. Until the first end of speech or interruption, the frames equal
/// those that talk() makes of the same sound with the same look-ahead, bit for bit.
/// A steady stream, pushed in parts of one size and pulled into one LiveFrame, allocates nothing after the
/// first seconds (where Talker::decode does not).
/// Threads  push, end_speech, interrupt, turn_head and close from any thread at any time; pull from any, one
/// after another (a second one waits). Sessions of one SharedTalker draw one after another.
class LiveSession {
  public:
    /// Prepares the talker: its first session takes some frames' time, the first frame then no longer than
    /// the others. Errors: those of LatentStream and Resampler.
    LiveSession(std::shared_ptr<SharedTalker> talker, const LiveOptions& options);
    ~LiveSession();

    /// Sound, -1..1, at the session's rate; any number of samples. Errors: kInvalidArgument for values that
    /// are not finite (nothing of the part is taken) and for more than an hour that waits; kCancelled when
    /// closed.
    void push(const float* audio, std::int64_t num_samples);
    void push(const std::int16_t* audio, std::int64_t num_samples);
    /// What was pushed since the last end is complete: its last frames need not wait for more.
    void end_speech();
    /// Drops all sound that was not shown yet; within a fifth of a second of frames the face comes to rest.
    void interrupt();
    /// Turns the head, smoothly, from the next frame on: as LatentStream::steer(). Errors: kInvalidArgument
    /// for what is not finite; kCancelled when closed.
    void turn_head(const HeadPose& pose);
    /// Lets waiting and later calls fail with kCancelled; a frame being drawn is finished first.
    void close();

    enum class Missing {
        kWait,     ///< gives no frame: all frames come from pushed sound, as from a file
        kSilence,  ///< silence takes the place of missing sound: always a frame, alive when nobody speaks
    };
    /// The next frame. draw: false leaves rgb as it is (to skip a frame that comes too late to be shown).
    /// False: sound is missing (kWait). Errors: kCancelled when closed.
    bool pull(Missing missing, LiveFrame& frame, bool draw = true);

    /// Samples at 16 kHz that were pushed and not taken up yet.
    std::int64_t num_waiting() const;
    /// Samples of silence at 16 kHz that took the place of sound while speech had begun and not ended.
    std::int64_t num_filled() const;

  private:
    enum class Next { kSound, kEnd, kRestart, kNothing };
    void admit(std::int64_t num_samples);
    void enqueue(const float* audio, std::int64_t num_samples);
    Next take(Missing missing, bool& spoken);
    void feed(bool spoken);
    void finish();
    void restart();
    void fill(LiveFrame& frame);
    std::int64_t sample_of(std::int64_t frame) const;
    void check_open() const;

    std::shared_ptr<SharedTalker> talker_;
    LiveOptions options_;

    mutable std::mutex queue_mutex_;  ///< guards what follows, up to the next blank line
    audio::Resampler resampler_;
    std::vector<float> resampled_;  ///< the part that is pushed
    audio::SampleQueue waiting_;
    std::int64_t num_filled_ = 0;
    std::int64_t num_taken_ = 0;     ///< of all that was ever put into waiting_
    std::deque<std::int64_t> ends_;  ///< of speech, counted as num_taken_
    std::optional<HeadPose> pose_;   ///< that the next frame begins with
    bool open_speech_ = false, interrupted_ = false, closed_ = false;

    std::mutex pull_mutex_;  ///< guards what follows
    std::unique_ptr<LatentStream> stream_;
    std::vector<float> ready_;          ///< latents from next_frame_ on
    std::vector<float> taken_;          ///< from the queue, to be fed
    std::vector<float> shown_;          ///< the last latent given
    std::vector<float> sound_;          ///< fed to stream_, from the sample of next_frame_ on
    std::vector<std::uint8_t> spoken_;  ///< for each sample of sound_: pushed, not filled in
    std::int64_t next_frame_ = 0;
};

}  // namespace vultus::speaking
