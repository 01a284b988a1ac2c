// Training images whose head is moved a little: a minute of footage shows few positions of it.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "image_training/face_regions.h"

namespace vultus::image_training {

/// Moves, turns and scales the head within an image whose other parts stay where they are (a displacement
/// that fades out around the head), by parts of what this person's head does in the footage: one that never
/// moves isn't moved.
class HeadWarp {
  public:
    /// Random numbers that one image takes.
    static constexpr std::int64_t kNumbers = 5;

    /// regions: of all frames, finished. trained: frames whose spread is the measure, at least one. share: of
    /// the images that are moved, 0..1.
    HeadWarp(const FaceRegions& regions, const std::vector<std::int64_t>& trained, int size_px, double share,
             torch::Device device);

    /// images [B, 3, S, S], bytes or float, of `frames` [B]; numbers [B, kNumbers], standard normal: the
    /// first decides whether an image is moved (`share` are), the others how. Float [B, 3, S, S] in
    /// the same units; images that aren't moved come back exactly.
    torch::Tensor operator()(const torch::Tensor& images, const torch::Tensor& frames,
                             const torch::Tensor& numbers) const;
    /// What motion [B, R, 2, G, G] from reference frames (parts of the image's side) is after it.
    torch::Tensor moved_motion(const torch::Tensor& motion, const torch::Tensor& frames,
                               const torch::Tensor& numbers) const;

  private:
    /// places [B or 1, A, B, 2] -> how far what is there has come, [B, A, B, 2].
    torch::Tensor shift_at(const torch::Tensor& places, const torch::Tensor& frames,
                           const torch::Tensor& numbers) const;
    int size_px_;
    double moved_below_;    ///< of the number that decides
    torch::Tensor places_;  ///< [S, S, 2]: x, y of the pixels' centres
    torch::Tensor heads_;   ///< [frames, 3]: centre x, y and distance from eyes to mouth
    torch::Tensor spread_;  ///< [4] of x, y, logarithm of the scale, angle in radians
};

}  // namespace vultus::image_training
