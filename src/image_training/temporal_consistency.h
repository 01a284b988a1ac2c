// Temporal consistency: drawn motion from frame to frame against the recorded one.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "image_training/device_frames.h"

namespace vultus::image_training {

/// Squared error asks for each image alone: a wall that changes by a tenth of a grey level with every z
/// costs nothing beside a mouth, but is seen as flicker. This term looks at the change between neighbouring
/// frames drawn from the same noise, in units of what each place changes by in the recordings: a still
/// background counts as much as the face.
class TemporalConsistency {
  public:
    /// followed: frames whose next one belongs to the same clip; at most 500 pairs are measured. scale: of
    /// the images' values (person::ImageNormalisation).
    TemporalConsistency(const DeviceFrames& frames, double scale, const std::vector<std::int64_t>& followed,
                        torch::Device device);

    /// error [B, 3, S, S]: of images, in model units; leaders: samples whose next one is the next frame;
    /// counts [leaders]: 1 for those that were drawn from the same highest noise, else 0. Sum over the
    /// leaders, over B: the mean of what their places say.
    torch::Tensor operator()(const torch::Tensor& error, const std::vector<std::int64_t>& leaders,
                             const torch::Tensor& counts) const;

  private:
    torch::Tensor certainty_;  ///< [1, 1, S, S]: 1 / mean square of the recorded change
};

}  // namespace vultus::image_training
