// Speech to latents for sound that arrives in parts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "speaking/head_steering.h"
#include "speaking/talker.h"

namespace vultus::speaking {

/// To mean 0 and variance 1, in place: what latents are made like where EncoderConfig::normalise.
void normalise(float* values, std::size_t count);

/// The one way from sound to latents, for files and for live sound: constant memory, every frame computed
/// once, and the same bits however the sound is cut.
/// Threads  one caller at a time, and no other use of the Talker meanwhile.
class LatentStream {
  public:
    /// look_ahead_frames: frames of sound after a frame's time that may shape it, beside the 72.5 ms
    /// (log-mel) or 92.5 ms (speech encoder) that the features take; -1: all that the networks can use.
    /// talker must outlive this. Errors: kUnsupported when the person cannot speak yet (only its images
    /// were trained), and for a look-ahead where it listens through wav2vec 2.0; kInvalidArgument for a
    /// look-ahead beyond -1 .. most_look_ahead().
    LatentStream(Talker& talker, const PoseOptions& pose, int look_ahead_frames = -1);
    ~LatentStream();

    /// The least and the most that a head turns, in degrees: yaw, pitch, roll.
    static std::array<std::array<float, 2>, 3> pose_range(const person::Person& person);
    static int most_look_ahead(const person::Person& person);

    /// Sound at 16 kHz, -1..1 (samples that are not finite count as 0); appends the latents of the frames
    /// that are certain, [n, latent_dim].
    void push(const float* audio, std::int64_t num_samples, std::vector<float>& out);
    /// Appends the rest up to `num_frames` since the start or the last restart; -1: as many frames as the
    /// sound is long (rounded up). Afterwards only restart() makes sense.
    void finish(std::int64_t num_frames, std::vector<float>& out);
    /// Forgets the sound: what is pushed next belongs to frame `frame` (at most num_frames()) and those after
    /// it. Blinks and idle motion go on. shown [latent_dim]: the latent before that frame, from which a fifth
    /// of a second of frames leads over, so that nothing jumps; null: none.
    void restart(std::int64_t frame, const float* shown);

    /// From the next frame whose pose is chosen on; goes on over restarts. Angles beyond what the person's
    /// recordings cover (pose_range()) are brought back into it.
    void steer(const HeadPose& pose);

    /// Frames given since the construction, less those that a restart took back.
    std::int64_t num_frames() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::speaking
