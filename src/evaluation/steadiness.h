// Backgrounds that stand still.
#pragma once

#include <cstdint>
#include <vector>

#include "corpus/corpus.h"
#include "person/person.h"

namespace vultus::evaluation {

/// How much of what is drawn about the mean image should be shown at each place: the share that brings drawn
/// frames nearest to the recorded ones, in least squares over neighbourhoods of a few pixels.
class ShownShare {
  public:
    /// mean_image: RGB [S, S, 3].
    ShownShare(std::vector<std::uint8_t> mean_image, int size_px);
    /// A recorded frame and the same one drawn, RGB [S, S, 3].
    void add(const std::uint8_t* recorded_rgb, const std::uint8_t* drawn_rgb);
    std::int64_t num_frames() const { return num_frames_; }
    /// [S, S], 255 for all; as person::Stats::steadiness.
    std::vector<std::uint8_t> result() const;

  private:
    int size_px_;
    std::vector<std::uint8_t> mean_image_;
    std::vector<float> together_, drawn_;  ///< sums of recorded * drawn and of drawn^2, [S, S]
    std::int64_t num_frames_ = 0;
};

/// What a person draws where the recordings hardly change is mostly the network's own noise, which is seen as
/// flicker: sets person.stats.steadiness from frames of the training clips. Nothing is done without a mean
/// image.
/// Errors: kCancelled; those of reading the clips.
void steady(person::Person& person, const corpus::Corpus& corpus, int num_threads);

}  // namespace vultus::evaluation
