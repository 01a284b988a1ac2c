// A person ready to speak: the networks of a person file on the runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "person/person.h"

namespace vultus::speaking {

struct TalkerOptions {
    int num_threads = 1;     ///< inside a frame; 0: all cores
    int steps = 0;           ///< DDIM steps per frame; 0: the person's default
    std::int64_t seed = -1;  ///< of x_T; -1: the person's own
};

/// How the head moves while the person talks.
struct PoseOptions {
    enum class Source { kModel, kStill, kTrack } source = Source::kModel;
    double scale = 1.0;            ///< kModel: motion about the mean pose is multiplied by this
    std::vector<float> track_deg;  ///< kTrack: [T, 3] yaw, pitch, roll; the last row is held
    bool idle_motion = true;  ///< kModel: the recorded head motion, cut and joined (speaking/head_motion.h),
                              ///< where there is any; else what the network predicts from speech
    bool blinks = true;
};

/// Threads  one caller at a time.
class Talker {
  public:
    Talker(person::Person person, const TalkerOptions& options);
    /// One more session of the same person: shares its weights, which are then held once.
    Talker(const Talker& other, const TalkerOptions& options);
    ~Talker();

    int size_px() const;
    double fps() const;
    int latent_dim() const;
    int steps() const;
    /// "oneDNN f32 on AVX2": what runs the networks here.
    std::string runtime_name() const;
    const person::Person& person() const;

    /// Semantic encoder: RGB [S, S, 3] to z [latent_dim].
    std::vector<float> encode(const std::uint8_t* rgb);
    /// Records the decoder and runs it once, so that the first decode() takes no longer than the others.
    void prepare();
    /// DDIM decoder from the shared x_T: z [latent_dim] to RGB [S, S, 3]. The first call prepares; after it
    /// nothing is allocated (on AVX2, for networks whose channels are multiples of 16).
    void decode(const float* z, std::uint8_t* rgb);
    /// Speech (16 kHz mono, -1..1) to latents [num_frames, latent_dim]; frame i shows time i / fps.
    /// look_ahead_frames: as LatentStream's.
    std::vector<float> latents_from_speech(const std::vector<float>& audio, std::int64_t num_frames,
                                           const PoseOptions& pose, int look_ahead_frames = -1);
    /// What the person hears in speech (16 kHz mono): its speech features, [num_frames, width], the rows of a
    /// frame averaged. For persons who can speak.
    std::vector<float> speech_features(const std::vector<float>& audio, std::int64_t num_frames);

  private:
    friend class LatentStream;
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace vultus::speaking
